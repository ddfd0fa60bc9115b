"""The article in one go: both experiments with its own parameters, and all four figures.

It brings no experiment of its own: it runs the two functions that it is given, which are the student's.
"""

from collections.abc import Callable, Sequence

import torch
from IPython.display import display

from .plots.figures import Results, plot_full, plot_iterations, plot_log_std, plot_zoomed

# What the experiments return: (probs, stds, x), and results[r][T] = {"logits", "probs"}.
Iterated = tuple[Sequence[torch.Tensor], Sequence[float], torch.Tensor]


def run_experiments(
    iterative_softmax_experiment: Callable[..., Iterated], temperature_range_experiment: Callable[..., Results]
) -> tuple[Sequence[torch.Tensor], Sequence[float], torch.Tensor, Results]:
    """Run both experiments with the article's parameters.

    Arguments
        iterative_softmax_experiment, temperature_range_experiment: those of run_full_pipeline.

    Returns (probs, stds, x, results), as the two functions gave them.
    """
    probs, stds, x = iterative_softmax_experiment(n_points=20, n_iters=8, min_val=0.0, max_val=1.0)
    return probs, stds, x, temperature_range_experiment([0.4, 1, 5], [0.5, 1, 3], n_points=100, outlier=6.0)


def run_full_pipeline(
    iterative_softmax_experiment: Callable[..., Iterated], temperature_range_experiment: Callable[..., Results]
) -> tuple[Sequence[torch.Tensor], Sequence[float], Results]:
    """Run both experiments with the article's parameters and show the four figures.

    Arguments
        iterative_softmax_experiment: called with n_points=20, n_iters=8, min_val=0.0, max_val=1.0, it returns
            (probs, stds, x).
        temperature_range_experiment: called with the ranges 0.4, 1, 5, the temperatures 0.5, 1, 3, n_points=100
            and outlier=6.0, it returns results[r][T] = {"logits", "probs"}.

    Returns (probs, stds, results), as the two functions gave them.

    Raises what they raise.

    >>> first = lambda **_: ([[0.4, 0.6]], [0.1], [0, 1])
    >>> second = lambda *_, **__: {1: {0.5: {"logits": [0, 6], "probs": [0.25, 0.75]}}}
    >>> run_full_pipeline(first, second)[1]  # doctest: +ELLIPSIS
    Two scatters against x, ...
    [0.1]
    """
    probs, stds, x, results = run_experiments(iterative_softmax_experiment, temperature_range_experiment)
    for figure in (plot_iterations(probs, x), plot_log_std(stds), plot_zoomed(results), plot_full(results)):
        display(figure)
    return probs, stds, results
