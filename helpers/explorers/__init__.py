"""Explorers: figures with controls, to play with what the notebooks have measured.

models.py computes, figures.py draws and says it in words, shell.py joins them to sliders and number fields.
"""

from ..support.language import _
from .figures import draw_repeated, draw_shared, draw_weighed, tell_repeated, tell_shared, tell_weighed
from .models import Repeated, Shared, Weighed, repeat_from_two_starts, share_vocabulary, weigh_outlier
from .shell import Choice, Explorer, Number


def explore_repeated_softmax() -> Explorer[Repeated]:
    """Explore repeated softmax: its entries, steps, temperature in the loop and dtype, from two starts.

    Returns an Explorer, which a notebook shows.

    >>> explore_repeated_softmax().words
    'After 8 steps at T = 1 the largest of 20 probabilities is 0.05 from evenly spaced logits and 0.05 from one-hot; \
uniform is 0.05. Both starts end alike.'
    """
    return Explorer(
        repeat_from_two_starts,
        draw_repeated,
        tell_repeated,
        n_points=Number(_("n, number of entries"), 20, 2, 100, 1),
        steps=Number(_("Steps"), 8, 0, 120, 1),
        temperature=Number(_("T, temperature in the loop"), 1.0, 0.02, 2.0, 0.01),
        dtype=Choice(_("Number format"), ["float64", "float32", "float16", "bfloat16"]),
    )


def explore_temperature_range() -> Explorer[Weighed]:
    """Explore one outlier among 100 evenly spaced logits: their range, the temperature, the outlier.

    Returns an Explorer, which a notebook shows.

    >>> explore_temperature_range().figure.data["probability"][-1].__round__(3)
    0.797
    """
    return Explorer(
        weigh_outlier,
        draw_weighed,
        tell_weighed,
        half_range=Number(_("r, logits from -r to r"), 0.4, 0.1, 8.0, 0.1),
        temperature=Number(_("T, temperature"), 1.0, 0.1, 5.0, 0.1),
        outlier=Number(_("Outlier"), 6.0, -8.0, 12.0, 0.5),
    )


def explore_vocabulary() -> Explorer[Shared]:
    """Explore a vocabulary of 128,256 tokens: its logits' spread, the temperature, the nucleus's mass.

    Returns an Explorer, which a notebook shows.

    >>> explore_vocabulary().words.startswith("Spread / T = 3: ")
    True
    """
    return Explorer(
        share_vocabulary,
        draw_shared,
        tell_shared,
        spread=Number(_("s, spread of the logits"), 3.0, 0.0, 10.0, 0.1),
        temperature=Number(_("T, temperature"), 1.0, 0.1, 5.0, 0.1),
        mass=Number(_("Mass of the nucleus"), 0.9, 0.1, 0.99, 0.01),
    )
