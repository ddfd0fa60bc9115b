"""In floating point a probability can be exactly 0 or 1."""

CLAIM = "every output of softmax lies in the open interval (0, 1)"
VERDICT = "sometimes"
BECAUSE = (
    "It holds for real numbers, where no power of e is 0. In float32 it holds for small gaps only. Your {number} is 24 "
    "ln 2: above it the smaller term, e^-gap, is below 2^-24, and 1 + e^-gap is rounded to 1. Above 103.97 the smaller "
    "probability is exactly 0 too."
)
NUMBER = "the gap above which the larger of two probabilities is exactly 1"
