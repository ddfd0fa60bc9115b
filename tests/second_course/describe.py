"""A matrix in words: an answer of text and of a truth value."""

import numpy as np

from grading.authoring.exercise import boolean, case, mapping, string

ASPECTS = {"the text": 0.5, "the truth value": 0.5}
TEXT, TRUTH = ASPECTS


def _case(book, name, aspect, rows):
    is_symmetric = len(rows) == len(rows[0]) and all(
        rows[i][j] == rows[j][i] for i in range(len(rows)) for j in range(len(rows))
    )
    expected = mapping([("shape", string(f"{len(rows)} x {len(rows[0])}")), ("symmetric", boolean(is_symmetric))])
    return case(name, aspect, expected, "Rows first, then columns.", book.ndarray(np.array(rows)))


def public(book):
    return [_case(book, "two rows", TEXT, [[1, 2, 3], [4, 5, 6]]), _case(book, "the identity", TRUTH, [[1, 0], [0, 1]])]


def hidden(book, rng):
    row = [rng.randint(1, 9) for _ in range(5)]
    return [
        _case(book, "one row", TEXT, [row]),
        _case(book, "not symmetric", TRUTH, [[1, rng.randint(2, 5)], [0, 1]]),
    ]


def right_by_numpy(A):
    return {"shape": "{} x {}".format(*A.shape), "symmetric": A.shape == A.T.shape and (A == A.T).all()}


def right_as_texts_of_numpy(A):
    return {"shape": np.str_(" x ".join(map(str, A.shape))), "symmetric": bool(np.array_equal(A, A.T))}


def wrong_columns_first(A):
    """Rows first, then columns."""
    return {"shape": f"{A.shape[1]} x {A.shape[0]}", "symmetric": np.array_equal(A, A.T)}


def wrong_truth_as_text(A):
    """wrong type"""
    return {"shape": f"{A.shape[0]} x {A.shape[1]}", "symmetric": str(np.array_equal(A, A.T))}
