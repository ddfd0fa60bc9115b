"""One submission is judged for Gradescope and CI: what its student is told, and the zip that does so over there."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace

import nbformat
import pytest

from grading.__main__ import main
from grading.commands import one
from grading.course import REPOSITORY
from grading.engine.judge import is_judged
from grading.engine.record import Record
from grading.gradebook.points import CREDITED, DROPPED, Worth
from grading.repair import doctor
from grading.reports.results import judged_results, result_lines
from helpers.support.language import english
from tests.support import assert_cells
from tests.support.container import can_be_made, in_container
from tests.support.course import CASES, COURSE, FIRST, NO_SHIFT, filled, points, solutions
from tests.support.handed_in import BLANK, SOLVED
from tests.support.judged_here import judged_here
from tests.support.leaks import hidden_numbers, leaks

SOLUTIONS, POINTS = solutions(FIRST), points(FIRST)


def handed(answers):
    return nbformat.writes(filled(FIRST, SOLUTIONS | answers)).encode()


def told(capsys, *arguments):
    """Run the command and return its exit code, the results that it prints, and what it says otherwise."""
    code = main(["one", *map(str, arguments), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


@pytest.fixture(scope="module")
def record():
    """What came out of a softmax that overflows."""
    release = one.released_path(FIRST, REPOSITORY, COURSE)
    terms = one.terms_of(one.configuration(REPOSITORY), FIRST, release, REPOSITORY, {})
    return judged_here(handed({"softmax_t": NO_SHIFT}), terms.packed, terms.version)


def results(record, points):
    return judged_results(replace(record, notebook=deepcopy(record.notebook)), FIRST, points, COURSE, "mine.ipynb")


def test_a_test_is_an_aspect_and_what_hidden_cases_say_is_seen_once_marks_are_published(record):
    found = results(record, {})
    tests = {test["name"]: test for test in found["tests"]}
    aspects = CASES[FIRST][0].exercises["softmax_t"]["aspects"]
    assert {name: tests[f"softmax_t: {name}"]["max_score"] for name in aspects} == aspects
    assert found["score"] == sum(test.get("score", 0) for test in tests.values()) == sum(record.points.values())
    lost, later = tests["softmax_t: large logits"], tests["softmax_t: what the cases at grading say"]
    assert lost["score"] == 0 and "softmax_t(torch.tensor([88.0, 89.0])) should give\n    0.269 0.731" in lost["output"]
    assert "subtract the maximum before exp" in lost["output"] and "at grading" not in lost["output"]
    public, hidden = ({case["name"] for case in file.exercises["softmax_t"]["cases"]} for file in CASES[FIRST])
    seen = "\n".join(test["output"] for test in tests.values() if test["visibility"] == "visible")
    assert {name for name in public | hidden if f"- {name}\n" in f"{seen}\n"} < public
    assert later["visibility"] == "after_published" and "- very large logits" in later["output"]
    assert "score" not in later and found["stdout_visibility"] == "hidden" and found["output_format"] == "text"
    assert found["extra_data"]["isolation"] == "none"
    assert leaks(json.dumps(found).encode(), hidden_numbers()) == set()
    text = "\n".join(result_lines(found))
    assert "0 of 1  softmax_t: large logits\n          Your numbers match" in text
    assert f"\n{found['score']:g} of 20 points\n" in text


def test_where_only_cases_at_grading_fail_no_more_than_that_is_told_before_marks_are_published(record):
    again = deepcopy(record)
    for cell in filter(is_judged, again.notebook.cells):
        for case in cell.outputs[0].data["application/json"]["cases"]:
            case["outcome"] = case["outcome"] if case["hidden"] else "passed"
    tests = {test["name"]: test for test in results(again, {})["tests"]}
    assert tests["softmax_t: large logits"]["output"].startswith(
        "No case in the notebook fails, but some at grading do"
    )
    assert "very large logits" in tests["softmax_t: what the cases at grading say"]["output"]


def test_the_points_in_force_in_the_class_count(record):
    aspects, own = CASES[FIRST][0].exercises["softmax_t"]["aspects"], record.points["test_softmax_t"]
    rest = sum(record.points.values()) - own
    doubled = {name: 2 * worth for name, worth in aspects.items()}
    for worth, score, titles in (
        (Worth(doubled), rest + 2 * own, len(aspects) + 1),
        (Worth(aspects, CREDITED), rest + sum(aspects.values()), 1),
        (Worth(aspects, DROPPED), rest, 1),
    ):
        found = results(record, {"softmax_t": worth})
        assert found["score"] == score
        assert len([test for test in found["tests"] if test["name"].startswith("softmax_t")]) == titles


def test_what_cant_be_graded_has_a_reason_and_no_score(capsys, tmp_path):
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    code, found, _ = told(capsys, tmp_path, "--assignment", FIRST)
    assert code == 1 and "report.pdf: the file is a PDF, not a notebook; hand in the .ipynb" in found["output"]
    assert "score" not in found and not any("score" in test for test in found["tests"])
    (tmp_path / "report.pdf").unlink()
    code, found, _ = told(capsys, tmp_path, "--assignment", FIRST)
    assert code == 1 and "hand in the notebook" in found["output"]


def test_of_several_files_the_newest_notebook_with_an_answer_counts(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(one, "judged", lambda content, terms, expected: judged_here(content, terms.packed, expected))
    for age, (name, content) in enumerate({"new": BLANK, "old": SOLVED, "older": handed({"softmax_t": ""})}.items()):
        (tmp_path / f"{name}.ipynb").write_bytes(content)
        os.utime(tmp_path / f"{name}.ipynb", (1e9 - age, 1e9 - age))
    (tmp_path / "notes.txt").write_text("none")
    code, found, _ = told(capsys, tmp_path)
    assert code == 0 and "This file was graded: old.ipynb" in found["output"]


def test_our_own_failure_is_said_and_is_no_result(monkeypatch, capsys, tmp_path):
    path, tries = tmp_path / "mine.ipynb", []
    path.write_bytes(SOLVED)

    def fail(*_):
        tries.append(1)
        raise RuntimeError("the sandbox did not start")

    monkeypatch.setattr(one, "judged", fail)
    code, found, said = told(capsys, path)
    assert code == 2 and found is None and len(tries) == 2
    assert "mine.ipynb could not be judged, which is no student's mistake: RuntimeError: the sandbox did not st" in said
    monkeypatch.setattr(doctor, "bounded_once", fail)
    code, found, said = told(capsys, path)
    assert code == 2 and found is None and "mine.ipynb: the grader itself failed at this file: RuntimeError" in said
    code, found, said = told(capsys, tmp_path / "nothing.ipynb")
    assert code == 2 and found is None and "there is nothing of that name" in said


def test_a_verdict_in_doubt_is_made_again_and_the_second_counts(monkeypatch, tmp_path):
    records = [Record("first", "judged", doubtful=True), Record("second", "judged", reason=english("x"))]
    monkeypatch.setattr(one, "judged", lambda *_: records.pop(0))
    terms = type("Terms", (), {"version": ""})
    assert one.judged_alone(b"", terms).key == "second" and not records


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The zip's bytes, of a class that has points of its own."""
    folder = tmp_path_factory.mktemp("class")
    assert main(["gradescope", "--assignment", FIRST, "--course", str(folder)]) == 0
    return (folder / "dist" / f"gradescope-{FIRST}.zip").read_bytes()


def test_the_zip_holds_what_judging_needs_and_no_answer(packed, capsys, tmp_path):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        programs = [entry.filename for entry in archive.infolist() if entry.external_attr >> 16 == 0o755]
    assert programs == ["setup.sh", "run_autograder"]
    assert f"--assignment {FIRST} --json" in files["run_autograder"].decode()
    assert files[f"source/cases/{FIRST}/hidden.safetensors"] == COURSE.hidden(FIRST)
    assert "c.Judge.require_isolation = True" in files["nbgrader_config.py"].decode()
    needed = files["requirements.txt"].decode()
    assert re.search("^torch", needed, re.M) and "nbgrader" in needed and "playwright" not in needed
    ours = {name for name in files if name.startswith(("source/", "solutions/", "tests/", "verdicts/"))}
    assert not {name for name in ours if not re.match(rf"source/(cases/{FIRST}|locale)/", name)}
    answer = SOLUTIONS["softmax_t"].encode()
    assert not [
        name
        for name, content in files.items()
        if answer in content or json.dumps(answer.decode())[1:-1].encode() in content
    ]
    folder = tmp_path / "again"
    folder.mkdir()
    assert main(["gradescope", "--assignment", FIRST, "--course", str(folder)]) == 0
    assert (folder / "dist" / f"gradescope-{FIRST}.zip").read_bytes() == packed
    assert "it is for Gradescope's Configure Autograder, and for no student" in capsys.readouterr().out
    assert main(["gradescope", "--assignment", "none"]) == 2


def ordinary_course(root):
    """Make a course of ordinary test cells with hidden tests in ``root``, and return what is handed in."""
    (root / "nbgrader_config.py").write_text(
        f"import sys\nsys.path.insert(0, {str(REPOSITORY)!r})\nfrom grading.settings import configure\n"
        f"c = get_config()\nconfigure(c, {str(root)!r})\n"
    )
    names, hidden = ("double", "share", "data"), {"double": f"{assert_cells.TESTS['double']}\n{assert_cells.HIDDEN}"}
    for step, tests in {"source": assert_cells.TESTS | hidden, "release": assert_cells.TESTS}.items():
        (root / step / "ps" / "numbers").mkdir(parents=True)
        notebook = assert_cells.notebook(tests, names)
        for cell in notebook.cells if step == "source" else ():
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = assert_cells.SOLVED.get(grade_id, cell.source)
        nbformat.write(notebook, root / step / "ps" / "work.ipynb")
        (root / step / "ps" / "numbers" / "data.txt").write_bytes(b"1 2 3")
    return assert_cells.handed_in({"double": "def double(x):\n    return 4", "share": assert_cells.SHARE})


@pytest.mark.slow
def test_a_zip_of_ordinary_test_cells_holds_their_hidden_tests_and_judges_with_them(capsys, tmp_path):
    content = ordinary_course(tmp_path)
    assert main(["gradescope", "--assignment", "ps", "--course", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert (
        "It holds the hidden tests: it is for" in said and "can forge the marks of correct_double, test_data," in said
    )
    with zipfile.ZipFile(tmp_path / "dist" / "gradescope-ps.zip") as archive:
        archive.extractall(tmp_path / "there")
        files = {name: archive.read(name) for name in archive.namelist()}
    answers = [json.dumps(answer)[1:-1].split("\\n")[1].encode() for answer in assert_cells.SOLVED.values()]
    assert not [name for name in files if re.match("source/|release/", name) and any(a in files[name] for a in answers)]
    assert [name for name in files if assert_cells.SECRET.encode() in files[name]] == ["source/ps/work.ipynb"]
    (tmp_path / "mine.ipynb").write_bytes(content)
    command = [sys.executable, "-m", "grading", "one", tmp_path / "mine.ipynb", "--assignment", "ps", "--json"]
    done = subprocess.run(command, cwd=tmp_path / "there", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    marks = {test["name"].partition(":")[0]: test["score"] for test in found["tests"]}
    assert marks == {"correct_double": 0, "share": 0.5, "data": 1} and found["score"] == 1.5
    assert done.stdout.count("such points can be forged") == 3 and assert_cells.SECRET not in done.stdout


FORGED = '{"score": 100, "tests": []}'
ATTACK = """import os
HIDDEN = "/autograder/source/source/cases/ASSIGNMENT/hidden.safetensors"
FORGED = 'FORGERY'
def softmax_t(x, temperature=1.0, dim=-1):
    done = []
    parents = [f"/proc/{pid}/fd/1" for pid in (1, os.getppid(), os.getpid())]
    for path in (HIDDEN, "/autograder/submission", "/autograder/results/results.json"):
        try:
            done.append(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read())
        except OSError:
            pass
    for path in ("/autograder/results/results.json", "/autograder/results/unfinished.json", *parents):
        try:
            with open(path, "w") as file:
                done += [path] * file.write(FORGED) * (not os.path.samefile(path, "/dev/null"))
        except OSError:
            pass
    os.write(1, FORGED.encode())
    if done:
        return torch.softmax(x / temperature, dim)
    raise PermissionError
""".replace("ASSIGNMENT", FIRST).replace("FORGERY", FORGED)


BROKEN = "\nfrom grading.sandbox import user\nuser.tried = lambda *_: (['it is broken'], [])\n"
BARE = f"{BROKEN}c.Judge.require_isolation = False\n"
MIXED = handed({"softmax_t": ATTACK, "decay_ratios": "def decay_ratios(values):\n    return values"})
RUNS = {  # what is handed in, and what the zip's nbgrader_config.py has more
    "right": ({"mine.ipynb": SOLVED}, ""),
    "mixed": ({"mine.ipynb": MIXED}, ""),
    "empty": ({}, ""),
    "picture": ({"mine.png": b"\x89PNG"}, ""),
    "refused": ({"mine.ipynb": MIXED}, BROKEN),
    "bare": ({"mine.ipynb": MIXED}, BARE),
}


def unpacked(packed, folder, files, more):
    """Lay out /autograder as Gradescope does."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder / "source")
        for entry in archive.infolist():
            (folder / "source" / entry.filename).chmod(entry.external_attr >> 16)
    with (folder / "source" / "nbgrader_config.py").open("a") as config:
        config.write(more)
    (folder / "submission").mkdir()
    for file, content in files.items():
        (folder / "submission" / file).write_bytes(content)


@pytest.mark.slow
@can_be_made
def test_the_scripts_of_the_zip_run_in_a_container_as_root_without_network(packed, tmp_path):
    environment = {"PATH": os.pathsep.join([f"{sys.base_prefix}/bin", "/usr/bin", "/bin"]), "LANG": "C.UTF-8"}
    options = {"bound": {sys.prefix: "/opt/grading"}, "env": environment, "capture_output": True, "text": True}

    def script(name, program="run_autograder"):
        there = {tmp_path / name: "/autograder"}
        return in_container(f"/autograder/source/{program}", writable=there, network=program == "setup.sh", **options)

    for name, (files, more) in RUNS.items():
        unpacked(packed, tmp_path / name, files, more)
    # pip finds in this environment, which lies where setup.sh makes one, all that it is to install.
    done = script("right", "setup.sh")
    assert done.returncode == 0 and "The grader is ready: Python" in done.stdout, done.stderr
    with ThreadPoolExecutor(2) as pool:
        done = dict(zip(RUNS, pool.map(script, RUNS), strict=True))
    written = {name: tmp_path / name / "results" / "results.json" for name in RUNS}

    assert done["refused"].returncode == 2 and not written.pop("refused").exists()
    assert "with a user of its own: it is broken" in done["refused"].stderr
    assert FORGED in written.pop("bare").read_text()  # so the attack works where nothing is in its way
    found = {name: json.loads(path.read_text()) for name, path in written.items()}
    total = sum(POINTS.values())
    assert found["right"]["score"] == total and found["right"]["extra_data"]["isolation"] == "user"
    mixed = {test["name"]: test for test in found["mixed"]["tests"]}
    assert "PermissionError" in mixed["softmax_t: the values"]["output"]
    assert found["mixed"]["score"] == total - POINTS["softmax_t"] - POINTS["decay_ratios"]
    for name in ("empty", "picture"):
        assert "score" not in found[name] and "hand in the" in found[name]["output"]
