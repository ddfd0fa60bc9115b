"""Every way to run a notebook shows the same: `make runners` runs them all, here they are shown to be compared."""

import re

import nbformat
import pytest
from nbformat import v4

from grading.course import REPOSITORY
from tests.support import runners

STORED = REPOSITORY / "solutions/temperature_range.ipynb"


def test_what_differs_in_one_digit_is_named():
    """The red fixture, with what nbval overlooks left out: pictures and this machine's PyTorch."""
    stored, other = (runners.shown(nbformat.read(STORED, nbformat.NO_CONVERT)) for _ in range(2))
    assert runners.differences(stored, other) == [] and sum(map(len, stored)) > 3000
    place, number = next(
        (k, found[0]) for k, text in enumerate(stored) if (found := re.search(r"\b0\.\d{3,4}\b", text))
    )
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    other[place] = other[place].replace(number, wrong, 1)
    [said] = runners.differences(stored, other)
    assert said.startswith(f"code cell {place + 1} shows ") and wrong in said and number in said
    assert runners.differences(stored, stored[1:]) == [f"{len(stored) - 1} code cells instead of {len(stored)}"]


def test_pictures_and_widgets_are_not_compared():
    picture = '<img alt="one bar" src="data:image/png;base64,{}">'
    shown = {
        data: runners.as_text(v4.new_output("display_data", {"text/html": picture.format(data), "image/png": data}))
        for data in ("aaaa", "bbbb")
    }
    assert shown["aaaa"] == shown["bbbb"] and "one bar" in shown["aaaa"]
    assert runners.as_text(v4.new_output("stream", name="stderr", text="late\n")) == "stderr: late\n"


@pytest.mark.slow
def test_a_runner_is_told_what_it_shows_otherwise_and_where_it_ends(tmp_path):
    """By those that nbgrader and JupyterLab bring along."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for name, source in {"differs": "print(2)", "fails": "1 / 0"}.items():
        cell = v4.new_code_cell(source, outputs=[v4.new_output("stream", text="1\n")])
        (tmp_path / "solutions").mkdir(exist_ok=True)
        nbformat.write(v4.new_notebook(cells=[cell], metadata=kernel), tmp_path / f"solutions/{name}.ipynb")
    found = list(runners.faults(sorted(tmp_path.rglob("*.ipynb")), ["jupyter execute", "nbconvert"]))
    assert [fault.partition(":")[0] for fault in found] == [
        f"solutions/{name}.ipynb, {runner}"
        for name in ("differs", "fails")
        for runner in ("jupyter execute", "nbconvert")
    ]
    assert "code cell 1 shows '2\\n' instead of '1\\n'" in found[0]
    assert "ended with an error" in found[3] and "ZeroDivisionError" in found[3]
