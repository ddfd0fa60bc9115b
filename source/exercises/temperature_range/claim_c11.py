"""The direction holds, the bands are convention."""

CLAIM = (
    "a low temperature repeats and a high one diversifies: 0.2 to 0.7 is accurate, about 1 balanced, 1.2 to 2 creative"
)
VERDICT = "sometimes"
BECAUSE = (
    "The direction holds, for any logits. The bands do not carry over from one model to another, since only "
    "spread / T counts. That is the puzzle of the opening: its first model has spread 1, and at the accurate T = 0.7 "
    "you found {number} different tokens in 1 000 draws; the second has spread 8, and 320 different ones at the "
    "creative T = 2."
)
NUMBER = "how many different tokens 1 000 draws show at spread 1 and T = 0.7"
NEEDS = ("sample_tokens",)
