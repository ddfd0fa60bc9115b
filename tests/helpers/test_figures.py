"""The figures show exactly what they are given, hide nothing, and say it in words.

Each rule of tests/support/figure_rules.py finds nothing in the course's figures, and something in one spoilt for it.
"""

import base64
import functools
import html
import struct
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

from helpers.pipeline import run_full_pipeline
from helpers.plots.drawing import GREY, colours, markers
from helpers.plots.figures import plot_final_tops, plot_full, plot_iterations, plot_log_std, plot_zoomed
from tests.support.figure_rules import RULES, contrast, drawn, repeated_styles
from tests.support.longdouble import softmax


def iterate(n_points=20, n_iters=8):
    x = np.linspace(0, 1, n_points)
    probs = [softmax(x)]
    for _ in range(n_iters):
        probs.append(softmax(probs[-1]))
    return probs, [np.std(p, ddof=1) for p in probs], x


def vary(ranges=(0.4, 1, 5), temperatures=(0.5, 1, 3), n_points=100, outlier=6.0):
    logits = {r: np.append(np.linspace(-r, r, n_points), outlier) for r in ranges}
    return {r: {t: {"logits": x, "probs": softmax(x / t)} for t in temperatures} for r, x in logits.items()}


PROBS, STDS, X = iterate()
RESULTS = vary()
LONG = iterate(n_iters=30)
FIGURES = {
    "1a": lambda: plot_iterations(PROBS, X),
    "1a, 30 iterations": lambda: plot_iterations(LONG[0], LONG[2]),
    "1a, n = 4": lambda: plot_iterations(iterate(4)[0], iterate(4)[2]),
    "1a, all equal": lambda: plot_iterations([[0.25] * 4] * 2, [1, 1, 1, 1]),
    "1b": lambda: plot_log_std(STDS),
    "1b, reference": lambda: plot_log_std(STDS, n_points=20),
    "1b, zeros": lambda: plot_log_std([0.1, 0.0, 0.001, 0.0, 0.0], n_points=20),
    "1b, zeros only": lambda: plot_log_std([0.0, 0.0]),
    "1b, one value": lambda: plot_log_std([0.3]),
    "full": lambda: plot_full(RESULTS),
    "zoomed": lambda: plot_zoomed(RESULTS),
    "zoomed, limit": lambda: plot_zoomed(RESULTS, limit=0.03),
    "full, one range": lambda: plot_full(vary(ranges=[2])),
    "zoomed, one range": lambda: plot_zoomed(vary(ranges=[2]), limit=0.01),
    "full, five ranges": lambda: plot_full(vary([0.1, 0.4, 1, 5, 20], [0.2, 0.5, 1, 3])),
    "zoomed, five ranges": lambda: plot_zoomed(vary([0.1, 0.4, 1, 5, 20], [0.2, 0.5, 1, 3]), limit=0.001),
    "zoomed, n = 4, 7 temperatures": lambda: plot_zoomed(vary([1, 2, 3, 4], [0.5, 1, 2, 3, 5, 8, 10], 4), 0.03),
}
every_figure = pytest.mark.parametrize("name", FIGURES)


@functools.cache
def shown(name):
    """Return a figure, drawn, and what a notebook gets of it."""
    figure = FIGURES[name]()
    return figure, *figure._repr_mimebundle_()


@every_figure
@pytest.mark.parametrize("problems", RULES, ids=lambda rule: rule.__name__)
def test_every_figure_keeps_every_rule(name, problems):
    figure, *_ = shown(name)
    assert not problems(figure)


def broken_limits(figure, axes):
    axes.set_ylim(0.03, 0.07)


def broken_legend(figure, axes):
    axes.legend(loc="upper left")


def broken_title(figure, axes):
    axes.set_title("a title far too long " * 9)


def broken_scale(figure, axes):
    axes.set_yscale("log")


def broken_marker(figure, axes):
    figure.legends[0].legend_handles[1].set_marker("o")


def broken_colour(figure, axes):
    axes.lines[0].set_color("#F0E442")  # Okabe and Ito's yellow


def broken_text(figure, axes):
    axes.set_title("a pale title", color="#888888")


def broken_size(figure, axes):
    axes.set_title("a small title", fontsize=9)


def broken_lines(figure, axes):
    axes.set_title("a title that leaves one word\nalone")


def broken_ticks(figure, axes):
    axes.set_xticks(np.linspace(0, 1, 30))


@pytest.mark.parametrize(
    ("problems", "spoil"),
    list(
        zip(
            RULES,
            (
                broken_limits,
                broken_legend,
                broken_title,
                broken_scale,
                broken_marker,
                broken_colour,
                broken_text,
                broken_size,
                broken_lines,
                broken_ticks,
            ),
            strict=True,
        )
    ),
)
def test_every_rule_sees_the_figure_that_was_spoilt_for_it(problems, spoil):
    figure = FIGURES["1a"]()
    spoil(figure, figure.axes[0])
    figure.draw_without_rendering()
    assert problems(figure)


@pytest.mark.parametrize("change", [{"color": "#0072B2"}, {"marker": "", "linestyle": "--"}])
def test_entries_that_differ_by_colour_alone_or_share_one_are_seen(change):
    figure = FIGURES["1a"]()
    for handle in figure.legends[0].legend_handles[:2]:
        handle.set(**change)
    assert len(repeated_styles(figure)) == 1


def test_iterations_draw_the_numbers_given():
    figure = plot_iterations(PROBS, X)
    expected = np.concatenate([np.column_stack([X, p]) for p in PROBS]).astype(float)
    assert np.array_equal(drawn(figure.axes[0]), expected)
    assert np.array_equal(np.column_stack([figure.data["x"], figure.data["probability"]]), expected)
    assert figure.data["iteration"] == [float(k) for k in range(9) for _ in range(20)]
    assert not np.array_equal(drawn(plot_iterations(PROBS, X[::-1]).axes[0]), expected)


def test_iterations_are_told_in_words():
    assert str(plot_iterations(PROBS, X)) == (
        "Two scatters against x, 20 points for each iteration, k = 0 to 8: the probability, and how far it is from 1/n "
        "on a log axis. Largest probability: 0.0788 at k = 0, 0.0515 at k = 1, 0.0501 at k = 2, 0.05 at k = 8. "
        "From k = 2 on all points lie within 0.00008 of 0.05."
    )
    assert max(abs(p - 0.05).max() for p in PROBS[2:]) < 0.00008
    few = [[0.4, 0.6], [0.45, 0.55], [0.475, 0.525]]
    assert "Largest probability: 0.6 at k = 0, 0.55 at k = 1, 0.525 at k = 2." in str(plot_iterations(few, [0, 1]))


def test_iterations_that_coincide_lie_apart_where_their_distance_is_drawn():
    right = plot_iterations(PROBS, X).axes[1]
    expected = np.abs(np.array(PROBS, float) - 0.05)
    assert right.get_yscale() == "log"
    assert np.array_equal([line.get_ydata() for line in right.lines], expected)
    bands = np.log10([[d.min(), d.max()] for d in expected])
    assert np.all(bands[1:, 1] < bands[:-1, 0] + 0.7) and bands[0, 1] - bands[-1, 1] > 10


def test_a_distance_of_zero_is_drawn_at_a_place_of_its_own():
    right = plot_iterations([[0.2, 0.5, 0.3], [1 / 3] * 3], [0, 1, 2]).axes[1]
    zero = right.lines[1].get_ydata()
    assert len(set(zero)) == 1 and zero[0] < right.lines[0].get_ydata().min() / 10
    places = dict(zip(right.get_yticks(), (label.get_text() for label in right.get_yticklabels()), strict=True))
    assert places[zero[0]] == "exactly 0"
    assert "exactly 0" not in [label.get_text() for label in plot_iterations(PROBS, X).axes[1].get_yticklabels()]


def test_log_std_draws_the_deviations_on_a_log_axis():
    figure = plot_log_std(STDS)
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert np.array_equal(drawn(axes), np.column_stack([range(9), STDS]).astype(float))
    assert len(axes.get_xticks()) > 1 and np.array_equal(axes.get_xticks(), axes.get_xticks().round())
    assert figure.alt == "Standard deviation on a log axis, from 0.0154 at k = 0 to 6.04e-13 at k = 8."
    assert np.polyfit(range(9), np.log(np.array(STDS, float)), 1)[0] == pytest.approx(-2.9955, abs=1e-4)


def test_log_std_marks_zeros_as_zeros_and_adds_nothing_to_them():
    figure = plot_log_std([0.1, 0.0, 0.001, 0.0, 0.0])
    axes, strip = figure.axes
    curve = drawn(axes)[:, 1]
    assert np.array_equal(curve, [0.1, np.nan, 0.001, np.nan, np.nan], equal_nan=True)
    assert drawn(strip).tolist() == [[1, 0], [3, 0], [4, 0]]
    assert [label.get_text() for label in strip.get_yticklabels()] == ["exactly 0"]
    assert figure.alt.endswith("Exactly 0 at k = 1, 3 to 4.")
    assert figure.data["standard deviation"] == [0.1, 0, 0.001, 0, 0]
    assert "xactly 0" not in plot_log_std([0.1, 1e-12, 0.001]).alt


def test_log_std_reference_falls_by_n_points_from_the_first_deviation():
    reference = plot_log_std(STDS, n_points=20).axes[0].lines[1].get_ydata()
    assert reference == pytest.approx(float(STDS[0]) / 20.0 ** np.arange(len(reference)), rel=1e-12)


def test_full_draws_every_number_up_to_one():
    figure = plot_full(RESULTS)
    for axes, row in zip(figure.axes, RESULTS.values(), strict=True):
        expected = np.concatenate([np.column_stack([e["logits"], e["probs"]]) for e in row.values()])
        assert np.array_equal(drawn(axes), expected.astype(float))
        assert axes.get_ylim()[1] > 1 and 1 in axes.get_yticks().round(9)
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert len(figure.data["probability"]) == 3 * 3 * 101
    assert "Logits in [-5, 5]: the largest is 0.575 (T = 0.5), 0.207 (T = 1), 0.0457 (T = 3)." in figure.alt


def test_zoomed_leaves_out_the_outlier_and_nothing_else():
    figure = plot_zoomed(RESULTS)
    for axes, row in zip(figure.axes, RESULTS.values(), strict=True):
        expected = np.concatenate([np.column_stack([e["logits"], e["probs"]])[:-1] for e in row.values()])
        assert np.array_equal(drawn(axes), expected.astype(float))
    assert "Logits in [-5, 5]: the largest is 0.0778 (T = 0.5), 0.0762 (T = 1), 0.0327 (T = 3)." in figure.alt
    assert "above" not in figure.alt
    assert [axes.get_xticks().tolist() for axes in figure.axes] == [[-r, 0, r] for r in RESULTS]


def test_panels_say_to_which_temperature_each_of_their_largest_belongs():
    """They gave three numbers and no order."""
    turned = {r: dict(reversed(row.items())) for r, row in RESULTS.items()}
    figure = plot_full(turned)
    words = figure.get_suptitle().split("\n")[-1].replace("\N{NO-BREAK SPACE}", " ")
    assert words == "Above each panel: the largest at T = 0.5, 1, 3"
    assert figure.axes[2].get_title().split() == "logits in [-5, 5] largest 0.575, 0.207, 0.0457".split()


def test_zoomed_counts_weighs_and_marks_what_a_limit_cuts():
    figure = plot_zoomed(RESULTS, limit=0.03)
    filled = [
        [line.get_xydata() for line in axes.lines if line.get_marker() != "None" != line.get_markerfacecolor().title()]
        for axes in figure.axes
    ]
    outer = [RESULTS[5][t]["logits"][:-1][RESULTS[5][t]["probs"][:-1] > 0.03] for t in (0.5, 1, 3)]
    assert [len(x) for x in outer] == [5, 10, 3]
    assert filled[:2] == [[], []]
    for row, x in zip(filled[2], outer, strict=True):
        assert np.array_equal(row[:, 0], x)
        assert len(set(row[:, 1])) == 1 and row[0, 1] > 0.03
    assert len({row[0, 1] for row in filled[2]}) == 3
    assert [max(axes.get_yticks()) for axes in figure.axes] == pytest.approx([0.03] * 3)
    words = ["T = 0.5: 5 (27%)", "T = 1: 10 (50.4%)", "T = 3: 3 (9.5%)"]
    assert figure.axes[2].get_title().split("\n")[1:] == words
    assert figure.axes[0].get_title().split("\n")[1:] == ["nothing above"]
    assert figure.alt.endswith("; points above 0.03 and their share of the mass: " + ", ".join(words) + ".")
    assert (
        "; points above 0.031 and their share of the mass: T = 0.5: 5 (27%), T = 1: 9 ("
        in plot_zoomed(RESULTS, limit=0.031).alt
    )
    assert figure.axes[2].get_title().split("\n")[0] == "logits in [-5, 5]"


def test_what_is_not_finite_is_counted_and_the_rest_is_drawn():
    results = vary([0.4], [0.5])
    results[0.4][0.5]["probs"] = np.append(np.zeros(100), np.nan)  # a naive softmax in float16
    assert plot_full(results).alt.endswith("Not drawn, because not finite: 1 of 101 points.")
    assert plot_log_std([0.1, np.nan, -1.0]).alt.endswith("Not drawn, because negative or not finite: 2 of 3.")
    assert "no finite one at k = 0" in plot_iterations([[np.nan, np.nan]], [0, 1]).alt


def test_tensors_arrays_and_lists_draw_the_same():
    tensors = [torch.tensor(p.astype(float), requires_grad=True) for p in PROBS]
    from_tensors = plot_iterations(tensors, torch.tensor(X))
    from_lists = plot_iterations([p.astype(float).tolist() for p in PROBS], X.tolist())
    assert from_tensors.data == from_lists.data == plot_iterations(PROBS, X).data
    assert plot_log_std(torch.tensor([0.5, 0.25], dtype=torch.bfloat16)).data["standard deviation"] == [0.5, 0.25]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot_iterations([], X), "probs is empty"),
        (lambda: plot_iterations([X, X[1:]], X), r"probs\[1\] has shape \(19,\), x has \(20,\)"),
        (lambda: plot_log_std([]), "stds is empty"),
        (lambda: plot_log_std([1.0], n_points=0), "n_points is 0: expected a number above 0"),
        (lambda: plot_final_tops([], {"a": []}), "temperatures is empty"),
        (lambda: plot_final_tops([1, 2], {}), "tops is empty"),
        (
            lambda: plot_final_tops([1, 2], {"a": [1]}),
            r"tops\['a'\] has shape \(1,\), temperatures has \(2,\): expected",
        ),
        (lambda: plot_final_tops(1.0, {"a": 1.0}), r"tops\['a'\] has shape \(\), temperatures has \(\): expected"),
        (lambda: plot_full({}), "results is empty"),
        (lambda: plot_full({(1, 2): {"logits": np.ones(2), "probs": np.ones(2)}}), "to be a dict with the keys"),
        (lambda: plot_full({1: {2: {"logits": [0, 1], "probs": [1]}}}), r"results\[1\]\[2\]: logits have shape"),
        (lambda: plot_zoomed(RESULTS, limit=-1), "limit is -1: expected a probability above 0"),
    ],
)
def test_an_error_names_the_argument_and_its_value(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_colours_stand_out_and_markers_never_repeat():
    for count in (1, 3, 5, 6, 9, 31, 109):
        assert min(map(contrast, colours(count))) >= 3
        assert len(set(colours(count))) == len(set(markers(count))) == count
    assert contrast(GREY) >= 4.5
    assert contrast("#F0E442") < 3 and contrast("#000000") == pytest.approx(21)


@every_figure
def test_a_notebook_gets_a_small_png_and_the_words(name):
    figure, data, metadata = shown(name)
    png = base64.b64decode(data["image/png"])
    width = struct.unpack(">I", png[16:20])[0]
    assert data["text/plain"] == str(figure) == figure.alt
    assert data["text/html"].startswith(f'<img alt="{html.escape(figure.alt)}" width="{width}"')
    assert data["text/html"].endswith(f'src="data:image/png;base64,{data["image/png"]}">')
    assert metadata == {"image/png": {"alt": figure.alt, "width": width}}
    assert width == 600 and len(png) <= 150_000
    assert len({len(column) for column in figure.data.values()}) == 1


def test_a_figure_is_shown_once_with_its_words_whatever_pyplot_does():
    cells = (
        "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\n"
        "from helpers import plot_log_std\nfrom helpers.plots.drawing import DescribedFigure\n"
        "figure = plot_log_std([0.5, 0.05])",
        "figure",
        "display(figure)",
        "del DescribedFigure._ipython_display_\nfigure",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    made, last, displayed, spoilt = ([set(o.data) for o in cell.outputs] for cell in notebook.cells)
    assert made == []
    assert last == displayed == [{"image/png", "text/html", "text/plain"}]
    assert "to 0.05 at k = 1." in notebook.cells[1].outputs[0].metadata["image/png"]["alt"]
    assert "image/svg+xml" in spoilt[0]  # what the method is for


def test_no_figure_reaches_pyplot():
    code = (
        "import sys; from helpers import plot_log_std; f = plot_log_std([0.5, 0.1]); f._repr_mimebundle_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "import matplotlib.pyplot as plt; plot_log_std([0.5]); assert plt.get_fignums() == []\n"
        "plt.switch_backend('agg'); plt.figure(); assert plt.get_fignums() == [1]; print(f)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("Standard deviation on a log axis, from 0.5 at k = 0 to 0.1 at k = 1."), done.stderr


def test_the_pipeline_runs_what_it_is_given_with_the_articles_parameters(monkeypatch):
    displayed, calls = [], []

    def first(**parameters):
        calls.append(parameters)
        return PROBS, STDS, X

    def second(ranges, temperatures, **parameters):
        calls.append({"ranges": list(ranges), "temperatures": list(temperatures), **parameters})
        return RESULTS

    monkeypatch.setattr("helpers.pipeline.display", displayed.append)
    probs, stds, results = run_full_pipeline(first, second)
    assert probs is PROBS and stds is STDS and results is RESULTS
    assert calls == [
        {"n_points": 20, "n_iters": 8, "min_val": 0.0, "max_val": 1.0},
        {"ranges": [0.4, 1, 5], "temperatures": [0.5, 1, 3], "n_points": 100, "outlier": 6.0},
    ]
    makers = (plot_iterations(PROBS, X), plot_log_std(STDS), plot_zoomed(RESULTS), plot_full(RESULTS))
    assert [figure.alt for figure in displayed] == [figure.alt for figure in makers]


@pytest.mark.parametrize(("stds", "label"), [([0.5, 1e-5], "10⁻²"), ([0.5, 0.3], "3×10⁻¹")])
def test_log_axes_are_labelled_in_plain_characters(stds, label):
    """Matplotlib's own labels are formulas, which take longer to read than a figure to draw."""
    figure = plot_log_std(stds)
    figure.draw_without_rendering()
    labels = [text.get_text() for minor in (False, True) for text in figure.axes[0].get_yticklabels(minor=minor)]
    assert label in labels and "$" not in "".join(labels)
