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
from helpers.explorers.shell import WIDGET, NumberControl
from tests.support.figure_rules import RULES
from tests.support.longdouble import softmax

EXPLORERS = {
    "explore_repeated_softmax": ["n_points", "steps", "temperature", "dtype"],
    "explore_temperature_range": ["half_range", "temperature", "outlier"],
    "explore_vocabulary": ["spread", "temperature", "mass"],
}
every_explorer = pytest.mark.parametrize("name", EXPLORERS)


@pytest.fixture
def explorer(name):
    return getattr(helpers, name)()


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
            field = control.field
            field.value = (
                getattr(field, end) if isinstance(control, NumberControl) else field.options[-1 if end == "max" else 0]
            )
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


def test_weighed_draws_and_tells_its_numbers():
    numbers = models.weigh_outlier(5.0, 1.0)
    figure = figures.draw_weighed(numbers)
    points = np.concatenate([line.get_xydata() for line in figure.axes[0].lines])
    assert np.array_equal(points, np.column_stack([numbers.logits, numbers.probabilities]))
    assert np.array_equal(figure.axes[1].lines[0].get_ydata(), numbers.held)
    assert "the outlier at 6 gets 0.207" in figure.alt and "90 % for k = 22." in figure.alt
    assert "Not drawn" not in figure.alt
    assert figures.draw_weighed(models.weigh_outlier(8.0, 0.1)).alt.endswith("of 101.")
    assert figures.tell_weighed(numbers) == (
        "At T = 1 the outlier holds 20.7 %, not more than half. Perplexity 22.7 of 101. "
        "90 % of the mass takes 22 entries."
    )


def test_shared_draws_and_tells_its_numbers():
    numbers = models.share_vocabulary(1.0)
    figure = figures.draw_shared(numbers)
    ranks = np.array(figure.data["rank"], int)
    assert (ranks[0], ranks[-1]) == (1, 128_256) and np.all(np.diff(ranks) > 0)
    assert figure.data["probability"] == numbers.probabilities[ranks - 1].tolist()
    assert np.array_equal(figure.axes[1].lines[0].get_ydata(), numbers.held[ranks - 1])
    assert figures.tell_shared(numbers).startswith("Spread / T = 1: 78,")
    assert "Another draw" not in figures.tell_shared(numbers)
    assert figures.tell_shared(models.share_vocabulary(8.0)).endswith(
        "Another draw of the logits would give other numbers."
    )


@every_explorer
def test_every_control_moves_picture_and_words_at_both_ends(explorer):
    for control in explorer.controls.values():
        field = control.field
        start = field.value
        ends = (field.min, field.max) if isinstance(control, NumberControl) else (field.options[-1], field.options[0])
        seen = set()
        for end in ends:
            field.value = end
            picture, line = (child.value for child in explorer.view.children[-2:])
            seen.add((picture, line))
            assert explorer.words in line and "nan" not in line + explorer.figure.alt
        assert len(seen) == 2 and len({picture for picture, _ in seen}) == 2, field.description
        field.value = start


@every_explorer
def test_slider_and_field_are_one_number(explorer):
    for control in explorer.controls.values():
        if isinstance(control, NumberControl):
            control.slider.value = type(control.slider.value)(control.slider.min + control.slider.step * 3)
            assert control.field.value == pytest.approx(control.slider.value, abs=1e-12)
            control.field.value = control.field.max
            assert control.slider.value == control.field.max
    temperature = explorer.controls.get("temperature")
    temperature.slider.value = 1.2000000000000002
    assert temperature.field.value == 1.2
    temperature.field.value = 0.5123
    assert temperature.slider.value == temperature.field.value == 0.5123


def widgets_in(view):
    yield view
    for child in getattr(view, "children", ()):
        yield from widgets_in(child)


# Those of ipywidgets 7.7 that need no other package and write nothing into the notebook's outputs.
CORE = {"VBox", "HBox", "HTML", "IntSlider", "FloatSlider", "BoundedIntText", "BoundedFloatText", "Dropdown"}


@every_explorer
def test_every_control_is_labelled_and_core(explorer, name):
    assert list(explorer.controls) == EXPLORERS[name]
    assert all(control.field.description for control in explorer.controls.values())
    names = [type(widget).__name__ for widget in widgets_in(explorer.view)]
    assert set(names) <= CORE and names.count("HTML") == 2
    picture, line = explorer.view.children[-2:]
    assert picture.value.startswith('<img alt="') and 'aria-live="polite"' in line.value


@every_explorer
def test_without_a_front_end_the_picture_and_the_words_remain(explorer, monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.explorers.shell.display", lambda data, **more: shown.append((data, more)))
    before = explorer.figure.frame()
    explorer._ipython_display_()
    [(data, more)] = shown
    assert set(data) == {WIDGET, "image/png", "text/html", "text/plain"}
    assert data[WIDGET]["model_id"] == explorer.view.model_id
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == f"{explorer.words} {explorer.figure.alt}"
    assert data["text/html"].startswith(f'<img alt="{html.escape(data["text/plain"])}"')
    assert more == {"raw": True, "metadata": {"image/png": {"alt": data["text/plain"], "width": 760}}}
    assert explorer.figure.frame() == before


def test_the_explorers_load_only_when_they_are_used():
    code = "import sys, helpers; print([m for m in ('ipywidgets', 'matplotlib') if m in sys.modules]); "
    code += "helpers.explore_vocabulary; print('ipywidgets' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True False"]
