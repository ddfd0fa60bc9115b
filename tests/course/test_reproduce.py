"""`make reproduce`: the article's figures with their numbers, the same on a second run."""

import csv

import pytest

from helpers.plots.drawing import DescribedFigure
from source import reproduce


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    found = [tmp_path_factory.mktemp("article") for _ in range(2)]
    for folder in found:
        reproduce.save(folder)
    return found


def column(path, name, **where):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [float(row[name]) for row in rows if all(float(row[key]) == value for key, value in where.items())]


def test_every_figure_comes_as_png_svg_and_numbers(folders):
    names = ("1a_iterations", "1b_deviations", "2a_full", "2b_zoomed")
    expected = {f"{name}.{ending}" for name in names for ending in ("png", "svg", "csv")} | {"versions.txt"}
    assert {path.name for path in folders[0].iterdir()} == expected


def test_a_second_run_writes_the_same_numbers_and_drawings(folders):
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second


def test_the_numbers_are_the_articles(folders):
    stds = column(folders[0] / "1b_deviations.csv", "standard deviation")
    assert stds[0] == pytest.approx(1.5425797258e-2, rel=1e-9)
    assert stds[8] == pytest.approx(6.0427440055e-13, rel=1e-4)
    shares = [column(folders[0] / "2a_full.csv", "probability", range=5, temperature=t)[-1] for t in (0.5, 1, 3)]
    assert shares == pytest.approx([0.57476083, 0.20708714, 0.045672971], rel=1e-7)


def test_every_figure_is_drawn_once(monkeypatch):
    drawn = []
    new = DescribedFigure.__init__
    monkeypatch.setattr(DescribedFigure, "__init__", lambda *args: drawn.append(args) or new(*args))
    assert len(reproduce.figures()) == len(drawn) == 4
