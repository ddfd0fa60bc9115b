"""The explorers: their numbers are right, their figures draw and tell them, their controls reach both ends.

Numbers are compared with the course's own, computed here with mpmath or longdouble, or known from 200 draws.
"""

import base64
import html
import struct
import subprocess
import sys
import zlib

import mpmath
import numpy as np
import pytest

import helpers
from helpers.explorers import figures, models
from helpers.explorers.shell import WIDGET, Choice, NumberControl
from helpers.support.language import number_text
from tests.support.figure_rules import RULES
from tests.support.longdouble import softmax

EXPLORERS = {
    "explore_softmax": ["times", "temperature"],
    "explore_repeated_softmax": ["n_points", "steps", "temperature", "dtype"],
    "explore_temperature_range": ["half_range", "temperature", "outlier"],
    "explore_vocabulary": ["spread", "temperature", "mass"],
}
every_explorer = pytest.mark.parametrize("name", EXPLORERS)


@pytest.fixture
def explorer(name):
    return getattr(helpers, name)()


def test_a_chain_agrees_with_fifty_digits():
    with mpmath.workdps(50):
        for temperature in (1.0, 0.3, 4.7):
            row = [mpmath.mpf(x) for x in (1, 3, -1, 2, 0)]
            chain = models.chain_softmax(np.array(row, float), temperature, 6)
            assert chain.path.shape == (6, 5)
            for p in chain.path:
                weights = [mpmath.exp(x / mpmath.mpf(temperature)) for x in row]
                row = [w / mpmath.fsum(weights) for w in weights]
                assert p == pytest.approx([float(x) for x in row], rel=1e-13)


def test_repeating_agrees_with_fifty_digits():
    with mpmath.workdps(50):
        for temperature in (1, mpmath.mpf("0.25")):
            numbers = models.repeat_from_two_starts(7, 4, float(temperature))
            rows = [[mpmath.mpf(i) / 6 for i in range(7)], [mpmath.mpf(i == 6) for i in range(7)]]
            for start, row in enumerate(rows):
                p = [mpmath.exp(x) / mpmath.fsum(map(mpmath.exp, row)) for x in row] if start == 0 else row
                for k in range(5):
                    mean = mpmath.fsum(p) / 7
                    deviation = mpmath.sqrt(mpmath.fsum((x - mean) ** 2 for x in p) / 6)
                    assert numbers.largest[k, start] == pytest.approx(float(max(p)), rel=1e-14)
                    assert numbers.deviation[k, start] == pytest.approx(float(deviation), rel=1e-9)
                    weights = [mpmath.exp(x / temperature) for x in p]
                    p = [w / mpmath.fsum(weights) for w in weights]


def test_the_start_decides_at_a_low_temperature_and_not_at_one():
    low = models.repeat_from_two_starts(20, 60, 0.1)
    assert low.largest[-1] == pytest.approx([0.05, 0.99913], abs=1e-5)
    assert figures.tell_repeated(low).endswith("The start decides.")
    high = models.repeat_from_two_starts(20, 8, 1.0)
    assert high.deviation[:, 0] == pytest.approx(20.0 ** -np.arange(9) * 1.5425797258e-2, rel=0.006)
    assert high.deviation[8, 0] == pytest.approx(6.0427440055e-13, rel=1e-3)
    assert high.deviation[:3, 1] == pytest.approx([0.2236068, 0.01769106, 0.000916712], rel=1e-6)
    assert figures.tell_repeated(high).endswith("Both starts end alike.")
    lower = models.repeat_from_two_starts(20, 60, 0.02)  # one peak, at the same entry: the largest of both starts
    assert figures.tell_repeated(lower).endswith("Both starts end alike.")
    assert figures.tell_repeated(models.repeat_from_two_starts(steps=1)).endswith("They have not come to rest.")
    assert figures.tell_repeated(models.repeat_from_two_starts(steps=0)).endswith("They have not come to rest.")


@pytest.mark.parametrize(("temperature", "peak"), [(0.0608, True), (0.0615, False)])
def test_evenly_spaced_logits_reach_the_peak_only_below_the_edge(temperature, peak):
    assert (models.repeat_from_two_starts(20, 120, temperature).largest[-1, 0] > 0.5) == peak


@pytest.mark.parametrize(("dtype", "step"), [("float32", 6), ("float64", 14), ("float16", 4), ("bfloat16", 3)])
def test_a_number_format_ends_in_exactly_equal_entries(dtype, step):
    numbers = models.repeat_from_two_starts(20, 30, 1.0, dtype)
    assert (numbers.deviation[step:, 0] == 0).all() and numbers.deviation[1, 0] > 0
    assert f"{dtype} has all entries equal from step " in figures.tell_repeated(numbers)


@pytest.mark.parametrize(
    ("half_range", "temperature", "share", "perplexity", "nucleus"),
    [
        (0.4, 0.5, 0.99931697, 1.0088, 1),
        (0.4, 1, 0.79701978, 4.1947, 42),
        (0.4, 3, 0.068613107, 93.356, 89),
        (1, 0.5, 0.99887493, 1.0135, 1),
        (1, 1, 0.77385908, 4.6696, 34),
        (1, 3, 0.067610212, 92.186, 87),
        (5, 0.5, 0.57476083, 5.9776, 9),
        (5, 1, 0.20708714, 22.663, 22),
        (5, 3, 0.045672971, 68.574, 61),
    ],
)
def test_the_outlier_weighs_what_the_course_says(half_range, temperature, share, perplexity, nucleus):
    numbers = models.weigh_outlier(half_range, temperature)
    assert numbers.share == pytest.approx(share, rel=1e-7)
    assert numbers.perplexity == pytest.approx(perplexity, rel=1e-4)
    assert numbers.nucleus == nucleus
    expected = softmax(np.append(np.linspace(-half_range, half_range, 100), 6) / temperature)
    assert numbers.probabilities == pytest.approx(expected.astype(float), rel=1e-12)
    assert numbers.held == pytest.approx(np.sort(expected)[::-1].cumsum().astype(float), rel=1e-12)


# What draws of a normal distribution give for 90 %, with room on both sides. Above spread 3 one draw says too little.
@pytest.mark.parametrize(("spread", "fewest", "most"), [(0, 115_430, 115_431), (1, 77_800, 78_900), (3, 2_000, 7_500)])
def test_tokens_for_the_mass_lie_among_many_draws(spread, fewest, most):
    assert fewest <= models.share_vocabulary(spread).nucleus <= most


def test_only_spread_over_temperature_counts():
    one, other = models.share_vocabulary(1.0, 0.5), models.share_vocabulary(2.0, 1.0)
    assert one.probabilities == pytest.approx(other.probabilities, rel=1e-12)
    assert one.nucleus == other.nucleus


def test_the_vocabulary_is_a_normal_sample_and_its_draws_are_counted_right():
    numbers = models.share_vocabulary(1.0, 0.7)
    logits = np.log(numbers.probabilities) * 0.7
    assert logits.std() == pytest.approx(1, abs=0.01)
    assert np.all(np.diff(numbers.probabilities) <= 0) and numbers.held[-1] == pytest.approx(1)
    generator = np.random.default_rng(1)
    drawn = [len(np.unique(generator.choice(128_256, 1000, p=numbers.probabilities))) for _ in range(20)]
    assert numbers.distinct == pytest.approx(np.mean(drawn), abs=4)
    peaked = models.share_vocabulary(8.0, 0.2)
    expected = -np.expm1(1000 * np.log1p(-peaked.probabilities.astype(np.longdouble))).sum()
    assert peaked.distinct == pytest.approx(float(expected), rel=1e-9)
    smaller = [models.share_vocabulary(mass=mass).nucleus for mass in (0.1, 0.5, 0.9, 0.99)]
    assert smaller == sorted(set(smaller))


def corners(name):
    """Return the figure of an explorer at both ends of all controls, and at its start, redrawn and new."""
    explorer = getattr(helpers, name)()
    yield explorer
    for end in ("max", "min"):
        for control in explorer.controls.values():
            if isinstance(control, NumberControl):
                control.field.value = getattr(control.slider, end)
            elif isinstance(control, Choice):
                control.field.value = control.field.options[-1 if end == "max" else 0]
            else:
                for _press in range(3 if end == "max" else 1):
                    (control.more if end == "max" else control.afresh).click()
        yield explorer


@every_explorer
def test_every_figure_keeps_every_rule_at_both_ends(name):
    for explorer in corners(name):
        explorer.figure.draw_without_rendering()
        assert [rule.__name__ for rule in RULES if rule(explorer.figure)] == []
        assert len({len(column) for column in explorer.figure.data.values()}) == 1


def pixels(data):
    """Read a PNG without filters, as helpers write it."""
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT")
    (size,) = struct.unpack(">I", data[start - 4 : start])
    rows = np.frombuffer(zlib.decompress(data[start + 4 : start + 4 + size]), np.uint8).reshape(height, -1)
    return rows[:, 1:].reshape(height, width, 3)


@every_explorer
def test_a_redrawn_picture_equals_a_new_one(name):
    for explorer in corners(name):
        numbers = explorer.numbers
        new = explorer.draw(numbers)
        assert np.array_equal(pixels(new.frame()), pixels(explorer.figure.frame()))
        assert (new.alt, new.data) == (explorer.figure.alt, explorer.figure.data)


def test_a_picture_is_a_valid_png(tmp_path):
    from matplotlib.image import imread

    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    (tmp_path / "a.png").write_bytes(figures.png(image))
    assert np.array_equal((imread(tmp_path / "a.png") * 255).round(), image)


def test_repeated_draws_and_tells_its_numbers():
    numbers = models.repeat_from_two_starts(20, 8, 1.0, "float32")
    figure = figures.draw_repeated(numbers)
    left, right = figure.axes
    for start in (0, 1):
        assert np.array_equal(left.lines[start].get_ydata(), numbers.largest[:, start])
        drawn = right.lines[start].get_ydata()
        assert np.array_equal(drawn[drawn > figures.ZERO], numbers.deviation[numbers.deviation[:, start] > 0, start])
    assert figure.data["standard deviation"] == numbers.deviation.T.ravel().tolist()
    assert right.get_yscale() == "log" and right.get_yticklabels()[0].get_text() == "exactly 0"
    assert "from evenly spaced logits the largest goes from 0.0788 to 0.05, the deviation from 0.015 to exactly 0" in (
        figure.alt
    )


def test_a_chain_draws_and_tells_its_numbers():
    explorer = helpers.explore_softmax([2, -1, 0.5])
    first = softmax(np.array([2, -1, 0.5])).astype(float)
    for _press in range(2):
        explorer.controls["times"].more.click()
    third = softmax(softmax(first)).astype(float)
    left, right = explorer.figure.axes
    assert [bar.get_height() for bar in left.patches] == [2, -1, 0.5]
    bars, outlines = right.patches[:3], right.patches[3:]
    assert [bar.get_height() for bar in outlines] == pytest.approx(first, rel=1e-12)
    assert [bar.get_height() for bar in bars] == pytest.approx(third, rel=1e-12)
    assert [t.get_text() for t in right.texts] == [f"{p:.3f}" for p in third]
    assert right.get_title() == "softmax, 3 times"
    assert explorer.figure.data["probability"][:3] == pytest.approx(first, rel=1e-12)
    assert explorer.figure.data["softmax"] == [1.0] * 3 + [2.0] * 3 + [3.0] * 3
    ends = f"is {third.max():.3g}, the smallest {third.min():.3g}; all equal would be 0.333."
    assert explorer.words.startswith(f"After 3 softmaxes at T = 1 the largest of 3 probabilities {ends}")
    second = softmax(first).astype(float)
    assert explorer.words.endswith(f"One softmax before, they were {second.max():.3g} and {second.min():.3g}.")
    assert f"A {third[0]:.3g}, B {third[1]:.3g}, C {third[2]:.3g}" in explorer.figure.alt
    explorer.controls["temperature"].field.value = 2.0
    assert explorer.words.startswith("After 3 softmaxes at T = 2 ")
    explorer.controls["times"].afresh.click()
    assert explorer.words.startswith("After 1 softmax at T = 2 ") and "before" not in explorer.words
    assert right.get_title() == "softmax"


@pytest.mark.parametrize("logits", [[1.0], range(7), [1.0, float("nan")], [1.0, float("inf")], [[1.0, 2.0]], 3.0])
def test_logits_that_make_no_few_bars_are_refused_in_words(logits):
    with pytest.raises(ValueError, match="expected one row of 2 to 6 finite numbers"):
        helpers.explore_softmax(logits)


def test_weighed_draws_and_tells_its_numbers():
    numbers = models.weigh_outlier(5.0, 1.0)
    figure = figures.draw_weighed(numbers)
    points = np.concatenate([line.get_xydata() for line in figure.axes[0].lines])
    assert np.array_equal(points, np.column_stack([numbers.logits, numbers.probabilities]))
    assert np.array_equal(figure.axes[1].lines[0].get_ydata(), numbers.held)
    assert "the outlier at 6 gets 0.207" in figure.alt and "90% for k = 22." in figure.alt
    left_out = "Not drawn, because below 1e-09: "
    assert figures.tell_weighed(models.weigh_outlier(0.4, 0.1)).endswith(f" {left_out}100 of 101.")
    apart = models.weigh_outlier(0.4, 0.1, outlier=-8.0)
    assert figures.tell_weighed(apart).endswith(f" {left_out}1 of 101, the outlier included.")
    assert np.isnan(figures.draw_weighed(apart).axes[0].lines[1].get_ydata()).all()
    assert figures.tell_weighed(numbers) == (
        "At T = 1 the outlier holds 20.7%, not more than half. Perplexity 22.7 of 101. "
        "90% of the mass takes 22 entries."
    )


def test_shared_draws_and_tells_its_numbers():
    numbers = models.share_vocabulary(1.0)
    figure = figures.draw_shared(numbers)
    ranks = np.array(figure.data["rank"], int)
    assert (ranks[0], ranks[-1]) == (1, 128_256) and np.all(np.diff(ranks) > 0)
    assert figure.data["probability"] == numbers.probabilities[ranks - 1].tolist()
    assert np.array_equal(figure.axes[1].lines[0].get_ydata(), numbers.held[ranks - 1])
    assert figures.tell_shared(numbers).startswith("Spread 1, T = 1: 78\u00a0")
    assert "Another draw" not in figures.tell_shared(numbers)
    assert "Not drawn" not in figures.tell_shared(numbers)
    wide = models.share_vocabulary(8.0)
    counts = [number_text(count) for count in ((wide.probabilities < 1e-9).sum(), 128_256)]
    assert figures.tell_shared(wide).endswith(
        f"Another draw of the logits would give other numbers. Not drawn, because below 1e-09: {' of '.join(counts)}."
    )


def turned(control):
    """Turn a control from end to end; its setting is another one after each turn."""
    if isinstance(control, NumberControl):
        for end in (control.slider.min, control.slider.max):
            control.field.value = end
            yield
    elif isinstance(control, Choice):
        for end in (control.field.options[-1], control.field.options[0]):
            control.field.value = end
            yield
    else:
        for button in (control.more, control.afresh):
            button.click()
            yield


def shown(explorer):
    """Return picture and line, as they stand in the page."""
    return tuple(child.value for child in explorer.view.children[-3:-1])


@every_explorer
def test_every_control_moves_picture_and_words_at_both_ends(explorer):
    for name, control in explorer.controls.items():
        start = control.value
        seen = set()
        for _turn in turned(control):
            picture, line = shown(explorer)
            seen.add((picture, line))
            assert explorer.words in line and "nan" not in line + explorer.figure.alt
        assert len(seen) == 2 and len({picture for picture, _ in seen}) == 2, name
        if isinstance(control, NumberControl | Choice):
            control.field.value = start


def number_controls():
    return [
        pytest.param(name, argument, id=f"{name}, {argument}")
        for name in EXPLORERS
        for argument, control in getattr(helpers, name)().controls.items()
        if isinstance(control, NumberControl)
    ]


every_number = pytest.mark.parametrize(("name", "argument"), number_controls())


@every_number
@pytest.mark.parametrize("share", [0.0123456789, 0.4321098765, 0.9876543211])
def test_what_is_typed_is_kept_to_its_last_digit(explorer, argument, share):
    control = explorer.controls[argument]
    slider = control.slider
    typed = slider.min + share * (slider.max - slider.min)
    typed = round(typed) if isinstance(control.value, int) else round(typed, 9)
    control.field.value = typed
    places = np.linspace(slider.min, slider.max, round((slider.max - slider.min) / slider.step) + 1)
    assert control.field.value == control.value == typed
    assert slider.value == pytest.approx(places[np.abs(places - typed).argmin()], abs=1e-12)
    assert explorer.words == explorer.tell(explorer.numbers)
    expected = explorer.model(**{name: other.value for name, other in explorer.controls.items()} | {argument: typed})
    assert explorer.draw(expected).data == explorer.figure.data
    before = shown(explorer)
    slider.value += 1e-12  # as a slider does that is put there, or that is dragged within its place
    slider.value -= 1e-12
    assert control.value == typed and shown(explorer) == before
    slider.value = places[0] if share > 0.5 else places[-1]
    assert control.value == control.field.value == slider.value != typed


def test_the_sentence_holds_the_digits_that_were_typed():
    """From 0.062 on both starts end alike, at 0.06 the start decides."""
    explorer = helpers.explore_repeated_softmax()
    explorer.controls["steps"].field.value = 120
    explorer.controls["temperature"].field.value = 0.0621
    assert explorer.controls["temperature"].slider.value == 0.06
    assert "at T = 0.0621 " in explorer.words
    above = explorer.words
    explorer.controls["temperature"].field.value = 0.06
    assert explorer.words.rpartition(".")[0] != above.rpartition(".")[0]
    weighed = helpers.explore_temperature_range()
    weighed.controls["temperature"].field.value = 0.5567299
    assert weighed.words.startswith("At T = 0.5567299 ")
    shared = helpers.explore_vocabulary()
    shared.controls["mass"].field.value = 0.56
    assert "tokens hold 56%" in shared.words
    shared.controls["mass"].field.value = 0.98765
    assert "tokens hold 98.765%" in shared.words


@every_number
def test_what_a_slider_sends_is_a_number_of_its_grid(explorer, argument):
    control = explorer.controls[argument]
    for place in (3, 7, 1):
        sent = control.slider.min
        for _step in range(place):
            sent += control.slider.step  # 1.2000000000000002 and the like
        control.slider.value = sent
        assert control.field.value == control.value == round(sent, 9)
        assert len(str(control.value)) <= 4


@every_number
@pytest.mark.parametrize(("beyond", "words"), [(-1e9, " goes from "), (1e9, " goes from "), (float("inf"), " goes ")])
def test_what_lies_out_of_range_is_bounded_with_a_word(explorer, argument, beyond, words):
    control = explorer.controls[argument]
    low, high = control.slider.min, control.slider.max
    for _twice in range(2):
        control.field.value = beyond
        assert control.value == control.field.value == control.slider.value == (high if beyond > 0 else low)
        assert explorer.words.startswith(control.field.description + words) and "nan" not in explorer.words
        assert explorer.words in html.unescape(shown(explorer)[1])
    control.field.value = high if beyond < 0 else low
    assert words not in explorer.words


@every_number
def test_what_is_no_number_leaves_the_last_one(explorer, argument):
    control = explorer.controls[argument]
    before = control.value
    control.field.value = float("nan")
    assert control.value == control.field.value == before


@pytest.mark.parametrize(("typed", "used"), [(12.7, 13), (12.2, 12), (3.5, 4)])
def test_a_whole_number_is_rounded_with_a_word(typed, used):
    explorer = helpers.explore_repeated_softmax()
    for name in ("n_points", "steps"):
        control = explorer.controls[name]
        control.field.value = typed
        assert control.value == control.field.value == used and isinstance(control.value, int)
        assert explorer.words.startswith(f"{control.field.description} is a whole number, not {typed}.")


def widgets_in(view):
    yield view
    for child in getattr(view, "children", ()):
        yield from widgets_in(child)


# Those of ipywidgets 7.7 that need no other package and write nothing into the notebook's outputs.
CORE = {"VBox", "HBox", "HTML", "FloatSlider", "FloatText", "Dropdown", "Button"}


@every_explorer
def test_every_control_is_labelled_and_core(explorer, name):
    assert list(explorer.controls) == EXPLORERS[name]
    every = list(widgets_in(explorer.view))
    assert all(one.description for one in every if type(one).__name__ in ("FloatText", "Dropdown", "Button"))
    names = [type(widget).__name__ for widget in every]
    assert set(names) <= CORE and names.count("HTML") == 3
    picture, line = shown(explorer)
    assert picture.startswith('<img alt="') and 'aria-live="polite"' in line


@pytest.fixture
def displayed(monkeypatch):
    """Return the list of what explorers display from here on."""
    shown = []
    monkeypatch.setattr("helpers.explorers.shell.display", lambda data, **more: shown.append((data, more)))
    return shown


@every_explorer
def test_without_a_front_end_the_picture_and_the_words_remain(explorer, displayed):
    before = explorer.figure.frame()
    explorer._ipython_display_()
    (data, more), (view, plain) = displayed
    assert set(data) == {"image/png", "text/html", "text/plain"} and set(view) == {WIDGET, "text/plain"}
    assert view[WIDGET]["model_id"] == explorer.view.model_id and view["text/plain"] == "" and plain == {"raw": True}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == f"{explorer.words} {explorer.figure.alt}"
    assert f'<img alt="{html.escape(data["text/plain"])}"' in data["text/html"]
    assert "run this cell again" in data["text/html"]
    assert more == {"raw": True, "metadata": {"image/png": {"alt": data["text/plain"], "width": 600}}}
    assert explorer.figure.frame() == before


@every_explorer
def test_the_stored_picture_keeps_every_rule(explorer, displayed, monkeypatch):
    drawn, draw = [], explorer.draw
    monkeypatch.setattr(explorer, "draw", lambda *given: drawn.append(draw(*given)) or drawn[-1])
    explorer._ipython_display_()
    [figure] = drawn
    assert [rule.__name__ for rule in RULES if rule(figure)] == []
    picture, live = (pixels(png) for png in (base64.b64decode(displayed[0][0]["image/png"]), figure.frame()))
    words = picture[: -len(live)]
    assert np.array_equal(picture[-len(live) :], live)
    assert words.min() == 0 and (words[:, [0, -1]] == 255).all() and (words[[0, -1]] == 255).all()


def test_a_cells_picture_and_widgets_know_each_other_and_no_other_cells(displayed, monkeypatch):
    names = set()
    for cell in ("one", "two", ""):
        monkeypatch.setattr("helpers.explorers.shell._cell_id", lambda cell=cell: cell)
        explorer = helpers.explore_softmax()
        explorer._ipython_display_()
        [live] = explorer.view._dom_classes
        still = displayed[-2][0]["text/html"]
        assert f'<div class="{live.removesuffix("-live")}">' in still and live in explorer.view.children[-1].value
        names.add(live)
    assert len(names) == 3


def test_the_cell_is_the_one_that_the_front_end_names(monkeypatch):
    from helpers.explorers import shell

    class Shell:
        def get_parent(self):
            return {"metadata": {"cellId": "a1"}}

    for found, expected in ((Shell(), "a1"), (None, ""), (object(), "")):
        monkeypatch.setattr(shell, "get_ipython", lambda found=found: found)
        assert shell._cell_id() == expected


def test_the_explorers_load_only_when_they_are_used():
    code = "import sys, helpers; print([m for m in ('ipywidgets', 'matplotlib') if m in sys.modules]); "
    code += "helpers.explore_vocabulary; print('ipywidgets' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True False"]
