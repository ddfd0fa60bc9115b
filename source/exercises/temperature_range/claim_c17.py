"""The claim is larger than its evidence."""

CLAIM = "normalisation is necessary, a matter of survival"
VERDICT = "sometimes"
BECAUSE = (
    "Layer norm does rescue spread-out logits: the perplexity goes from 1 to {number} of 50, whether or not the model "
    "meant to be sure. It does not undo every collapse, and softmax itself needs nothing but the shift by its maximum. "
    "Whether a network survives without a norm nobody has tested here, as the article's experiments have no network: "
    "the claim is larger than its evidence, and not refuted either."
)
NUMBER = "the perplexity of 50 spread-out logits after layer norm"
NEEDS = ("diagnose",)
