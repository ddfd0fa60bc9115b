"""Time the explorers' updates against `interact` recreating the figure: pytest tests/benchmarks/bench_explorers.py.

An update is what a kernel does between a control's new value and the new picture: model, drawing, PNG and words. Beside
it stands what most notebooks do, in the same kernel: `interactive` around a function that makes a new pyplot figure of
the same lines and bars and shows it. Nothing is asserted: a loaded machine would fail honest code.
"""

import json
import time
from statistics import median

from nbclient import NotebookClient
from nbformat import v4

from grading.course import REPOSITORY

EXPLORERS = ("explore_softmax", "explore_repeated_softmax", "explore_temperature_range", "explore_vocabulary")
ROUNDS = 30


def milliseconds(slider):
    """Return the median time that a slider's new value takes, in turns of two values."""
    times = []
    for k in range(ROUNDS):
        start = time.perf_counter()
        slider.value = (1.1, 1.0)[k % 2]
        times.append(1000 * (time.perf_counter() - start))
    return median(times)


def recreated(explorer):
    """Return a slider of `interactive`, whose function makes and shows a new figure of the explorer's lines."""
    import ipywidgets
    from IPython.display import display
    from matplotlib import pyplot

    settings = {name: control.value for name, control in explorer.controls.items()}

    def show(temperature):
        explorer.draw(explorer.model(**settings | {"temperature": temperature}), explorer.figure)
        size = explorer.figure.get_size_inches()
        figure, panels = pyplot.subplots(1, 2, figsize=size, dpi=explorer.figure.dpi, layout="constrained")
        for panel, known in zip(panels, explorer.figure.axes, strict=True):
            for line in known.lines:
                panel.plot(*line.get_data(), marker=line.get_marker(), ls=line.get_linestyle(), label=line.get_label())
            for bar in known.patches:
                panel.bar(bar.get_x(), bar.get_height(), bar.get_width(), align="edge")
            panel.set(title=known.get_title(), xlabel=known.get_xlabel(), ylabel=known.get_ylabel())
            panel.set(
                xscale=known.get_xscale(), yscale=known.get_yscale(), xlim=known.get_xlim(), ylim=known.get_ylim()
            )
        figure.legend(loc="outside lower center", ncols=4)
        display(figure)
        pyplot.close(figure)

    return ipywidgets.interactive(show, temperature=ipywidgets.FloatSlider(value=1.5, min=0.1, step=0.01)).children[0]


def measure():
    """Return {explorer: (milliseconds of its update, of a recreated figure)}; to be called in a kernel."""
    import helpers

    times = {}
    for name in EXPLORERS:
        explorer = getattr(helpers, name)()
        times[name] = (milliseconds(explorer.controls["temperature"].slider), milliseconds(recreated(explorer)))
    return times


def test_time_the_updates(capsys):
    code = "import json\nfrom tests.benchmarks.bench_explorers import measure\nprint(json.dumps(measure()))"
    notebook = v4.new_notebook(cells=[v4.new_code_cell("%matplotlib inline"), v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": REPOSITORY}}).execute()
    [printed] = [output.text for output in notebook.cells[1].outputs if output.get("name") == "stdout"]
    with capsys.disabled():
        print("\n{:<28}{:>12}{:>16}{:>8}".format("median of an update", "explorer", "interact", "ratio"))
        for name, (ours, theirs) in json.loads(printed).items():
            print(f"{name:<28}{ours:>9.1f} ms{theirs:>13.1f} ms{theirs / ours:>8.1f}")
