"""The mean says nothing about any one probability."""

CLAIM = (
    "the number of elements determines the mean probability, 1/n, and the more elements, the smaller each probability"
)
VERDICT = "sometimes"
BECAUSE = (
    "The first half always holds: probabilities sum to 1, so their mean is 1/n, whatever they are. That is why the "
    "mean says nothing about any one of them, and the second half fails: your largest probability is {number}, up to "
    "rounding, among 100 elements, and so it is among 4 and 20."
)
NUMBER = "the largest of 100 probabilities, where one logit lies 20 above the others"
MISCONCEPTIONS = {"a mean of 1/n means flat": {"is": "holds"}}
