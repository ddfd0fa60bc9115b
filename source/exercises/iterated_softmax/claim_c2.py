"""The deviation falls by a constant factor."""

CLAIM = "the standard deviation falls geometrically"
VERDICT = "holds"
BECAUSE = (
    "The ratios settle at once, for 20 points at {number}. Other numbers of points and other temperatures settle at "
    "ratios of their own, 4 points more slowly than 100. So the fall is geometric at every temperature above 1/n at "
    "which the loop tends to uniform."
)
NUMBER = "the last ratio of deviations for 20 points"
NEEDS = ("iterative_softmax_experiment", "decay_ratios")
