"""What a tag publishes is of one version, committed, fresh, and holds what it should; each gate with a red fixture."""

import re
import subprocess
import sys
import zipfile
from importlib import metadata
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from grading.authoring.handout import build_wheel
from grading.course import REPOSITORY

SPEC = spec_from_file_location("release", REPOSITORY / ".ci/release.py")
release = module_from_spec(SPEC)
SPEC.loader.exec_module(release)

LICENCES = (REPOSITORY / release.LICENCES).read_text("utf-8")
WHEEL = "softmax_lab-0.2.0-py3-none-any.whl"
PLANTED = {
    "pyproject.toml": '[project]\nversion = "0.2.0"\n[tool.softmax-lab]\nrepository = "owner/name@v0.2.0"\n',
    "helpers/__init__.py": '__version__ = "0.2.0"\n',
    "CITATION.cff": "version: 0.2.0\ndate-released: 2027-01-31\n",
    "CHANGELOG.md": "# Log\n\n## Unreleased\n\n## 0.2.0 (2027-01-31)\n\n- Now.\n\n## 0.1.0 (2026-12-01)\n\n- Then.\n",
    "docs/licences.md": "`theme.css`",
    "docs/site/static/site.css": "",
    "source/build.py": "",
    "make_handout.py": "import zipfile\n"
    f"with zipfile.ZipFile('{WHEEL}', 'w') as wheel:\n    wheel.writestr('helpers/softmax.py', '')\n"
    f"with zipfile.ZipFile('dist/softmax-lab-handout.zip', 'w') as file:\n    file.write('{WHEEL}', 'lab/{WHEEL}')\n",
    "Makefile": "messages:\nhandout:\n\t@" + sys.executable + " make_handout.py\n"
    "site:\n\t@mkdir -p build/site/vi/_static && touch build/site/index.html build/site/vi/_static/theme.css "
    "build/site/vi/_static/site.css\n",
    ".gitignore": "/build/\n/dist/\n*.whl\n",
}


@pytest.fixture
def checkout(tmp_path):
    """A small repository that can be released."""
    for name, text in PLANTED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    commit(tmp_path, "init", "-q")
    return tmp_path


def commit(root, *before):
    """Commit all that there is, after another command of git's."""
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (before, ("add", "."), (*author, "commit", "-qm", "All")):
        subprocess.run(["git", *command], cwd=root, check=True)


def test_what_can_be_released_is_built_and_told(checkout, capfd):
    stale = checkout / "dist/release/softmax_lab-0.1.0-py3-none-any.whl"
    stale.parent.mkdir(parents=True)
    stale.touch()
    assert release.main(checkout, "v0.2.0") == 0
    said = capfd.readouterr().out
    files = {path.name: path.read_bytes() for path in (checkout / "dist/release").iterdir()}
    assert files.keys() == {WHEEL, "softmax-lab-handout.zip", "softmax-lab-site.zip"}
    for name, content in files.items():
        assert f"  {name}  {len(content):,} bytes\n    sha256 {release.hashlib.sha256(content).hexdigest()}\n" in said
    assert "The wheel holds 1 files of helpers and 0 records about itself." in said and release.CHECKLIST in said
    assert said.endswith("In the way:\n  nothing\n")
    assert "softmax-lab-site/vi/_static/theme.css" in release.names_in(checkout / "dist/release/softmax-lab-site.zip")
    assert (checkout / "build/notes.md").read_text() == "- Now.\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("pyproject.toml", '"0.2.0"', '"0.3.0"', "pyproject.toml names 0.3.0: make it 0.2.0"),
        ("pyproject.toml", "@v0.2.0", "@main", "pyproject.toml, for the badges, names main: make it 0.2.0"),
        ("helpers/__init__.py", "0.2.0", "0.1.0", "helpers/__init__.py names 0.1.0: make it 0.2.0"),
        ("CITATION.cff", "version: 0.2.0\n", "", "CITATION.cff names no version: make it 0.2.0"),
        ("CITATION.cff", "01-31", "02-01", "2027-01-31 in CHANGELOG.md, 2027-02-01 in CITATION.cff: write one date"),
        ("CHANGELOG.md", "Unreleased\n", "Unreleased\n\n- Next.\n", "newest section, names Unreleased: make it 0.2.0"),
        ("CHANGELOG.md", "0.2.0 (2027-01-31)", "0.2.0", "the date of the release is none in CHANGELOG.md"),
        (
            "source/build.py",
            "",
            "exit('stale')",
            "python source/build.py --check fails, as its lines above say: run make",
        ),
        (
            "Makefile",
            "messages:",
            "messages:\n\t@false",
            "make messages CHECK=1 fails, as its lines above say: translate",
        ),
        ("Makefile", "handout:", "handout:\n\t@false", "make handout fails"),
        ("Makefile", "site:", "page:", "make site fails"),
        ("make_handout.py", "helpers/", "grading/", "grading/softmax.py is in the wheel: only helpers belongs there"),
        ("docs/licences.md", "theme", "another", "docs/licences.md does not list theme.css, which the site holds"),
    ],
)
def test_what_stands_in_the_way_is_named_alone(checkout, capfd, file, old, new, fault):
    text = PLANTED[file]
    (checkout / file).write_text(text.replace(old, new, 1) if old else new)
    commit(checkout, "status", "-s")
    assert release.main(checkout, "0.2.0") == 1
    in_the_way = capfd.readouterr().out.partition("In the way:\n")[2]
    assert fault in in_the_way and in_the_way.count("\n") == 1


def test_what_is_not_committed_or_tagged_elsewhere_stands_in_the_way(checkout, tmp_path):
    subprocess.run(["git", "tag", "v0.2.0"], cwd=checkout, check=True)
    (checkout / "new file.txt").touch()
    assert release.git_faults(checkout, "0.2.0") == [
        '1 changed and not committed, "new file.txt" first: commit or remove them'
    ]
    commit(checkout, "status", "-s")
    assert release.git_faults(checkout, "0.2.0") == ["the tag v0.2.0 is there, on another commit: raise the version"]
    (checkout / ".git").rename(tmp_path / "git")
    assert release.git_faults(checkout, "0.2.0") == [
        "git knows no commit of this folder: a tag is made in a clone of the repository"
    ]


def test_every_place_of_this_repository_names_one_version():
    versions, dates = release.named(REPOSITORY)
    del versions["CHANGELOG.md, in its newest section,"]  # between releases there is more
    assert len(versions) >= 3 and len(set(versions.values())) == 1
    assert dates["CITATION.cff"]


def test_the_citation_is_valid(tmp_path):
    """By the schema of the citation file format, as check-jsonschema brings it."""
    text = (REPOSITORY / "CITATION.cff").read_text("utf-8")
    (tmp_path / "spoilt.cff").write_text(text.replace("\nversion:", "\nversoin:"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.citation-file-format"]
    files = [tmp_path / "spoilt.cff", REPOSITORY / "CITATION.cff"]
    done = subprocess.run([*command, *files], capture_output=True, text=True)
    assert done.returncode == 1 and re.findall(r"(\S+\.cff)::", done.stdout) == [str(files[0])]
    assert "'versoin' was unexpected" in done.stdout


def test_the_wheel_holds_the_helpers_only(tmp_path):
    names = zipfile.ZipFile(build_wheel(REPOSITORY, tmp_path)).namelist()
    on_disk = {
        path.relative_to(REPOSITORY).as_posix()
        for kind in ("*.py", "*.json", "*.safetensors", "py.typed")
        for path in (REPOSITORY / "helpers").rglob(kind)
    }
    assert release.strangers(names) == []
    assert {name for name in names if name.startswith("helpers/")} == on_disk
    assert "helpers/py.typed" in names  # without it type-checkers take the installed helpers for untyped


def test_a_stranger_in_the_wheel_is_named():
    names = ["helpers/softmax.py", "softmax_lab-0.1.0.dist-info/RECORD", "grading/oracle.py", "helpers_private.py"]
    assert release.strangers(names) == ["grading/oracle.py", "helpers_private.py"]


def licence_faults(text):
    """Return which packages are listed with another version or licence than the installed one's own records give."""
    rows = re.findall(r"^\| \[(\w+)\]\(\S+\) \| (\S+) \| (\S+) \|", text, re.MULTILINE)
    faults = [] if rows else ["no package is listed"]
    for name, version, licence in rows:
        about = metadata.metadata(name)
        said = [about["License-Expression"] or about["License"] or "", *about.get_all("Classifier", [])]
        if version != about["Version"]:
            faults.append(f"{name}: {version} is listed, {about['Version']} is packed")
        if not any(licence in line for line in said if line == licence or line.startswith("License ::")):
            faults.append(f"{name}: {licence} is listed, its records say {said[0]}")
    return faults


def test_licences_are_those_of_what_is_packed():
    assert licence_faults(LICENCES) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (r"(\[Sphinx\]\S+) \| \S+", r"\1 | 1.0", "Sphinx: 1.0 is listed"),
        (r"(\[Sphinx\]\S+ \| \S+) \| \S+", r"\1 | MIT", "Sphinx: MIT is listed, its records say BSD-2-Clause"),
        (r"\n\| \[.*", "", "no package is listed"),
    ],
)
def test_a_wrong_licence_is_named(old, new, fault):
    assert fault in "\n".join(licence_faults(re.sub(old, new, LICENCES)))
