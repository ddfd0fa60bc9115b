"""Slope over height makes softmax flatten, not linearity."""

CLAIM = "on a narrow domain exp is nearly linear, therefore it no longer amplifies differences"
VERDICT = "sometimes"
BECAUSE = (
    "Half right: there exp is nearly 1 + x, and 1 + x flattens at nearly its rate. But x is linear too and does not "
    "flatten (your ratio is {number}), sqrt(x) is bent and does, and the last function, nearly a hundred times as "
    "bent as exp, still ends at 0.0500. What counts is the slope at 1/n over the height there, divided by n: a large "
    "height drowns the differences."
)
NUMBER = "the last ratio for x, which is exactly linear"
