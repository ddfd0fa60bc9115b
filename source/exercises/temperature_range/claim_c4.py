"""A wide range keeps the outlier from taking almost all."""

CLAIM = "at T = 0.5 the logit 6 takes almost all"
VERDICT = "sometimes"
BECAUSE = (
    "It depends on the range. With r = 0.4 and with r = 1 its share is 0.999. With r = 5 it is {number}: the "
    "logits just below 5 are nearly as large, and there are many of them."
)
NUMBER = "the smallest share of the 6 at T = 0.5"
NEEDS = ("temperature_range_experiment", "outlier_mass", "smallest")
