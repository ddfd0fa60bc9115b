"""Softmax once more, in numpy's widest numbers: it shares no code with the course."""

import numpy as np


def softmax(x):
    """Return the probabilities of logits of shape (n,)."""
    weights = np.exp(np.asarray(x, np.longdouble) - np.max(x))
    return weights / weights.sum()
