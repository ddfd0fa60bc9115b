"""The eigenvalue that a vector stands for."""

from fractions import Fraction

import numpy as np

from grading.authoring.exercise import case, number, within

ASPECTS = {"long vectors": 0.5, "vectors of length 1": 0.5}
LONG, UNIT = ASPECTS
FORBIDDEN = ("numpy.linalg.eig", "numpy.linalg.eigh", "numpy.linalg.eigvals", "numpy.linalg.eigvalsh")
ADVICE = "Write it from products of A and x."

QUOTIENT = "x A x, divided by x x."


def _case(book, name, aspect, matrix, vector):
    a, x = [[Fraction(entry) for entry in row] for row in matrix], [Fraction(entry) for entry in vector]
    product = [sum(entry * value for entry, value in zip(row, x, strict=True)) for row in a]
    quotient = sum(p * value for p, value in zip(product, x, strict=True)) / sum(value * value for value in x)
    given = book.ndarray(np.array(matrix, float)), book.ndarray(np.array(vector, float))
    return case(name, aspect, number(quotient, within(rtol=1e-12)), QUOTIENT, *given)


def public(book):
    return [
        _case(book, "an eigenvector", UNIT, [[2, 0], [0, 3]], [0, 1]),
        _case(book, "a vector of length 5", LONG, [[2, 1], [1, 3]], [3, 4]),
    ]


def hidden(book, rng):
    return [
        _case(book, "another long vector", LONG, [[2, 1], [1, 3]], [rng.randint(2, 9), rng.randint(2, 9)]),
        _case(book, "the other eigenvector", UNIT, [[2, 0], [0, 3]], [1, 0]),
    ]


def right_by_products(A, x):
    return x @ A @ x / (x @ x)


def wrong_not_divided(A, x):
    """Your numbers match x A x, not divided by x x."""
    return x @ A @ x


def wrong_by_eigvals(A, x):
    """uses numpy.linalg.eigvals"""
    return np.linalg.eigvals(A).max()
