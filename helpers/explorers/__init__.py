"""Explorers: figures with controls, to play with what the notebooks have measured.

models.py computes, figures.py draws and says it in words, shell.py joins them to sliders and number fields.
"""

from functools import partial

import numpy as np

from ..plots.drawing import Values, array
from ..support.language import _
from .figures import (
    NAMES,
    draw_chain,
    draw_repeated,
    draw_shared,
    draw_weighed,
    tell_chain,
    tell_repeated,
    tell_shared,
    tell_weighed,
)
from .models import (
    Chain,
    Repeated,
    Shared,
    Weighed,
    chain_softmax,
    repeat_from_two_starts,
    share_vocabulary,
    weigh_outlier,
)
from .shell import Choice, Explorer, NumberControl, Repeat


def explore_softmax(logits: Values = (1.0, 3.0, -1.0, 2.0, 0.0)) -> Explorer[Chain]:
    """Explore the softmax of a few logits: its temperature, and what softmax makes of its own output.

    Arguments
        logits: 2 to 6 finite numbers.

    Returns an Explorer, which a notebook shows.

    Raises ValueError when logits are fewer, more, not finite or not one row.

    >>> explore_softmax().words
    'After 1 softmax at T = 1 the largest of 5 probabilities is 0.636, the smallest 0.0117; all equal would be \
0.2.'
    """
    values = array(logits)
    if not (values.ndim == 1 and 2 <= values.size <= len(NAMES) and np.isfinite(values).all()):
        found = {"logits": values.tolist(), "most": len(NAMES)}
        raise ValueError(_("logits are {logits}: expected one row of 2 to {most} finite numbers", **found))
    return Explorer(
        partial(chain_softmax, values),
        draw_chain,
        tell_chain,
        times=Repeat(_("softmax again"), _("start again")),
        temperature=NumberControl(_("T, temperature"), 1.0, 0.1, 5.0, 0.1),
    )


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
        n_points=NumberControl(_("n, number of entries"), 20, 2, 100, 1),
        steps=NumberControl(_("Steps"), 8, 0, 120, 1),
        temperature=NumberControl(_("T, temperature in the loop"), 1.0, 0.02, 2.0, 0.01),
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
        half_range=NumberControl(_("r, logits from -r to r"), 0.4, 0.1, 8.0, 0.1),
        temperature=NumberControl(_("T, temperature"), 1.0, 0.1, 5.0, 0.1),
        outlier=NumberControl(_("Outlier"), 6.0, -8.0, 12.0, 0.5),
    )


def explore_vocabulary() -> Explorer[Shared]:
    """Explore a vocabulary of 128,256 tokens: its logits' spread, the temperature, the nucleus's mass.

    Returns an Explorer, which a notebook shows.

    >>> explore_vocabulary().words.startswith("Spread 3, T = 1: ")
    True
    """
    return Explorer(
        share_vocabulary,
        draw_shared,
        tell_shared,
        spread=NumberControl(_("s, spread of the logits"), 3.0, 0.0, 10.0, 0.1),
        temperature=NumberControl(_("T, temperature"), 1.0, 0.1, 5.0, 0.1),
        mass=NumberControl(_("Mass of the nucleus"), 0.9, 0.1, 0.99, 0.01),
    )
