"""The article's code is stable for one vector only."""

CLAIM = "the article's code is stable and reproducible"
VERDICT = "sometimes"
BECAUSE = (
    "For one vector it holds: the code survives large logits, and fixed seeds make it give the same numbers again. "
    "For a batch it does not: it normalises all rows together, and your first row sums to {number} instead of 1. That "
    "is why softmax_t has a dim."
)
NUMBER = "the sum of the first row, as the article's code gives it for a batch"
