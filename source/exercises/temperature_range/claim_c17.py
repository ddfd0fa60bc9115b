"""The claim is larger than its evidence."""

CLAIM = "normalisation is necessary, a matter of survival"
VERDICT = "sometimes"
BECAUSE = (
    "Spread-out logits need it here (perplexity 1 to {number} of 50); spread 1 is fine without; squeezed ones stay "
    "uniform with it. And softmax itself needs nothing but the shift by its maximum. Whether a network needs it, "
    "nobody has tested: the article's experiments have none. The claim is larger than its evidence, and not refuted "
    "either."
)
NUMBER = "the perplexity of 50 spread-out logits after layer norm"
NEEDS = ("diagnose",)
