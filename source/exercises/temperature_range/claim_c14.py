"""The work grows with the entries and with the repeats."""

CLAIM = "a softmax of N numbers costs O(N), and K repeats of it cost O(KN)"
VERDICT = "holds"
BECAUSE = (
    "Every entry takes {number} operations in every repeat, whatever N and K: a comparison, a subtraction, an "
    "exponential, an addition and a division. Times only resemble that. Long rows fall out of the cache, and "
    "short ones drown in overhead."
)
NUMBER = "operations for each entry in each repeat"
