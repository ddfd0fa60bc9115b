"""What the course's notebooks import: stable softmax, measures, devices, figures, checks.

To read, in this order: `softmax`, how the exponential is kept in range; `measures`, what "spread out" means as a
number; `device`, where tensors live and with how many digits; `predictions`, what was guessed beside what came out;
`pipeline`, the article's experiments in one call. The rest serves these: checks, plots, explorers, support.

Names load on first use (PEP 562), so that `import helpers` pulls in neither matplotlib nor ipywidgets.

>>> import helpers
>>> helpers.softmax_t([0.0, 0.0]).tolist()
[0.5, 0.5]
"""

from importlib import import_module

__version__ = "0.1.0"

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
}

__all__ = list(_MODULE_OF)


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value  # the next access finds the name without coming here
    return value


def __dir__():
    return sorted({*globals(), *__all__})
