"""The quotient of a matrix that is not symmetric."""

CLAIM = "the quotient lies between the smallest and the largest eigenvalue"
VERDICT = "sometimes"
BECAUSE = "For symmetric matrices it does. Both eigenvalues of this one are 1, and your quotient is {number}."
NUMBER = "the quotient of (1, 1)"
NEEDS = ("rayleigh_quotient",)
