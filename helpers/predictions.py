"""Show a student's predictions beside the results, and sum them up at the end of a notebook."""

import math
from typing import SupportsFloat

from .support.language import _

CLOSE = 0.1  # a prediction within this share of the result counts as right
NO_NUMBER = (TypeError, ValueError, RuntimeError, OverflowError)  # what float raises, of a tensor too

_revealed: dict[str, tuple[float, float, bool]] = {}


def reveal(name: str, prediction: SupportsFloat | None, result: SupportsFloat, choice: bool = False) -> None:
    """Print a prediction beside the result, and remember both for `sum_up_predictions`.

    Arguments
        name: the variable's name, such as "prediction_1"; showing it again replaces what was remembered.
        prediction: a number, or None as long as there is none; what is no finite number counts as none.
        result: the number that came out.
        choice: True where the prediction is one of a few given numbers: it is then right or wrong, and never near.

    Raises ValueError when result is not one number.

    >>> reveal("prediction_1", None, 2)
    prediction_1: still empty. The result is 2; next time, commit to a number first.
    """
    try:
        result = float(result)
    except NO_NUMBER:
        raise ValueError(_("result is {result!r}, expected one number", result=result)) from None
    try:
        prediction = math.nan if prediction is None else float(prediction)
    except NO_NUMBER:
        prediction = math.nan
    _revealed.pop(name, None)
    if not math.isfinite(prediction):
        print(
            _(
                "{name}: still empty. The result is {result:.4g}; next time, commit to a number first.",
                name=name,
                result=result,
            )
        )
        return
    _revealed[name] = (prediction, result, choice)
    words = _(
        "{name}: you chose {prediction:.4g}, it is {result:.4g}"
        if choice
        else "{name}: you said {prediction:.4g}, it is {result:.4g}",
        name=name,
        prediction=prediction,
        result=result,
    )
    print(f"{words} ({_('right')})." if close(prediction, result) else f"{words}.")


def close(prediction: float, result: float) -> bool:
    """Tell whether a prediction lies within a tenth of the result."""
    return abs(prediction - result) <= CLOSE * abs(result)


def sum_up_predictions() -> None:
    """Print how many of the predictions shown so far were right, and how far off the others were.

    >>> reveal("prediction_1", 3, 2)
    prediction_1: you said 3, it is 2.
    >>> sum_up_predictions()
    0 of 1 predictions within 10% of the result.
      prediction_1: 3 instead of 2, 1.5 times too large
    """
    if not _revealed:
        print(_("No prediction yet: fill in the prediction cells above and run the cells after them."))
        return
    right = [name for name, (prediction, result, _) in _revealed.items() if close(prediction, result)]
    counts = {"right": len(right), "total": len(_revealed)}
    print(_("{right} of {total} predictions within {share:.0%} of the result.", share=CLOSE, **counts))
    for name, (prediction, result, choice) in sorted(_revealed.items()):
        if name not in right:
            off = "" if choice else f", {how_far(prediction, result)}"
            values = {"prediction": prediction, "result": result}
            print(f"  {name}: {_('{prediction:.4g} instead of {result:.4g}', **values)}{off}")


def how_far(prediction: float, result: float) -> str:
    """Say in words how far off a prediction was: as a factor where there is one, else as a difference."""
    if prediction * result <= 0:
        return _("off by {distance:.3g}", distance=abs(prediction - result))
    factor = max(prediction / result, result / prediction)
    large = abs(prediction) > abs(result)
    return _("{factor:.1f} times too large" if large else "{factor:.1f} times too small", factor=factor)
