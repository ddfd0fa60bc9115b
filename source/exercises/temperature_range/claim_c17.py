"""The claim is larger than its evidence."""

CLAIM = "normalisation is necessary, a matter of survival"
VERDICT = "sometimes"
BECAUSE = (
    "Layer norm does rescue spread-out logits: the perplexity goes from 1 to {number} of 50. It does so by force, "
    "whether or not the model meant to be sure, and it does not undo every collapse. Softmax itself needs nothing "
    "but the shift by its maximum. Whether a network survives without a norm no experiment here has tested, as "
    "the article's have no network: the claim is larger than its evidence. It is not refuted either, as one of two "
    "collapses was undone."
)
NUMBER = "the perplexity of 50 spread-out logits after layer norm"
