"""The outlier is the largest at every temperature, but not always dominant."""

CLAIM = "with r = 0.4 the logit 6 is absolutely dominant"
VERDICT = "sometimes"
BECAUSE = (
    "It depends on the temperature. Its share is 0.999 at T = 0.5, 0.797 at T = 1 and only {number} at T = 3. "
    "Even there it is 6.5 times as likely as the next entry: always the largest share, not always more than half."
)
NUMBER = "the smallest share of the 6 with r = 0.4"
NEEDS = ("temperature_range_experiment", "outlier_mass", "smallest")
