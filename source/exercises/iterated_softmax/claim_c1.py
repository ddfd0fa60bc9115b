"""Repeating softmax makes every start uniform."""

CLAIM = "repeated softmax tends to the uniform distribution, each value to 0.05"
VERDICT = "holds"
BECAUSE = (
    "At temperature 1 it holds from any start. Softmax at least halves every distance between two distributions, as "
    "its derivative, a matrix, has a norm of at most 1/2; and the uniform one stays where it is. From the article's "
    "start no probability is more than {number} away from 0.05 after eight repeats. Repeating does not sharpen, it "
    "erases; the bonus looks for the limit of that."
)
NUMBER = "the largest distance from 0.05 after 8 repeats"
NEEDS = ("iterative_softmax_experiment",)
