"""source/build.py: what it derives, what it refuses, and that it notices every drift."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import polib
import pytest

from grading.authoring import build, messages, packing
from grading.course import REPOSITORY, Course
from tests.support.deciding import deciding_course
from tests.support.small_exercise import HALVE, small_exercise

TEXT = '''\
# %% [markdown]
# # Doubling
#
# Look at `double`.

# %%
from IPython.display import display

def check(name):
    answer = globals()[name]
    print(f"{name}: {answer(2)}")

# %% [markdown] tags="task,read"
# Write it.

# %% solution="double"
def double(x: float) -> float:
    """Return twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=2

# %% [markdown]
# Write it.

# %%
import uuid

view = {"model_id": uuid.uuid4().hex, "version_major": 2, "version_minor": 0}
picture = {"image/png": "iVBORw0KGgo=", "text/plain": "a slider at 3"}
display({"application/vnd.jupyter.widget-view+json": view} | picture, raw=True)

# %% solution="half"
half = None
### BEGIN SOLUTION
half = 0.5
### END SOLUTION

# %% test="half" points=0.5 tags="last"
'''.replace("answer(2)", "answer(2) if callable(answer) else answer")

CONFIG = """\
from pathlib import Path
here = Path(__file__).parent
c = get_config()
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError('yours')"}
c.CourseDirectory.root = str(here)
c.CourseDirectory.db_url = f"sqlite:///{here}/gradebook.db"
"""


def files(root):
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A repository with one text, a gradebook of its own and a user's configuration, built once."""
    root = tmp_path_factory.mktemp("course")
    (root / "source").mkdir()
    (root / "source/doubling.py").write_text(TEXT)
    (root / "nbgrader_config.py").write_text(CONFIG)
    (root / "gradebook.db").write_bytes(b"a term's marks")
    user = tmp_path_factory.mktemp("user")
    (user / "nbgrader_config.py").write_text("get_config().LockCells.lock_solution_cells = False")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(user))
        patch.setenv("PATH", "/usr/bin:/bin")
        assert build.main(["--root", str(root)]) == 0
    return root


@pytest.fixture
def copy(course, tmp_path):
    return Path(shutil.copytree(course, tmp_path / "copy"))


@pytest.fixture(scope="module")
def fresh(course):
    """What a fresh build derives, from the files the first one wrote."""
    instructor = build.instructor_notebook(build.parse(TEXT, "source/doubling.py"))
    release = (course / "release/doubling/doubling.ipynb").read_text()
    return {
        "source/doubling/doubling.ipynb": build.dumps(instructor),
        "release/doubling/doubling.ipynb": release,
        "notebooks/doubling.ipynb": release,
        "solutions/doubling.ipynb": build.dumps(build.solution_notebook(instructor)),
    }


def test_the_text_becomes_cells_with_stable_ids_and_nbgrader_metadata():
    cells = build.instructor_notebook(build.parse(TEXT, "source/doubling.py")).cells
    assert [c.id for c in cells if "-" in c.id] == [
        "solution-double",
        "test-double",
        f"{cells[2].id}-2",
        "solution-half",
        "test-half",
    ]
    assert cells[0].source == "# Doubling\n\nLook at `double`."
    assert cells[2].metadata == {"tags": ["task", "read"]}
    graded = {c.id: c.metadata.nbgrader for c in cells if "nbgrader" in c.metadata}
    common = {"schema_version": 3, "task": False}
    solution = common | {"grade": False, "solution": True, "locked": False}
    test = common | {"grade": True, "solution": False, "locked": True}
    assert graded == {
        "solution-double": solution | {"grade_id": "double"},
        "test-double": test | {"grade_id": "test_double", "points": 2},
        "solution-half": solution | {"grade_id": "half"},
        "test-half": test | {"grade_id": "test_half", "points": 0.5},
    }
    assert cells[4].source == ('check("double")\n### BEGIN HIDDEN TESTS\n0.0\n### END HIDDEN TESTS')


def test_a_new_cell_leaves_the_other_ids_alone():
    longer = TEXT.replace("# %% [markdown] tags", "# %%\nx = 1\n\n# %% [markdown] tags")
    ids = [[c.id for c in build.instructor_notebook(build.parse(t, "t")).cells] for t in (TEXT, longer)]
    assert [i for i in ids[1] if i in ids[0]] == ids[0] and len(ids[1]) == len(ids[0]) + 1


MISTAKES = {
    "unknown key": ("points=2", "point=2", "cell 5 (line 23): unknown key 'point'"),
    "malformed header": ('# %% test="double"', "# %% test double", "cell 5 (line 23): malformed header"),
    "header without its blank": ("# %%\nimport", "#%%\nimport", "cell 7 (line 28): malformed header"),
    "a key twice": ("points=2", "points=2 points=3", "cell 5 (line 23): malformed header"),
    "two roles": ('solution="half"', 'solution="half" test="half"', "cell 8 (line 35): a cell is one of"),
    "no Python name": ('solution="half"', 'solution="a half"', "'a half' is not a Python name"),
    "points elsewhere": ('solution="half"', 'solution="half" points=1', "cell 8 (line 35): points belong on"),
    "repeated tag": ("task,read", "read,read", "cell 3 (line 13): tags='read,read'"),
    "duplicate solution": ('solution="half"', 'solution="double"', "cell 8 (line 35): a second solution of double"),
    "duplicate test": ('test="half"', 'test="double"', "cell 9 (line 41): a second test of double"),
    "no points": (" points=2", "", "cell 5 (line 23): the test of double needs points"),
    "points without a number": ("points=2", "points=.5", "the test of double needs points=NUMBER, got .5"),
    "points in words": ("points=2", "points=two", "the test of double needs points=NUMBER, got two"),
    "test without solution": ('test="double"', 'test="triple"', "cell 5 (line 23): no solution of triple above"),
    "no BEGIN SOLUTION": ("    ### BEGIN SOLUTION\n", "", "cell 4 (line 16): double needs its answer between"),
    "no END SOLUTION": ("    ### END SOLUTION\n", "", "cell 4 (line 16): double needs its answer between"),
    "nested answer": ("    ### BEGIN SOLUTION\n", "    ### BEGIN SOLUTION\n" * 2, "double needs its answer between"),
    "name not defined": ("def double(", "def triple(", "cell 4 (line 16): double is not defined outside its answer"),
    "stub inside the answer": ("half = None\n", "", "cell 8 (line 35): half is not defined outside its answer"),
    "answer outside a solution": ('# %% solution="half"', "# %%", "cell 8 (line 35): BEGIN SOLUTION outside"),
    "broken stub": ("    ### BEGIN SOLUTION\n    return 2 * x\n",
                    "    return (\n    ### BEGIN SOLUTION\n    2 * x)\n",
                    "cell 4 (line 16): without its answer double does not parse: '(' was never closed"),
    "test with a body": ("points=2\n", "points=2\nassert double(1) == 2\n", "cell 5 (line 23): a test has no body"),
    "code become prose": ("# %%\nimport uuid", "import uuid", "prose without \"# \" before it: 'import uuid'"),
    "prose without its sign": ("#\n# Look", "\n# Look", "cell 1 (line 1): prose without"),
    "text before the cells": ("# %% [markdown]", "import os\n# %% [markdown]", "cell 0 (line 1): text before"),
    "code that does not parse": ("import uuid", "import uuid as", "cell 7 (line 28): the code does not parse: "),
    "empty cell": ("# Write it.\n\n# %% sol", "\n# %% sol", "cell 3 (line 13): the cell is empty"),
    "no cell": (TEXT, "", "cell 0 (line 1): no cell"),
    "setup below other code": ("# %%\nimport uuid", "# %% setup\nimport uuid",
                               "cell 7 (line 28): the setup stands once, above all other code"),
    "setup with a role": ('# %% solution="half"', '# %% setup solution="half"', "cell 8 (line 35): a cell is one of"),
    "prose and setup": ("# %% [markdown]\n# # Doubling", "# %% [markdown] setup\n# # Doubling",
                        "cell 1 (line 1): a cell is one of"),
}  # fmt: skip


@pytest.mark.parametrize("old, new, message", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_the_text_is_told_with_file_and_cell(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(build.BuildError) as error:
        build.guard_tests(tmp_path, "doubling", build.parse(TEXT.replace(old, new, 1), "source/doubling.py"))
    assert str(error.value).startswith("source/doubling.py, cell ") and message in str(error.value)


def test_a_test_cell_follows_the_solution_of_the_function_that_its_exercise_names(tmp_path):
    small_exercise(tmp_path, 'FUNCTION = "half_of"\n' + HALVE)
    solution, halve = build.parse(CELLS.format("half_of", 1).replace('test="half_of"', 'test="halve"'), "source/one.py")
    build.guard_tests(tmp_path, "one", [solution, halve])
    for cells in ([halve, solution], build.parse(CELLS.format("halve", 1), "source/one.py")):
        with pytest.raises(build.BuildError, match="no solution of half_of above its test"):
            build.guard_tests(tmp_path, "one", cells)
    other = build.parse(CELLS.format("third_of", 1), "source/one.py")[0]
    with pytest.raises(build.BuildError, match="a test of half_of stands below a solution of third_of; move it up"):
        build.guard_tests(tmp_path, "one", [solution, other, halve])


CELLS = """\
# %% solution="{0}"
{0} = None
### BEGIN SOLUTION
{0} = 1
### END SOLUTION

# %% test="{0}" points={1}
"""


@pytest.mark.parametrize(
    ("name", "points", "said"),
    [
        ("claim_c2", "0", None),
        ("claim_c2", "1", "points=1, but ASPECTS of source/exercises/one/claim_c2.py make 0"),
        ("prediction_1", "0", "points=0, but ASPECTS of source/exercises/one/prediction_1.py make 1"),
        ("idle", "0", "the test of idle needs points above 0; only a claim's has none"),
        ("nothing", "0", "the test of nothing needs points above 0; only a claim's has none"),
    ],
)
def test_only_the_test_of_a_claim_is_without_points(tmp_path, name, points, said):
    idle = 'ASPECTS = {"a value": 0}\n\n\ndef public(book):\n    return []\n'
    course = deciding_course(tmp_path, idle=idle)
    (tmp_path / "source" / "one.py").write_text(CELLS.format(name, points), "utf-8")
    if said:
        with pytest.raises(build.BuildError, match=re.escape(said)):
            build.instructors(course.folder)
    else:
        notebook = build.instructors(course.folder)[0]["one"]
        assert notebook.cells[1].metadata.nbgrader.points == 0 and notebook.cells[1].metadata.nbgrader.grade


def test_a_setup_header_puts_the_folded_cell_above_its_code():
    cells = build.parse(TEXT.replace("# %%\nfrom IPython", "# %% setup\nfrom IPython"), "t")
    plain = build.instructor_notebook(build.parse(TEXT, "t")).cells
    first, setup, *rest = build.instructor_notebook(cells, "bring_helpers()").cells
    assert (setup.id, setup.source, setup.metadata) == ("setup", "bring_helpers()", packing.FOLDED)
    assert [first, *rest] == plain


def test_a_text_notebook_is_a_file_in_which_a_cell_starts(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(build.BuildError, match="no text notebook to build; write one, source/NAME"):
        build.text_notebooks(tmp_path)
    (source / "tool.py").write_text("MARK = '# %%'\n")
    (source / "doubling.py").write_text(TEXT)
    (source / "halving.py").write_text("#%%\n1\n")
    assert build.text_notebooks(tmp_path) == {"doubling": TEXT, "halving": "#%%\n1\n"}
    with pytest.raises(build.BuildError, match="malformed header"):
        build.instructors(tmp_path)


def test_a_notebook_with_exercises_cannot_bring_cases_that_are_not_drawn(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source/doubling.py").write_text(TEXT.replace("# %%\nfrom IPython", "# %% setup\nfrom IPython"))
    with pytest.raises(build.BuildError, match=r"source/doubling\.py: there is no case file .*: draw it with"):
        build.instructors(tmp_path)
    cases = Course(tmp_path).case_file("doubling", "public")
    cases.parent.mkdir(parents=True)
    cases.write_bytes(b"cases")
    setup = build.instructors(tmp_path)[0]["doubling"].cells[1].source
    assert packing.unpack(setup)[packing.CASES] == b"cases"
    assert "helpers/checks/cases.py" in packing.unpack(setup), "the helpers are this repository's"


PROJECT = '[project]\nname = "x"\n[tool.softmax-lab]\nrepository = "{0}"\n'


def test_badges_open_the_notebook_at_the_tag(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT.format("owner/name@v1.0"))
    shown = build.badges(tmp_path, "doubling")
    place = "owner/name/blob/v1.0/notebooks/doubling.ipynb"
    assert re.findall(r"\]\((\S+)\)\]\((\S+)\)", shown) == [
        (
            "https://colab.research.google.com/assets/colab-badge.svg",
            f"https://colab.research.google.com/github/{place}",
        ),
        (
            "https://kaggle.com/static/images/open-in-kaggle.svg",
            f"https://kaggle.com/kernels/welcome?src=https://github.com/{place}",
        ),
    ]
    first, *rest = build.instructor_notebook(build.parse(TEXT, "t"), badges=shown).cells
    assert (first.id, first.source) == ("badges", shown)
    assert rest == build.instructor_notebook(build.parse(TEXT, "t")).cells


def test_without_a_repository_there_are_no_badges_and_no_links(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(""))
    assert build.badges(tmp_path, "doubling") == build.badges(tmp_path / "elsewhere", "doubling") == ""
    assert build.badges(REPOSITORY, "doubling") == ""
    for name in build.text_notebooks(REPOSITORY):
        notebook = nbformat.read(REPOSITORY / f"notebooks/{name}.ipynb", nbformat.NO_CONVERT)
        prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        assert prose and [source for source in prose if "http" in source] == []


@pytest.mark.parametrize("repository", ["owner/name", "name@v1", "https://example.org/owner/name@v1", "owner/name@"])
def test_a_repository_without_its_tag_is_refused(tmp_path, repository):
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(repository))
    with pytest.raises(build.BuildError, match='write "owner/name@tag", or "" for no badges'):
        build.badges(tmp_path, "doubling")


def test_an_answer_that_raises_is_told_with_file_and_cell():
    text = "# %% [markdown]\n# Text.\n\n# %%\n1 / 0\n"
    cells = build.parse(text, "source/x.py")
    skeleton = build.dumps(build.solution_notebook(build.instructor_notebook(cells)))
    with pytest.raises(build.BuildError, match=r"source/x\.py, cell 2 \(line 4\): ZeroDivisionError: division"):
        build.execute(skeleton, cells)


def test_students_get_the_stub_and_nothing_of_the_answer(course):
    text = (course / "release/doubling/doubling.ipynb").read_text()
    cells = {c["id"]: c for c in json.loads(text)["cells"]}
    instructor = json.loads((course / "source/doubling/doubling.ipynb").read_text())
    assert list(cells) == [c["id"] for c in instructor["cells"]]
    assert "".join(cells["solution-double"]["source"]).endswith("raise NotImplementedError('yours')")
    assert cells["test-double"]["source"] == ['check("double")']
    assert cells["solution-double"]["metadata"]["deletable"] is False  # the user's own configuration says otherwise
    assert not any(word in text for word in ("return 2", "0.0", "BEGIN ", "END "))
    assert json.loads(text)["metadata"] == instructor["metadata"]
    assert (course / "notebooks/doubling.ipynb").read_text() == text


def test_solutions_are_executed_and_free_of_nbgrader(course):
    nb = nbformat.read(course / "solutions/doubling.ipynb", as_version=nbformat.NO_CONVERT)
    code = [c for c in nb.cells if c.cell_type == "code"]
    assert [c.execution_count for c in code] == [1, 2, 3, 4, 5, 6]
    assert code[1].source.endswith('"""Return twice x."""\n    return 2 * x')
    assert code[2].source == 'check("double")' and code[2].outputs[0].text == "double: 4\n"
    assert code[4].source == "half = None\nhalf = 0.5" and code[5].outputs[0].text == "half: 0.5\n"
    assert nb.metadata.keys() == {"kernelspec", "language_info"}
    assert nb.metadata.language_info == {"name": "python"}
    assert not any("nbgrader" in c.metadata for c in nb.cells)


def test_building_twice_changes_nothing_and_touches_no_gradebook(copy, capsys):
    before = files(copy)
    assert build.main(["--root", str(copy)]) == 0
    assert files(copy) == before and before["gradebook.db"] == b"a term's marks"
    assert capsys.readouterr().out == "every derived file is fresh\n"


def edit(path, change):
    nb = json.loads(path.read_text())
    change(nb)
    path.write_text(json.dumps(nb))


def add_cell(nb):
    nb["cells"].append(nb["cells"][-1] | {"id": "mine", "execution_count": 7})


def test_check_fails_on_a_cell_added_by_hand_and_writes_nothing(copy, fresh, capsys, monkeypatch):
    # The two tests above ran nbgrader; once is enough to know what it releases.
    monkeypatch.setattr(build, "release", lambda *_: {"doubling": fresh["notebooks/doubling.ipynb"]})
    assert build.main(["--check", "--root", str(copy)]) == 0
    capsys.readouterr()
    edit(copy / "solutions/doubling.ipynb", add_cell)
    before = files(copy)
    assert build.main(["--check", "--root", str(copy)]) == 1
    way_out = "stale, or was edited by hand: run make course"
    assert capsys.readouterr().err.startswith(f"solutions/doubling.ipynb is {way_out}")
    assert files(copy) == before


def test_a_fresh_course_has_no_drift_whatever_its_outputs(copy, fresh):
    edit(copy / "solutions/doubling.ipynb", lambda nb: nb["cells"][4]["outputs"].clear())
    (copy / "source/doubling/.ipynb_checkpoints").mkdir()
    (copy / "source/doubling/.ipynb_checkpoints/doubling-checkpoint.ipynb").touch()
    assert build.drift(copy, fresh) == []


CHANGES = {
    "a cell": add_cell,
    "an id": lambda nb: nb["cells"][1].update(id="mine"),
    "a source": lambda nb: nb["cells"][3]["source"].append("\n"),
    "a cell's type": lambda nb: nb["cells"][0].update(cell_type="raw"),
    "metadata": lambda nb: nb["metadata"].update(widgets={}),
    "cell metadata": lambda nb: nb["cells"][3]["metadata"].update(tags=["nbval-skip"]),
    "a count": lambda nb: nb["cells"][1].update(execution_count=None),
    "everything": dict.clear,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("path", ["solutions/doubling.ipynb", "notebooks/doubling.ipynb"])
def test_a_derived_file_changed_by_hand_is_stale(copy, fresh, path, change):
    edit(copy / path, change)
    assert [line.split(":")[0] for line in build.drift(copy, fresh)] == [f"{path} is stale, or was edited by hand"]


def test_one_changed_byte_or_a_lost_file_is_named(copy, fresh):
    for path in fresh:
        (copy / path).write_bytes((copy / path).read_bytes().replace(b"{", b"", 1))
    assert [line.split(" is ")[0] for line in build.drift(copy, fresh)] == list(fresh)
    for path in fresh:
        (copy / path).unlink()
    assert [line.split(":")[0] for line in build.drift(copy, fresh)] == [f"{path} is missing" for path in fresh]


@pytest.mark.parametrize(
    "path, reason",
    [
        ("source/doubling/answers.py", "no text in source/ makes it, and nbgrader would copy it to students;"),
        ("source/old/old.ipynb", "no text in source/ makes it, and nbgrader would copy it to students;"),
        ("release/doubling/notes.md", "no text in source/ makes it; delete it, or move it to work/"),
        ("notebooks/mine.ipynb", "no text in source/ makes it; delete it, or move it to work/"),
        ("solutions/old.ipynb", "no text in source/ makes it; delete it, or move it to work/"),
    ],
)
def test_a_file_that_no_text_makes_is_named_and_kept(copy, fresh, path, reason):
    (copy / path).parent.mkdir(exist_ok=True)
    (copy / path).write_text("mine")
    [line] = build.drift(copy, fresh)
    assert line.startswith(f"{path} is superfluous: {reason}")
    assert (copy / path).read_text() == "mine"


@pytest.fixture(scope="module")
def bilingual(course, tmp_path_factory):
    """The course in a second language, built."""
    root = Path(shutil.copytree(course, tmp_path_factory.mktemp("bilingual") / "course"))
    assert messages.main(["xx", "--root", str(root)]) == 0
    path = root / "source/locale/xx/doubling.po"
    catalogue = polib.pofile(str(path))
    for entry in catalogue:
        entry.msgstr = f"{entry.msgid} (xx)"
    catalogue.save(str(path))
    assert build.main(["--root", str(root)]) == 0
    assert build.main(["--root", str(root), "--check"]) == 0
    return root


@pytest.mark.slow
def test_a_folder_of_catalogues_makes_an_edition_with_the_same_ids(bilingual):
    paths = {path for path in files(bilingual) if "/xx" in path and path.endswith(("ipynb", "json"))}
    assert paths == {"notebooks/xx/doubling.ipynb", "solutions/xx/doubling.ipynb", "helpers/locale/xx.json"}
    english, edition = (
        nbformat.read(bilingual / path, nbformat.NO_CONVERT)
        for path in ("notebooks/doubling.ipynb", "notebooks/xx/doubling.ipynb")
    )
    assert [cell.id for cell in edition.cells] == [cell.id for cell in english.cells]
    assert edition.cells[0].source == "# Doubling (xx)\n\nLook at `double`. (xx)"
    assert '"""Return twice x. (xx)"""' in edition.cells[3].source
    solution = nbformat.read(bilingual / "solutions/xx/doubling.ipynb", nbformat.NO_CONVERT)
    assert [cell.execution_count for cell in solution.cells if cell.cell_type == "code"] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_the_drift_check_names_a_stale_edition_and_says_what_it_has_in_english(bilingual, capsys):
    """The red fixture, but for a text without its translation, which is none before a release."""
    path = bilingual / "source/locale/xx/doubling.po"
    path.write_text(
        path.read_text("utf-8").replace('"Write it. (xx)"', '""').replace("twice x. (", "x twice. ("), "utf-8"
    )
    (bilingual / "helpers/locale/xx.json").write_bytes(b"")
    assert build.main(["--root", str(bilingual), "--check"]) == 1
    said = capsys.readouterr()
    assert re.search(r"^source/locale/xx: \d+ texts are not translated, and English in that", said.out, re.MULTILINE)
    assert [line.partition(", or was")[0] for line in said.err.splitlines()] == [
        "helpers/locale/xx.json is stale",
        "notebooks/xx/doubling.ipynb is stale",
        "solutions/xx/doubling.ipynb is stale",
    ]


def test_each_readme_shows_the_picture_that_the_solutions_of_its_language_hold():
    paths = sorted((REPOSITORY / "solutions").rglob("*.ipynb"))
    stored = {path.relative_to(REPOSITORY).as_posix(): path.read_text("utf-8") for path in paths}
    pictures = build.readme_figures(stored)
    assert set(pictures) == {build.FIGURE.format(language) for language in ("", ".vi")}
    for path, picture in pictures.items():
        assert picture == (REPOSITORY / path).read_bytes()
        readme = path.removeprefix("docs/figure").removesuffix("png")
        assert path in (REPOSITORY / f"README{readme}md").read_text("utf-8")


def test_check_names_a_picture_that_is_not_the_solutions_own(copy, fresh):
    """The red fixture: a tagged cell's picture in the solutions, another one in docs/."""
    path = next(path for path in fresh if path.startswith("solutions/"))
    stored = nbformat.reads(fresh[path], nbformat.NO_CONVERT)
    cell = next(cell for cell in stored.cells if cell.cell_type == "code")
    cell.metadata["tags"] = ["readme"]
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": "AAAA"})]
    figure = build.FIGURE.format("")
    assert build.readme_figures({path: nbformat.writes(stored)}) == {figure: b"\0\0\0"}
    (copy / path).write_text(nbformat.writes(stored) + "\n")
    again = {**fresh, path: build.dumps(without_outputs(stored))}
    assert [line.split(":")[0] for line in build.drift(copy, again)] == [f"{figure} is not the picture in solutions/"]
    (copy / figure).parent.mkdir()
    (copy / figure).write_bytes(b"\0\0\0")
    assert build.drift(copy, again) == []


def without_outputs(notebook):
    copied = nbformat.from_dict(notebook)
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return copied
