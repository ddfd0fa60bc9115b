"""Build every notebook of a course from the text notebooks in its source/; nothing else writes one.

    source/X.py -> source/X/X.ipynb -> release/X/X.ipynb -> notebooks/X.ipynb
                          |
                          +-> solutions/X.ipynb, executed

and of each language in source/locale (see translation.py) notebooks/LANGUAGE/X.ipynb, solutions/LANGUAGE/X.ipynb and
helpers/locale/LANGUAGE.json.

A text notebook is a file of source/ with a line that begins "# %%". It is a row of cells under headers, always at the
start of a line:

    # %% [markdown]                      prose; every line of it starts with "#"
    # %%                                 code
    # %% solution="softmax_t"            code that defines softmax_t; the answer between markers
    # %% test="softmax_t" points=2       no body: the call of check() is written here; a claim's has points=0; it
                                         follows its solution, or that of the FUNCTION which its exercise's file names
    # %% setup                           code, below a folded cell that brings the helpers along (packing.py)

and any header may end in tags="a,b". A heading, and a map of them, may leave their sums to the build: "(read 4 · do 20
· {points} points)", see `texts.summed`. The markers are lines of their own, ### BEGIN SOLUTION and
### END SOLUTION; what stands outside them is the stub that students get. Text becomes notebooks by pure
functions; nbgrader (in a temporary course folder, away from every gradebook), a kernel and the files are
the thin layers around them.
"""

import argparse
import ast
import base64
import hashlib
import json
import re
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path

import nbformat
import polib
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, v4

from grading.authoring import packing, translation
from grading.authoring.draw import committed, older_in_words, questions_bytes
from grading.authoring.exercise import ExerciseError, load_exercises
from grading.authoring.texts import other_headings, summed, translated
from grading.course import REPOSITORY, Course, content, home_of
from grading.plugins.run import nbgrader
from grading.reports import catalogues

# What the judge replaces: without it every mark is 0, and a student never sees the region.
TEST = """check("{0}")
### BEGIN HIDDEN TESTS
0.0
### END HIDDEN TESTS"""

HEADER = re.compile(r'# %%(?P<markdown> \[markdown\])?(?P<setup> setup)?(?P<options>( \w+=("[^"]*"|[^\s"]+))*)\s*')
KEYS = {"solution", "test", "points", "tags"}
REGION = r"([ \t]*)[^\n]*BEGIN {0}((?!BEGIN {0}).)*?END {0}[^\n]*"
ANSWER, HIDDEN = (re.compile(REGION.format(label), re.DOTALL) for label in ("SOLUTION", "HIDDEN TESTS"))
MARKER = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)")
WIDGET = "application/vnd.jupyter.widget-view+json"
FIGURE = "docs/figure{}.png"
START = re.compile(r"^#\s*%%", re.MULTILINE)  # of a cell
WRITTEN = {"exercises", "cases", "locale"}  # the folders of source/ that are no assignment's
SETUP_ID, BADGES_ID = "setup", "badges"  # of the cells that no text holds
BADGES = """\
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/{0})
[![Open in Kaggle](https://kaggle.com/static/images/open-in-kaggle.svg)](https://kaggle.com/kernels/welcome?src=https://github.com/{0})"""
WAY_OUT = "run make course (python source/build.py)"


class BuildError(Exception):
    """A mistake in the course's own files, told in one message."""


@dataclass(frozen=True)
class Cell:
    """A cell of a text notebook, and where it stands there."""

    kind: str  # "markdown", "code", "setup", "solution" or "test"
    source: str
    name: str  # of the exercise, for a solution or a test
    points: float | None
    tags: tuple[str, ...]
    where: str  # for messages: file, cell and line
    line: int  # of its header, counted from 1


def parse(text: str, file: str) -> list[Cell]:
    """Return the cells of a text notebook, or raise BuildError on the first one that breaks a rule."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if START.match(line)]
    for i, line in enumerate(lines[: starts[0] if starts else None], 1):
        if line.strip():
            raise BuildError(f'{file}, cell 0 (line {i}): text before the first header; start with "# %%"')
    if not starts:
        raise BuildError(f'{file}, cell 0 (line 1): no cell; start with "# %%"')
    cells = []
    for number, (start, end) in enumerate(pairwise([*starts, len(lines)]), 1):
        where = f"{file}, cell {number} (line {start + 1})"
        kind, name, points, tags = _header(lines[start], where)
        body = "\n".join(lines[start + 1 : end]).strip("\n")
        source = _prose(body, where) if kind == "markdown" and body.strip() else body
        if kind == "test" and source.strip():
            raise BuildError(f"{where}: a test has no body; move the code to a cell of its own")
        if kind != "test" and not source.strip():
            raise BuildError(f"{where}: the cell is empty; write something or delete its header")
        source = TEST.format(name) if kind == "test" else source
        cells.append(Cell(kind, source, name, points, tags, where, start + 1))
    _guard(cells)
    return cells


def _header(line: str, where: str) -> tuple[str, str, float | None, tuple[str, ...]]:
    match = HEADER.fullmatch(line)
    pairs = re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', match["options"]) if match else []
    options = {key: quoted or bare for key, quoted, bare in pairs}
    if not match or len(options) < len(pairs):
        raise BuildError(
            f"{where}: malformed header {line!r}; write # %% or # %% [markdown], one blank before each"
            ' key="value", and no key twice'
        )
    if unknown := sorted(options.keys() - KEYS):
        raise BuildError(f"{where}: unknown key {unknown[0]!r}; the keys are {', '.join(sorted(KEYS))}")
    roles = options.keys() & {"solution", "test"}
    if len(roles) + bool(match["markdown"]) + bool(match["setup"]) > 1:
        raise BuildError(f"{where}: a cell is one of markdown, code, setup, solution, test; split it")
    kind = "markdown" if match["markdown"] else "setup" if match["setup"] else next(iter(roles), "code")
    name = options.get(kind, "")
    if roles and not name.isidentifier():
        raise BuildError(f"{where}: {kind}={name!r} is not a Python name; name the function")
    points = options.get("points")
    if kind != "test" and points is not None:
        raise BuildError(f"{where}: points belong on a test header; move them there")
    if kind == "test" and not re.fullmatch(r"\d+(\.\d+)?", points or ""):
        raise BuildError(f"{where}: the test of {name} needs points=NUMBER, got {points}")
    tags = tuple(tag.strip() for tag in options["tags"].split(",")) if "tags" in options else ()
    if not all(tags) or len(set(tags)) < len(tags):
        raise BuildError(f'{where}: tags={options["tags"]!r} is not a list like "a,b" without repetition')
    return kind, name, float(points) if points else None, tags


def _prose(body: str, where: str) -> str:
    lines = body.rstrip().split("\n")
    if bare := [line for line in lines if not re.fullmatch(r"#( .*)?", line.rstrip())]:
        line = next(filter(str.strip, bare), "")
        raise BuildError(f'{where}: prose without "# " before it: {line!r}; is a "# %%" missing above it?')
    return "\n".join(line[2:].rstrip() for line in lines).strip("\n")


def _guard(cells: list[Cell]) -> None:
    seen = set()
    first = next((cell for cell in cells if cell.kind != "markdown"), None)
    for cell in cells:
        if cell.name and (cell.kind, cell.name) in seen:
            raise BuildError(f"{cell.where}: a second {cell.kind} of {cell.name}; each exercise has one")
        seen.add((cell.kind, cell.name))
        if cell.kind == "setup" and cell is not first:
            raise BuildError(f"{cell.where}: the setup stands once, above all other code; move or remove it")
        if cell.kind in ("code", "setup", "solution"):
            try:
                ast.parse(cell.source)
            except SyntaxError as error:
                line = (error.text or "").strip()
                raise BuildError(f"{cell.where}: the code does not parse: {error.msg}: {line}") from None
        if cell.kind == "solution":
            _guard_solution(cell)
        elif cell.kind != "test" and MARKER.search(cell.source):
            marker = MARKER.search(cell.source)[0]
            raise BuildError(f"{cell.where}: {marker} outside a solution; write solution=... in its header")


def _guard_solution(cell: Cell) -> None:
    stub, regions = ANSWER.subn(r"\1...", cell.source)
    if not regions or MARKER.search(stub):
        raise BuildError(f"{cell.where}: {cell.name} needs its answer between ### BEGIN SOLUTION and ### END SOLUTION")
    try:
        statements = ast.parse(stub).body
    except SyntaxError as error:
        raise BuildError(
            f"{cell.where}: without its answer {cell.name} does not parse: {error.msg}; move the markers"
        ) from None
    targets = [target for s in statements for target in getattr(s, "targets", [getattr(s, "target", None)])]
    names = {getattr(item, "name", getattr(item, "id", None)) for item in [*statements, *targets]}
    if cell.name not in names:
        raise BuildError(f"{cell.where}: {cell.name} is not defined outside its answer; students need a stub")


def instructor_notebook(cells: list[Cell], setup: str = "", badges: str = "") -> NotebookNode:
    """Return the notebook that nbgrader and instructors read: answers inside, no outputs.

    Arguments
        cells: of the text notebook, as `parse` returns them
        setup: the source of the cell that brings the helpers along, for the text's setup cell
        badges: Markdown for a first cell, if there is any
    """
    nb = v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            # The kernel would write its Python's version here.
            "language_info": {"name": "python"},
        }
    )
    if badges:
        nb.cells.append(v4.new_markdown_cell(badges, id=BADGES_ID))
    uses = Counter()
    for cell in cells:
        if cell.kind == "setup":
            nb.cells.append(v4.new_code_cell(setup, id=SETUP_ID, metadata=nbformat.from_dict(packing.FOLDED)))
        kind = "code" if cell.kind == "setup" else cell.kind
        digest = hashlib.sha256(f"{kind}\n{cell.source}".encode()).hexdigest()[:8]
        cell_id = f"{cell.kind}-{cell.name}" if cell.name else digest
        uses[cell_id] += 1
        new = v4.new_markdown_cell if cell.kind == "markdown" else v4.new_code_cell
        suffix = f"-{uses[cell_id]}" if uses[cell_id] > 1 else ""
        nb.cells.append(new(cell.source, id=cell_id + suffix, metadata=_metadata(cell)))
    return nb


def _metadata(cell: Cell) -> dict:
    metadata = {"tags": list(cell.tags)} if cell.tags else {}
    if cell.name:
        test = cell.kind == "test"
        metadata["nbgrader"] = {
            "grade": test,
            "grade_id": f"test_{cell.name}" if test else cell.name,
            "locked": test,
            "schema_version": 3,
            "solution": not test,
            "task": False,
        }
    if cell.points is not None:
        metadata["nbgrader"]["points"] = int(cell.points) if cell.points.is_integer() else cell.points
    return metadata


def solution_notebook(instructor: NotebookNode) -> NotebookNode:
    """Return the answers without nbgrader's markers and metadata, numbered as one run numbers them."""
    nb = nbformat.from_dict(instructor)  # a copy
    counter = count(1)
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code":
            if MARKER.search(cell.source):  # a long line, as that of packed helpers, would take the other one seconds
                visible = HIDDEN.sub("", cell.source).split("\n")
                cell.source = "\n".join(line for line in visible if not MARKER.search(line)).rstrip("\n")
            cell.execution_count = next(counter)
    return nb


def dumps(nb: NotebookNode) -> str:
    """Return the notebook's file, as nbgrader writes its own."""
    return nbformat.writes(nb) + "\n"


def same_file(path: str, stored: str, fresh: str) -> bool:
    """Compare a derived file with a fresh one: every byte, in solutions/ everything but the outputs."""
    if not path.startswith("solutions/"):
        return stored == fresh
    try:
        nb = json.loads(stored)
        for cell in nb["cells"]:
            if "outputs" in cell:
                cell["outputs"] = []
    except (ValueError, KeyError, TypeError):
        return False
    return nb == json.loads(fresh)


def release(instructors: dict[str, str], root: Path) -> dict[str, str]:
    """Return what `nbgrader generate_assignment` makes of the instructors' notebooks, by name.

    The nbgrader_config.py of ``root`` holds, or else this repository's; the user's own configuration and every
    gradebook stay out of it. One run for all, for starting it is what takes time.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder).resolve()
        for name, text in instructors.items():
            _write(course / f"source/{name}/{name}.ipynb", text.encode())
        options = "--create", "--force", f"--CourseDirectory.db_url=sqlite:///{(course / 'gradebook.db').as_posix()}"
        where = {"config": home_of(root), "JUPYTER_CONFIG_DIR": str(course / "config")}
        done = nbgrader(course, "generate_assignment", "*", *options, **where)
        if done.returncode:
            raise BuildError(f"source/: nbgrader generate_assignment failed:\n{done.stderr.strip()}")
        return {name: (course / f"release/{name}/{name}.ipynb").read_text("utf-8") for name in instructors}


def execute(skeleton: str, cells: list[Cell]) -> str:
    """Return a solution's file with the outputs of one run in a fresh kernel."""
    nb = nbformat.reads(skeleton, as_version=nbformat.NO_CONVERT)
    metadata = nbformat.from_dict(nb.metadata)
    running = []
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            nb,
            kernel_name="python3",
            timeout=120,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": folder}},
            on_cell_start=lambda cell, cell_index: running.append(cell_index),
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            place = sum(cell.id not in (SETUP_ID, BADGES_ID) for cell in nb.cells[: running[-1]])
            ended = isinstance(error, CellExecutionError)
            reason = f"{error.ename}: {error.evalue}" if ended else str(error).splitlines()[0]
            raise BuildError(f"{cells[place].where}: {reason}") from None
    nb.metadata = metadata
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            # A model's id is random, and without a stored state it names nothing.
            output.get("data", {}).get(WIDGET, {}).update(model_id=cell.id)
    return dumps(nb)


def readme_figures(solutions: dict[str, str]) -> dict[str, bytes]:
    """Return the pictures that the READMEs show, by path: for each language the first one under a cell tagged "readme".

    ``solutions`` are the solutions' files, by path.
    """
    found = {}
    for path, text in solutions.items():
        language = "".join(f".{part}" for part in Path(path).parts[1:-1])  # nothing for English
        tagged = (cell for cell in json.loads(text)["cells"] if "readme" in cell["metadata"].get("tags", []))
        outputs = (output.get("data", {}) for cell in tagged for output in cell["outputs"])
        for picture in (data["image/png"] for data in outputs if "image/png" in data):
            found.setdefault(FIGURE.format(language), base64.b64decode(picture))
    return found


def instructors(root: Path) -> tuple[dict[str, NotebookNode], dict[str, list[Cell]]]:
    """Return the instructors' notebooks, as they are translated, and the cells of each text, by name."""
    texts = {name: parse(text, f"source/{name}.py") for name, text in text_notebooks(root).items()}
    for name, cells in texts.items():
        guard_tests(root, name, cells)
    notebooks = {
        name: instructor_notebook(cells, setup_cell(root, name, cells), badges(root, name))
        for name, cells in texts.items()
    }
    return notebooks, texts


def guard_tests(root: Path, name: str, cells: list[Cell]) -> None:
    """Raise BuildError where a test cell has no solution above it, no exercise, or other points than that has."""
    exercises, solved = load_exercises(root, name), [""]
    for cell in cells:
        solved += [cell.name] if cell.kind == "solution" else []
        function = exercises[cell.name].function if cell.name in exercises else cell.name
        if cell.kind == "test" and function not in solved:
            raise BuildError(f"{cell.where}: no solution of {function} above its test; put the solution's cell first")
        if cell.kind == "test" and cell.name != function != solved[-1]:
            raise BuildError(f"{cell.where}: a test of {function} stands below a solution of {solved[-1]}; move it up")
        if cell.kind == "test" and cell.name in exercises and exercises[cell.name].points != cell.points:
            file = f"source/exercises/{name}/{cell.name}.py"
            raise BuildError(
                f"{cell.where}: points={cell.points:g}, but ASPECTS of {file} make {exercises[cell.name].points:g}"
            )
        if cell.kind == "test" and not cell.points and not getattr(exercises.get(cell.name), "claim", None):
            raise BuildError(f"{cell.where}: the test of {cell.name} needs points above 0; only a claim's has none")
        if cell.kind == "test" and exercises and cell.name not in exercises:
            raise BuildError(
                f"{cell.where}: there is no source/exercises/{name}/{cell.name}.py; write the exercise there"
            )


def case_files(root: Path) -> dict[str, bytes]:
    """Return every case file by its path, drawn from the exercise files, and what these say for reports."""
    course, found = Course(root), {}
    for name in text_notebooks(root, some=False):
        drawn = committed(course, name)
        found |= {course.case_file(name, kind): content for kind, content in drawn.items()}
        if drawn:
            found[course.questions_file(name)] = questions_bytes(course, name)
    return {path.relative_to(root).as_posix(): content for path, content in found.items()}


def text_notebooks(root: Path, some: bool = True) -> dict[str, str]:
    """Return the text notebooks by name: the files of source/ in which a cell starts; with ``some`` at least one."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted((root / "source").glob("*.py"))}
    texts = {name: text for name, text in texts.items() if START.search(text)}
    if some and not texts:
        raise BuildError("source/: no text notebook to build; write one, source/NAME.py")
    return texts


def derive(root: Path, unsummed: dict[str, NotebookNode], texts: dict[str, list[Cell]]) -> dict[str, str]:
    """Return every derived file by its path, solutions not executed, of what `instructors` returns."""
    notebooks = {name: _summed(nb, f"source/{name}.py") for name, nb in unsummed.items()}
    fresh, editions = {}, {}
    for language in catalogues.languages(root):
        known = catalogues.load(root, language, (*notebooks, "helpers"))
        fresh[f"helpers/locale/{language}.json"] = spoken = translation.compiled(known)
        for name, nb in unsummed.items():
            edition = translated(nb, language, catalogues.usable_translations(known[name]))
            edition = _summed(edition, catalogue := f"{catalogues.LOCALE.as_posix()}/{language}/{name}.po")
            if other := other_headings(notebooks[name], edition):
                raise BuildError("\n".join(f"{catalogue}: {sentence}" for sentence in other))
            own = {
                SETUP_ID: setup_cell(root, name, texts[name], language, spoken),
                BADGES_ID: badges(root, f"{language}/{name}"),
            }
            for cell in edition.cells:
                cell.source = own.get(cell.id, cell.source)
            editions[language, name] = edition
    named = {f"{language}-{name}": dumps(nb) for (language, name), nb in editions.items()}
    released = release({name: dumps(nb) for name, nb in notebooks.items()} | named, root)
    for name, nb in notebooks.items():
        fresh[f"source/{name}/{name}.ipynb"] = dumps(nb)
        fresh[f"release/{name}/{name}.ipynb"] = released[name]
        fresh[f"notebooks/{name}.ipynb"] = released[name]
        fresh[f"solutions/{name}.ipynb"] = dumps(solution_notebook(nb))
    for (language, name), nb in editions.items():
        fresh[f"notebooks/{language}/{name}.ipynb"] = released[f"{language}-{name}"]
        fresh[f"solutions/{language}/{name}.ipynb"] = dumps(solution_notebook(nb))
    return fresh


def _summed(nb: NotebookNode, file: str) -> NotebookNode:
    try:
        return summed(nb)
    except ValueError as error:
        raise BuildError("\n".join(f"{file}: {sentence}" for sentence in str(error).split("\n"))) from None


def setup_cell(root: Path, name: str, cells: list[Cell], language: str = "en", spoken: str = "") -> str:
    """Return the source of the cell that brings the helpers and a notebook's public cases; empty where it has none.

    The helpers are this repository's. The stored cell stays while it holds the same files. ``spoken`` is what the
    language's catalogue holds, which is packed as well.
    """
    kinds, course = {cell.kind for cell in cells}, Course(root)
    if "setup" not in kinds:
        return ""
    files = {
        path.relative_to(REPOSITORY).as_posix(): path.read_bytes() for path in (REPOSITORY / "helpers").rglob("*.py")
    }
    if spoken:
        files[f"helpers/locale/{language}.json"] = spoken.encode()
    if "solution" in kinds:
        try:
            files[packing.CASES] = content(course.case_file(name, "public"))
        except FileNotFoundError as error:
            raise BuildError(f"source/{name}.py: {error}") from None
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    stored = course.notebook(name, language)
    cell = [setup_in(stored.read_text("utf-8"))] if stored.exists() else []
    return packing.setup_source(files, project, cell, [cell.source for cell in cells if cell.kind != "markdown"])


def setup_in(text: str) -> str:
    """Return the source of the setup cell in a notebook's file; empty where there is none."""
    try:
        cells = json.loads(text)["cells"]
        return "".join(next(cell["source"] for cell in cells if cell.get("id") == SETUP_ID))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return ""


def badges(root: Path, name: str) -> str:
    """Return the badges that open a notebook in Colab and Kaggle, at the tag that pyproject.toml names; or nothing.

    The setting is `repository = "owner/name@tag"` in the table [tool.softmax-lab].
    """
    path = root / "pyproject.toml"
    table = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("softmax-lab", {}) if path.exists() else {}
    repository = table.get("repository", "")
    if not repository:
        return ""
    found = re.fullmatch(r"([\w.-]+/[\w.-]+)@([\w./-]+)", repository)
    if not found:
        raise BuildError(f'pyproject.toml: repository is {repository!r}; write "owner/name@tag", or "" for no badges')
    return BADGES.format(f"{found[1]}/blob/{found[2]}/notebooks/{name}.ipynb")


def drift(root: Path, fresh: dict[str, str]) -> list[str]:
    """Return a line for each derived file that is missing, stale or superfluous."""
    problems = []
    for path, text in fresh.items():
        if not (root / path).exists():
            problems.append(f"{path} is missing: {WAY_OUT}")
        elif not same_file(path, (root / path).read_bytes().decode("utf-8", "replace"), text):
            stored = setup_in((root / path).read_bytes().decode("utf-8", "replace"))
            differing = packing.differences(stored, packing.unpack(setup_in(text)))
            named = f" (in its setup cell: {', '.join(differing)})" if differing else ""
            problems.append(f"{path} is stale, or was edited by hand{named}: {WAY_OUT}")
    for path, drawn in case_files(root).items():
        if not (root / path).exists() or (root / path).read_bytes() != drawn:
            problems.append(f"{path} is missing or stale: {WAY_OUT}")
    problems += superfluous(root, fresh)
    if not problems:
        stored = {path: (root / path).read_text("utf-8") for path in fresh if path.startswith("solutions/")}
        for path, picture in readme_figures(stored).items():
            if not (root / path).exists() or (root / path).read_bytes() != picture:
                problems.append(f"{path} is not the picture in solutions/: {WAY_OUT}")
    return problems


def superfluous(root: Path, fresh: dict[str, str]) -> list[str]:
    """Return a line for each file where derived files lie that no text makes; it may be someone's work."""
    folders = (f for f in (root / "source").iterdir() if f.is_dir() and f.name not in WRITTEN)
    found = [p for f in folders for p in f.rglob("*")]
    derived = ("release", "notebooks", "solutions", "helpers/locale")
    found += [p for folder in derived for p in (root / folder).rglob("*")]
    files = {p.relative_to(root).as_posix() for p in found if p.is_file()}
    # nbgrader passes over these two as well.
    ours = {path for path in files if not {".ipynb_checkpoints", "__pycache__"} & set(Path(path).parts)}
    return [
        f"{path} is superfluous: no text in source/ makes it"
        f"{', and nbgrader would copy it to students' if path.startswith('source/') else ''};"
        " delete it, or move it to work/"
        for path in sorted(ours - fresh.keys())
    ]


def in_english(root: Path, said: dict[str, polib.POFile]) -> list[str]:
    """Return a line for each edition that says something in English for now, and what to do before a release."""
    left = Counter(line.partition(": ")[0].rpartition("/")[0] for line in translation.left_to_translate(root, said))
    return [
        f"{folder}: {number} text{' is' if number == 1 else 's are'} not translated, and English in that edition."
        " Before a release: make messages, translate what is empty or fuzzy, make course (make messages CHECK=1 lists)"
        for folder, number in left.items()
    ]


def private_sets(root: Path) -> list[str]:
    """Return a line for each private set of hidden cases that is older than its exercises: it is nobody else's."""
    course = Course(root)
    kept = [name for name in course.assignments if course.case_file(name, "private").exists()]
    return [line for name in kept if (line := older_in_words(course, name))]


def _write(path: Path, data: bytes) -> bool:
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)
    return True


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build every notebook from the texts in source/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not fresh")
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="the course folder; default: this repository")
    args = parser.parse_args(argv)
    args.root = args.root.resolve()
    try:
        if not args.check:  # notebooks carry their public cases
            for path, content in case_files(args.root).items():
                if _write(args.root / path, content):
                    print(f"wrote {path}")
        notebooks, texts = instructors(args.root)
        said = translation.template(args.root, notebooks) if catalogues.languages(args.root) else {}
        fresh = derive(args.root, notebooks, texts)
        if args.check:
            problems = translation.problems(args.root, said) + drift(args.root, fresh)
        else:
            solutions = [path for path in fresh if path.startswith("solutions/")]
            for path, text in fresh.items():  # what helpers say comes before the notebooks that show it
                if path not in solutions and _write(args.root / path, text.encode()):
                    print(f"wrote {path}")
            for path in solutions:
                fresh[path] = execute(fresh[path], texts[Path(path).stem])
                if _write(args.root / path, fresh[path].encode()):
                    print(f"wrote {path}")
            for path, picture in readme_figures({path: fresh[path] for path in solutions}).items():
                if _write(args.root / path, picture):
                    print(f"wrote {path}")
            problems = superfluous(args.root, fresh)
        for line in in_english(args.root, said) + private_sets(args.root):
            print(line)
    except (BuildError, ExerciseError, catalogues.TranslationError) as error:
        problems = [str(error)]
    except OSError as error:  # a folder that can't be written to, a full disk
        problems = [f"{error.filename or args.root}: {error.strerror or error}"]
    print("\n".join(problems) or "every derived file is fresh", file=sys.stderr if problems else sys.stdout)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
