"""One step of power iteration."""

from fractions import Fraction
from math import isqrt

import numpy as np

from grading.authoring.exercise import case, within

ASPECTS = {"the direction": 1, "the length": 1}
DIRECTION, LENGTH = ASPECTS

MULTIPLY = "Multiply the matrix by the vector first: A @ x."
SCALE = "Divide by the length, the square root of the sum of squares."


def _case(book, name, aspect, diagnosis, matrix, vector):
    """Return a case; its reference is computed with fractions and an integer root, far beyond float64's digits."""
    rows = [[Fraction(entry) for entry in row] for row in matrix]
    product = [sum(a * Fraction(b) for a, b in zip(row, vector, strict=True)) for row in rows]
    square = sum(value * value for value in product)
    scale = 10**60
    length = Fraction(isqrt(square.numerator * square.denominator * scale**2), square.denominator * scale)
    reference = [float(value / length) for value in product]
    expected = book.array(reference, {"float64": within(rtol=1e-12, atol=1e-15)}, library="numpy")
    given = book.ndarray(np.array(matrix, float)), book.ndarray(np.array(vector, float))
    return case(name, aspect, expected, diagnosis, *given)


def public(book):
    return [
        _case(book, "a matrix of two rows", DIRECTION, MULTIPLY, [[2, 1], [0, 3]], [1, 1]),
        _case(book, "a diagonal matrix, a long vector", LENGTH, SCALE, [[1, 0], [0, 2]], [30, 20]),
    ]


def hidden(book, rng):
    matrix = [[rng.randint(-4, 4) for _ in range(3)] for _ in range(3)]
    matrix[0][0] = 9
    return [
        _case(book, "a matrix of three rows", DIRECTION, MULTIPLY, matrix, [1, rng.randint(0, 3), 2]),
        _case(book, "a very short vector", LENGTH, SCALE, [[2, 1], [1, 3]], [2.0**-20, 2.0**-21 * rng.randint(1, 3)]),
    ]


def right_by_norm(A, x):
    y = A @ x
    return y / np.linalg.norm(y)


def right_by_hand(A, x):
    y = np.array([sum(row * x) for row in A])
    return y / np.sqrt(sum(y**2))


def wrong_transposed(A, x):
    """Your numbers match the transposed matrix times x."""
    y = A.T @ x
    return y / np.linalg.norm(y)


def wrong_keeps_the_length(A, x):
    """Your numbers match A x, not scaled."""
    return A @ x


def wrong_scales_by_the_largest(A, x):
    """Your numbers match A x divided by its largest entry, not by its length."""
    y = A @ x
    return y / np.abs(y).max()


def wrong_scales_x_only(A, x):
    """Your numbers match A times the scaled x: scale after the product."""
    return A @ (x / np.linalg.norm(x))


def wrong_returns_a_list(A, x):
    """wrong type"""
    y = A @ x
    return (y / np.linalg.norm(y)).tolist()


def wrong_returns_none(A, x):
    """your function returned None"""
    y = A @ x
    y / np.linalg.norm(y)
