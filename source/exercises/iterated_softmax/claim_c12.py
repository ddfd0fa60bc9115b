"""The log of a stable softmax is not stable."""

CLAIM = "logits that are too large make softmax unstable"
VERDICT = "sometimes"
BECAUSE = (
    "It depends on what is computed. The textbook formula overflows, torch.softmax never does. But in float32 the "
    "logarithm of even a stable softmax loses its gradient above a gap of {number}, where 1/p overflows, and its value "
    "above 103.97, where p is 0. So never take the log of a softmax: log_softmax keeps both, in float32 and in float64."
)
NUMBER = "the gap above which log(softmax) loses its gradient"
