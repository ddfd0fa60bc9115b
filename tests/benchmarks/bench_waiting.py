"""Time what a student waits for: pytest tests/benchmarks/bench_waiting.py.

Every cell of a solved notebook runs in a fresh kernel, in an empty folder, with no helpers but those that it carries,
as in Colab; once more with Colab's own versions, where the tests have left them in build/. A step takes as long as its
cells; beside it stands how often `import torch` would fit into it, and what it loads. Times are the processor's, which
other work on the machine lengthens least. Nothing is asserted: a loaded machine would fail honest code.
"""

import ast
import json
import sys

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS

# An editable install of ours is a finder or a folder on the path.
HIDE = """import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in str(finder)]
sys.path[:] = [folder for folder in sys.path if folder != {!r}]"""
LOOK = {
    "seconds": "__import__('time').process_time()",
    "loaded": "sorted({name.partition('.')[0] for name in __import__('sys').modules})",
}


def steps(cells):
    """Give each code cell the name of what a student waits for in it; the first of a kind has its own."""
    seen = set()
    for number, cell in enumerate(cells):
        words = cell.source.split("(")[0].strip()
        pictures = any("image/png" in output.get("data", {}) for output in cell.outputs)
        if number == 0:
            name = "first cell"
        elif "import helpers" in cell.source:
            name = "setup"
        elif words.startswith("helpers.explore_"):
            name = words.removeprefix("helpers.")
        else:
            name = "check" if words == "check" else "picture" if pictures else "the rest"
        yield (f"first {name}" if name in ("check", "picture") and name not in seen else name), cell.source
        seen.add(name)


def measured(kernel, cells):
    """Run the cells; return {step: (seconds, packages that it loads)}."""

    def run(source):
        answer = kernel.execute_interactive(
            source, user_expressions=LOOK, output_hook=lambda message: None, timeout=300
        )
        assert answer["content"]["status"] == "ok", answer["content"]
        found = {name: shown["data"]["text/plain"] for name, shown in answer["content"]["user_expressions"].items()}
        return float(found["seconds"]), set(ast.literal_eval(found["loaded"]))

    times = {}
    before, known = run(HIDE.format(str(REPOSITORY)))
    for name, source in [("import torch", "import torch"), *steps(cells)]:
        now, loaded = run(source)
        seconds, packages = times.get(name, (0, set()))
        times[name] = (seconds + now - before, packages | loaded - known)
        before, known = now, loaded
    return times


@pytest.mark.parametrize("python", [sys.executable, *map(str, REPOSITORY.glob("build/colab-*/bin/python"))])
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_time_what_students_wait_for(assignment, python, tmp_path, monkeypatch, capsys):
    (tmp_path / "kernels/waiting").mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (tmp_path / "kernels/waiting/kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (tmp_path / "empty").mkdir()
    notebook = nbformat.read(REPOSITORY / f"solutions/{assignment}.ipynb", nbformat.NO_CONVERT)
    manager, kernel = start_new_kernel(kernel_name="waiting", cwd=str(tmp_path / "empty"))
    try:
        times = measured(kernel, [cell for cell in notebook.cells if cell.cell_type == "code"])
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    torch, _ = times["import torch"]
    total = sum(seconds for seconds, _ in times.values())
    with capsys.disabled():
        print(f"\n{assignment}, {python}\n{'a student waits for':<30}{'seconds':>8}{'ratio':>7}  and loads")
        for name, (seconds, packages) in [*times.items(), ("all of it", (total, set()))]:
            loads = " ".join(sorted(package for package in packages if not package.startswith("_"))[:6])
            print(f"{name:<30}{seconds:>8.2f}{seconds / torch:>7.2f}  {loads}")
