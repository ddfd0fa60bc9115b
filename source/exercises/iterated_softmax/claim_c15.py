"""In floating point a probability can be exactly 0 or 1."""

CLAIM = "every output of softmax lies in the open interval (0, 1)"
VERDICT = "sometimes"
BECAUSE = (
    "It holds for real numbers, where no power of e is 0. In float32 it holds for small gaps only. From a gap of "
    "16.64 on, 24 ln 2, the smaller term is below 2^-24 and 1 + e^-gap is rounded to 1: you found {number}. From "
    "103.98 on the smaller probability is exactly 0 too."
)
NUMBER = "the smallest gap at which the larger of two probabilities is exactly 1"
