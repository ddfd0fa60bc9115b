"""Slope over height makes softmax flatten, not linearity."""

CLAIM = "on a narrow domain exp is nearly linear, therefore it no longer amplifies differences"
VERDICT = "sometimes"
BECAUSE = (
    "Half right. There exp is nearly 1 + x, which flattens at nearly its rate. But being linear is not what does it: "
    "x is linear and does not flatten, your ratio is {number}; sqrt(x) is bent and flattens; the last function is a "
    "hundred times as bent as exp and ends at the same 0.0500. What counts is the slope at 1/n over the height there, "
    "divided by n: 1/n for exp, 1 for x. A large height drowns the differences."
)
NUMBER = "the last ratio for x, which is exactly linear"
