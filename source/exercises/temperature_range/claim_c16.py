"""The ratio of the two largest follows their difference."""

CLAIM = "with r = 5 the relative difference decreases"
VERDICT = "holds"
BECAUSE = (
    "It holds if relative means how many times as likely the 6 is as the next entry, at T = 1. With r = 0.4 that "
    "is e^5.6 = 270 times, with r = 5 only {number}, which is e^1. The difference of the two logits decides, as "
    "C8 says: 6 - 0.4 and 6 - 5."
)
NUMBER = "how many times as likely as the next entry the 6 is, at r = 5 and T = 1"
NEEDS = ("temperature_range_experiment",)
