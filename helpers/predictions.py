"""Show a student's predictions beside the results, and sum them up at the end of a notebook."""

import math

CLOSE = 0.1  # a prediction within this share of the result counts as right

_revealed = {}


def reveal(name, prediction, result, choice=False):
    """Print a prediction beside the result, and remember both for `sum_up_predictions`.

    name        the variable's name, such as "prediction_1"; showing it again replaces what was remembered
    prediction  a number, or None as long as there is none
    result      the number that came out
    choice      True where the prediction is one of a few given numbers: it is then right or wrong, and never near
    """
    result = float(result)
    try:
        prediction = math.nan if prediction is None else float(prediction)
    except (TypeError, ValueError):
        prediction = math.nan
    if not math.isfinite(prediction):
        print(f"{name}: still empty. The result is {result:.4g}; next time, commit to a number first.")
        return
    _revealed[name] = (prediction, result, choice)
    said = "you chose" if choice else "you said"
    print(f"{name}: {said} {prediction:.4g}, it is {result:.4g}{' (right)' if close(prediction, result) else ''}.")


def close(prediction, result):
    """Tell whether a prediction lies within a tenth of the result."""
    return abs(prediction - result) <= CLOSE * abs(result)


def sum_up_predictions():
    """Print how many of the predictions shown so far were right, and how far off the others were."""
    if not _revealed:
        print("No prediction yet: fill in the prediction cells above and run the cells after them.")
        return
    right = [name for name, (prediction, result, _) in _revealed.items() if close(prediction, result)]
    print(f"{len(right)} of {len(_revealed)} predictions within {CLOSE:.0%} of the result.")
    for name, (prediction, result, choice) in sorted(_revealed.items()):
        if name not in right:
            off = "" if choice else f", {how_far(prediction, result)}"
            print(f"  {name}: {prediction:.4g} instead of {result:.4g}{off}")


def how_far(prediction, result):
    """Say in words how far off a prediction was: as a factor where there is one, else as a difference."""
    if prediction * result <= 0:
        return f"off by {abs(prediction - result):.3g}"
    factor = max(prediction / result, result / prediction)
    return f"{factor:.1f} times too {'large' if abs(prediction) > abs(result) else 'small'}"
