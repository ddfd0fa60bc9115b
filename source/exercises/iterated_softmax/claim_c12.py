"""The log of a stable softmax is not stable."""

CLAIM = "logits that are too large make softmax unstable"
VERDICT = "sometimes"
BECAUSE = (
    "It depends on what is computed. The textbook formula overflows, torch.softmax never does. But the logarithm of "
    "even a stable softmax loses its gradient from a gap of {number} on, where 1/p overflows, and its value from "
    "103.98 on, where p is 0. So never take the log of a softmax: log_softmax keeps both, in float32 and in float64."
)
NUMBER = "the smallest gap at which log(softmax) loses its gradient"
