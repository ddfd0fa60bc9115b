"""Repeating softmax makes every start uniform."""

CLAIM = "repeated softmax tends to the uniform distribution, each value to 0.05"
VERDICT = "holds"
BECAUSE = (
    "At temperature 1 it holds from any start: each softmax at least halves the distance to the uniform distribution, "
    "which itself stays where it is. Here it goes far faster: after eight repeats the largest distance is {number}. "
    "Section 6 measures how fast. Repeating does not sharpen, it erases; the bonus looks for the limit of that."
)
NUMBER = "the largest distance from 0.05 after 8 repeats"
NEEDS = ("iterative_softmax_experiment",)
