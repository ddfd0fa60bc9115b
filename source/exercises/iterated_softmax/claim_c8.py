"""Softmax looks at differences."""

CLAIM = "softmax depends on relative differences, not only on absolute values"
VERDICT = "holds"
BECAUSE = (
    "It holds, and more sharply than it is said. Adding 1000 to both logits changes the probabilities by {number}, "
    "since e^(x + c) is e^x e^c and e^c cancels: absolute values do not count at all. And relative means the "
    "difference of two logits, not their ratio: [10, 20] has the ratio of [1, 2] and another answer."
)
NUMBER = "the largest change of a probability when 1000 is added to both logits"
