"""Squeezed logits have no effect."""

CLAIM = "logits that are too small make softmax lose its effect"
VERDICT = "holds"
BECAUSE = (
    "The perplexity is {number} of 50: all probabilities are 0.02, to within 0.0001, whatever the logits want to "
    "say. What too large ones do is another matter: the probabilities stay sound, but the gradient vanishes, or "
    "grows as 1/(4T) at a tie. The first notebook has more on that."
)
NUMBER = "the perplexity of 50 logits with spread 0.001"
