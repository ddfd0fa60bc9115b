"""A higher temperature is softer, for any logits."""

CLAIM = "at T = 3 the distribution is softer than at lower temperatures"
VERDICT = "holds"
BECAUSE = (
    "Even the smallest gain is {number}, well above 0. And no logits can break it: the slope of the entropy is "
    "Var / T^3, and no variance is below 0. Only logits that are all equal stay as flat as they were."
)
NUMBER = "the smallest gain in perplexity when T grows by 0.5"
NEEDS = ("temperature_range_experiment", "perplexity", "smallest")
