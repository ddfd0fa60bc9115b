"""Softmax sees differences over T, and nothing else."""

CLAIM = "softmax depends on relative differences, not only on absolute values"
VERDICT = "holds"
BECAUSE = (
    "It holds, and more sharply than it is said. Adding 1000 to every logit changes the probabilities by "
    "{number}: absolute values do not count at all, up to rounding. Relative means the difference of two logits over "
    "T, not their ratio: ten times the logits give another answer, unless T is ten times as large as well."
)
NUMBER = "the largest change of a probability when 1000 is added to every logit"
