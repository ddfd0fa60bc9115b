"""The list of causes is not complete."""

CLAIM = "a collapsed distribution comes from squeezed logits, a low temperature or faulty normalisation"
VERDICT = "sometimes"
BECAUSE = (
    "All three are causes, of two opposite collapses: a low temperature ends in one-hot, squeezed logits and the "
    "wrong axis end in uniform. Logits far apart are a low temperature by another name, since only spread / T counts. "
    "But the list has a gap, unless you count this as faulty normalisation: softmax "
    "applied twice. The second one flattens what the loss sees. For ten classes the loss then never falls below "
    "{number}, even if the model is always right and perfectly sure."
)
NUMBER = "the loss floor of ten classes"
NEEDS = ("loss_floor",)
