"""What the course's notebooks import: stable softmax, measures, devices, figures, checks.

To read, in this order: `softmax`, how the exponential is kept in range; `measures`, what "spread out" means as a
number; `device`, where tensors live and with how many digits; `predictions`, what was guessed beside what came out;
`claims`, what was measured and decided beside the course's verdicts; `pipeline`, the article's experiments in one call.
The rest serves these: checks, plots, explorers, support.

Names load on first use (PEP 562), so that `import helpers` pulls in neither matplotlib nor ipywidgets.

>>> import helpers
>>> helpers.softmax_t([0.0, 0.0]).tolist()
[0.5, 0.5]
"""

from importlib import import_module

TYPE_CHECKING = False  # a type-checker takes it for true; to import it from typing would take time
if TYPE_CHECKING:
    from .checks import check as check
    from .checks import needs as needs
    from .checks.handing_in import before_you_hand_in as before_you_hand_in
    from .checks.machine import report_machine as report_machine
    from .claims import measured as measured
    from .claims import what_you_found as what_you_found
    from .device import pick_device as pick_device
    from .device import seed_everything as seed_everything
    from .device import to_numpy as to_numpy
    from .device import widest_float as widest_float
    from .explorers import explore_repeated_softmax as explore_repeated_softmax
    from .explorers import explore_softmax as explore_softmax
    from .explorers import explore_temperature_range as explore_temperature_range
    from .explorers import explore_vocabulary as explore_vocabulary
    from .measures import entropy as entropy
    from .measures import perplexity as perplexity
    from .measures import tokens_for_mass as tokens_for_mass
    from .pipeline import run_full_pipeline as run_full_pipeline
    from .plots.figures import plot_final_tops as plot_final_tops
    from .plots.figures import plot_full as plot_full
    from .plots.figures import plot_iterations as plot_iterations
    from .plots.figures import plot_log_std as plot_log_std
    from .plots.figures import plot_zoomed as plot_zoomed
    from .predictions import reveal as reveal
    from .predictions import sum_up_predictions as sum_up_predictions
    from .softmax import log_softmax_t as log_softmax_t
    from .softmax import softmax_t as softmax_t
    from .support.language import say as say
    from .support.language import text as text
    from .support.language import use_language as use_language

__version__ = "1.0.0"

_MODULE_OF = {
    "softmax_t": "softmax",
    "log_softmax_t": "softmax",
    "entropy": "measures",
    "perplexity": "measures",
    "tokens_for_mass": "measures",
    "pick_device": "device",
    "widest_float": "device",
    "to_numpy": "device",
    "seed_everything": "device",
    "plot_iterations": "plots.figures",
    "plot_log_std": "plots.figures",
    "plot_zoomed": "plots.figures",
    "plot_full": "plots.figures",
    "plot_final_tops": "plots.figures",
    "reveal": "predictions",
    "sum_up_predictions": "predictions",
    "measured": "claims",
    "what_you_found": "claims",
    "explore_softmax": "explorers",
    "explore_repeated_softmax": "explorers",
    "explore_temperature_range": "explorers",
    "explore_vocabulary": "explorers",
    "run_full_pipeline": "pipeline",
    "use_language": "support.language",
    "text": "support.language",
    "say": "support.language",
    "report_machine": "checks.machine",
    "check": "checks",
    "needs": "checks",
    "before_you_hand_in": "checks.handing_in",
}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value  # the next access finds the name without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
