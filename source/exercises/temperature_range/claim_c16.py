"""The ratio of the two largest follows their difference."""

CLAIM = "with r = 5 the relative difference decreases"
VERDICT = "holds"
BECAUSE = (
    "It holds if relative means a ratio of probabilities. With r = 0.4 the 6 is e^5.6 = 270 times as likely as "
    "the next entry, with r = 5 only {number} times, which is e^1. The difference of the two logits decides, as "
    "C8 says: 6 - 0.4 and 6 - 5."
)
NUMBER = "the ratio of the 6's probability to the next one's, at r = 5 and T = 1"
NEEDS = ("temperature_range_experiment",)
