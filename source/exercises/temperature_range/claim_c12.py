"""Squeezed logits have no effect."""

CLAIM = "logits that are too small make softmax lose its effect"
VERDICT = "holds"
BECAUSE = (
    "The perplexity is {number} of 50. All probabilities are 0.02, to within 0.0001: softmax no longer hears what "
    "the logits say. What too large ones do comes next."
)
NUMBER = "the perplexity of 50 logits with spread 0.001"
NEEDS = ("diagnose",)
