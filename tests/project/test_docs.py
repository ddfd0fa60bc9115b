"""The documents and the code agree: make targets, commands and their options, links, places; a red fixture for each."""

import contextlib
import io
import re
import subprocess
from importlib.util import find_spec

import pytest

import grading
from grading.__main__ import COMMANDS, main
from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS

MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
INDEX = "docs/README.md"
DOCUMENTS = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text("utf-8")
    for pattern in ("*.md", "docs/*.md", ".github/**/*.md")
    for path in sorted(REPOSITORY.glob(pattern))
}
# Options of other programs that stand alone in a document: nbgrader's, dask's.
OTHERS = {
    "--no-execute",
    "--strict",
    "--force",
    "--update",
    "--tls-ca-file",
    "--tls-cert",
    "--tls-key",
    "--user",
    "--scope",
}
# What git ignores, and few have.
IGNORED = re.compile(r"/private\.safetensors$|^work/$")
# Folders whose own folders have a line each in the map, beside those at the top.
DRAWN = ("source", "helpers", "grading")


def code(text):
    """Return the code of a document: inline, and the lines of its blocks."""
    fenced = re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in fenced for line in block.splitlines()]
    lines += [line.strip() for line in re.findall(r"^ {4}(?=\S)(.*)$", rest, re.MULTILINE)]
    return lines + [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest)]


def everything(documents):
    return [(name, span) for name, text in documents.items() for span in code(text)]


def options(command):
    """Return the options of a subcommand, as its help lists them."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main([command, "--help"])
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", said.getvalue()))


def target_faults(makefile, documents):
    """Return which targets no document names, and which are named and do not exist."""
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = {
        target: name for name, span in everything(documents) for target in re.findall(r"\bmake ([a-z][a-z-]*)", span)
    }
    return [f"make {target}: no document names it" for target in sorted(targets - named.keys())] + [
        f"{name}: there is no make {target}" for target, name in named.items() if target not in targets
    ]


def command_faults(documents):
    """Return which modules, subcommands and options are written down and do not exist."""
    known, faults = {command: options(command) for command in COMMANDS}, []
    for name, span in everything(documents):
        for module in re.findall(r"python -m ((?:grading|helpers|source|tests)\b[\w.]*)", span):
            if not find_spec(module):
                faults.append(f"{name}: there is no module {module}")
        command = re.search(r"python -m grading ([a-z-]+)|make (grade)\b", span)
        subcommand = command and (command[1] or command[2])
        if subcommand and subcommand not in known:
            faults.append(f"{name}: there is no python -m grading {subcommand}")
        if subcommand in known or span.startswith("--"):
            there = known.get(subcommand) or OTHERS.union(*known.values())
            written = re.findall(r"(?<![\w-])--[a-z][a-z-]*", span[command.start() if command else 0 :])
            faults += [f"{name}: no option {option} in {span}" for option in written if option not in there]
    return faults


def anchors(text):
    """Return the anchors of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def link_faults(documents):
    """Return the links that lead nowhere in this repository, and the documents that the index leaves out."""
    faults, listed = [], set()
    for name, text in documents.items():
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            place = ((REPOSITORY / name).parent / path).resolve() if path else REPOSITORY / name
            if not place.exists():
                faults.append(f"{name}: there is no {path}")
            elif anchor and anchor not in anchors(place.read_text("utf-8")):
                faults.append(f"{name}: no heading of {path or name} is #{anchor}")
            listed |= {place} if name == INDEX else set()
    left_out = [name for name in documents if name.startswith("docs/") and REPOSITORY / name not in listed]
    return faults + [f"{INDEX}: {name} is left out" for name in left_out if name != INDEX]


def place_faults(documents):
    """Return which files and folders are written down and are not there; ``<name>`` and ``*`` stand for anything."""
    folders = "source|helpers|grading|tests|docs|release|notebooks|solutions"
    faults = []
    for name, place in everything(documents):
        pattern = re.sub(r"<\w+>", "*", place)
        if re.fullmatch(rf"({folders})/[\w*./-]*", pattern) and not IGNORED.search(place):
            if not any(REPOSITORY.glob(pattern.rstrip("/"))):
                faults.append(f"{name}: there is no {place}")
    return faults


def mapped(text):
    """Return {place: what is said of it} of the drawn tree, the first block of a document."""
    found, top, places = {}, "", []
    for line in text.partition("```text\n")[2].partition("```")[0].splitlines():
        indent, names, words = re.fullmatch(r"( *)(?:(?<! {3})(\S+(?: \S+)*))?\s*(.*)", line).groups()
        if names:
            places = [(top if indent else "") + name for name in names.split()]
            top = top if indent else names
        for place in places:
            found[place] = f"{found.get(place, '')} {words}".strip()
    return found


def map_faults(text, folders):
    """Return which of the folders the map leaves out, which places it names that are not there, and says nothing of."""
    places, drawn, faults = mapped(text), set(), []
    for place, words in places.items():
        patterns = {place.replace("<assignment>", name).replace("<exercise>", "*") for name in ASSIGNMENTS}
        there = {path.relative_to(REPOSITORY) for each in patterns for path in REPOSITORY.glob(each.rstrip("/"))}
        drawn.update(str(folder) for path in there for folder in (path, *path.parents))
        faults += [] if there or IGNORED.search(place) else [f"there is no {place}"]
        faults += [] if words else [f"nothing is said of {place}"]
    return faults + [f"{folder}/ is left out" for folder in folders if folder not in drawn]


def folders():
    """Return the folders that the map must name: those at the top but for hidden ones, and those of `DRAWN`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    parts = [name.split("/")[:-1] for name in listed if not name.startswith(".")]
    top = {names[0] for names in parts if names}
    return sorted(top | {"/".join(names[:2]) for names in parts if len(names) > 1 and names[0] in DRAWN})


def test_every_make_target_is_written_down_and_every_one_written_down_exists():
    assert target_faults(MAKEFILE, DOCUMENTS) == []


def test_every_command_and_option_written_down_exists():
    assert command_faults(DOCUMENTS) == []


def test_every_link_leads_somewhere_and_the_index_is_complete():
    assert link_faults(DOCUMENTS) == []


def test_every_place_written_down_is_there():
    assert place_faults(DOCUMENTS) == []


def test_the_map_names_every_folder_and_no_other_and_says_what_each_is():
    assert len(folders()) > 25
    assert map_faults(DOCUMENTS["ARCHITECTURE.md"], folders()) == []


def room_faults(text):
    """Return which rooms and modules of `grading` a text leaves out that has a paragraph for each room."""
    rooms = re.findall(r"^(\w+) {2,}(.*(?:\n {12}.*)*)", text, re.MULTILINE)
    told = {(room, word) for room, words in rooms for word in re.findall(r"\w+", words)}
    told |= {("", room) for room, _ in rooms} | {("", word) for room, word in told if room == rooms[-1][0]}
    paths = [path.relative_to(REPOSITORY / "grading") for path in (REPOSITORY / "grading").rglob("[!_]*.py")]
    there = {(path.parts[0] if path.parts[1:] else "", path.stem) for path in paths if "template" not in path.parts}
    there |= {("", path.parts[0]) for path in paths if path.parts[1:]}
    return sorted("/".join(filter(None, place)) for place in there - told)


def test_the_graders_docstring_names_every_room_and_module():
    assert room_faults(grading.__doc__) == []


@pytest.mark.parametrize(
    ("old", "fault"),
    [("due_dates", "gradebook/due_dates"), ("watchdog", "sandbox/watchdog"), ("settings is what", "settings")],
)
def test_a_module_that_the_docstring_leaves_out_is_named(old, fault):
    assert room_faults(grading.__doc__.replace(old, "nothing")) == [fault]


LISTING = (
    "README.md",
    "README.vi.md",
    "docs/instructors.md",
    "docs/instructors.vi.md",
)  # each notebook has a row there


def list_faults(documents, names):
    """Return which documents that list the notebooks leave one out, or list one that is not there."""
    rows = {name: re.findall(r"^\| `(\w+)` \|", documents[name], re.MULTILINE) for name in LISTING}
    return [f"{name} lists {', '.join(found)}" for name, found in rows.items() if sorted(found) != sorted(names)]


def test_every_list_of_notebooks_is_complete():
    assert list_faults(DOCUMENTS, ASSIGNMENTS) == []


@pytest.mark.parametrize("name", LISTING)
def test_a_list_that_leaves_a_notebook_out_is_named(name):
    assert [fault.split()[0] for fault in list_faults(DOCUMENTS, [*ASSIGNMENTS, "third"])] == list(LISTING)
    spoilt = re.sub(r"^\| `\w+` \|.*\n", "", DOCUMENTS[name], count=1, flags=re.MULTILINE)
    assert [fault.split()[0] for fault in list_faults(DOCUMENTS | {name: spoilt}, ASSIGNMENTS)] == [name]


def test_the_front_page_is_short():
    assert len(DOCUMENTS["README.md"].splitlines()) <= 90


@pytest.mark.parametrize(
    ("faults", "text", "fault"),
    [
        (lambda docs: target_faults(MAKEFILE, docs), "`make tests`", "there is no make tests"),
        (command_faults, "```bash\npython -m grading mark X\n```", "there is no python -m grading mark"),
        (command_faults, "`python -m grading grade --rooster x`", "no option --rooster"),
        (command_faults, 'Then\n\n    make grade ARGS="--rooster x"', "no option --rooster"),
        (command_faults, "`--rooster`", "no option --rooster"),
        (command_faults, "`python -m grading.oracle`", "there is no module grading.oracle"),
        (link_faults, "[x](oracle.md)", "there is no oracle.md"),
        (link_faults, "[x](lms.md#moodles)", "no heading of lms.md is #moodles"),
        (link_faults, "", "docs/extra.md is left out"),
        (place_faults, "`grading/judge.py`", "there is no grading/judge.py"),
        (
            place_faults,
            "`source/cases/<assignment>/secret.safetensors`",
            "there is no source/cases/<assignment>/secret",
        ),
    ],
)
def test_what_is_wrong_in_a_document_is_named(faults, text, fault):
    found = set(faults(DOCUMENTS | {"docs/extra.md": text})) - set(faults(DOCUMENTS))
    assert any(fault in sentence for sentence in found)


def test_a_target_that_no_document_names_is_named():
    assert target_faults("lab: ## Open it\nnew: lab ## Make one", {"README.md": "`make lab`"}) == [
        "make new: no document names it"
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (r"\n  sandbox/ .*", "", "grading/sandbox/ is left out"),
        (r"\n  exercises/.*\n.*", "", "source/exercises/ is left out"),
        (r"\ndocs/ .*", "", "docs/ is left out"),
        (r"\n  repair/ ", r"\n  cellar/ repair/ ", "there is no grading/cellar/"),
        (r"\ndocs/ ", r"\ncellar/ docs/ ", "there is no cellar/"),
        (r"  course\.py files\.py", "  course.py fils.py", "there is no grading/fils.py"),
        (r"(\n  engine/).*", r"\1", "nothing is said of grading/engine/"),
        (r"(\n  exercises/.*)\n.*", r"\1", "nothing is said of source/exercises/<assignment>/<exercise>.py"),
    ],
)
def test_what_is_wrong_in_the_map_is_named(old, new, fault):
    spoilt = re.sub(old, new, DOCUMENTS["ARCHITECTURE.md"], count=1)
    assert spoilt != DOCUMENTS["ARCHITECTURE.md"]
    assert fault in map_faults(spoilt, folders())
