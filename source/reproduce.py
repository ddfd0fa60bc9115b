"""Reproduce the article's figures for a report: ``python -m source.reproduce``, or ``make reproduce``.

The functions are the solutions' own. Each figure goes to ``build/article`` as PNG and SVG, with a CSV of the numbers it
shows; ``versions.txt`` names what computed them. A second run writes the same numbers.
"""

import argparse
import csv
import math
import platform
from importlib.metadata import version
from pathlib import Path

import matplotlib
import torch

import helpers
from grading.course import REPOSITORY, Course
from helpers.pipeline import run_experiments


def answers(*assignments):
    """Return the solutions' functions by name, and the modules that they use."""
    names = {"math": math, "torch": torch, "helpers": helpers}
    course = Course()
    for assignment in assignments or course.assignments:
        for source in course.solutions(assignment).values():
            exec(source, names)
    return names


def figures():
    """Run both experiments and return the article's figures by file name."""
    found = answers()
    probs, stds, x, results = run_experiments(
        found["iterative_softmax_experiment"], found["temperature_range_experiment"]
    )
    return {
        "1a_iterations": helpers.plot_iterations(probs, x),
        "1b_deviations": helpers.plot_log_std(stds, n_points=len(x)),
        "2a_full": helpers.plot_full(results),
        "2b_zoomed": helpers.plot_zoomed(results),
    }


def save(folder):
    """Write every figure, its numbers and the versions to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    helpers.seed_everything(0)
    with matplotlib.rc_context({"svg.hashsalt": "softmax-lab"}):  # else the ids in an SVG are random
        for name, figure in figures().items():
            figure.savefig(folder / f"{name}.png", dpi=200)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            with open(folder / f"{name}.csv", "w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(figure.data)
                rows.writerows(zip(*figure.data.values(), strict=True))
    versions = {name: version(name) for name in ("torch", "numpy", "matplotlib")}
    versions = {"python": platform.python_version(), "softmax-lab": helpers.__version__} | versions
    (folder / "versions.txt").write_text("".join(f"{name} {number}\n" for name, number in versions.items()))


def main():
    parser = argparse.ArgumentParser(prog="python -m source.reproduce", description="Write the article's figures.")
    parser.add_argument("--to", type=Path, default=REPOSITORY / "build" / "article", help="folder to write to")
    folder = parser.parse_args().to
    save(folder)
    print(f"wrote {len(list(folder.iterdir()))} files to {folder}")


if __name__ == "__main__":
    main()
