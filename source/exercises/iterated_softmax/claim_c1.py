"""Repeating softmax makes every start uniform."""

CLAIM = "repeated softmax tends to the uniform distribution, each value to 0.05"
VERDICT = "holds"
BECAUSE = (
    "At temperature 1 it holds from any start. Softmax at least halves every distance between two distributions, as "
    "its derivative, a matrix, has a norm of at most 1/2; and the uniform one stays where it is. So eight repeats "
    "bring the article's start to within {number} of 0.05. Repeating does not sharpen, it erases; the bonus looks for "
    "the limit of that."
)
NUMBER = "the largest distance from 0.05 after 8 repeats"
NEEDS = ("iterative_softmax_experiment",)
