"""The direction holds, the bands are convention."""

CLAIM = (
    "a low temperature repeats and a high one diversifies: 0.2 to 0.7 is accurate, about 1 balanced, 1.2 to 2 creative"
)
VERDICT = "sometimes"
BECAUSE = (
    "The direction holds, for any logits. The bands do not carry over from one model to another, since only "
    "spread / T counts. That is the puzzle of the opening: its second model has spread 8, and at the creative T = "
    "2 you found {number} different tokens in 1 000 draws; the first has spread 1, and 969 different ones at the "
    "accurate T = 0.7."
)
NUMBER = "how many different tokens 1 000 draws show at spread 8 and T = 2"
NEEDS = ("sample_tokens",)
