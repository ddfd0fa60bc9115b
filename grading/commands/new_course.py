"""``python -m grading new-course DIR``: write a course of one's own, with one notebook and one exercise."""

import os
from pathlib import Path

from grading.course import REPOSITORY
from grading.files import write

TEMPLATE = REPOSITORY / "grading" / "authoring" / "template"


def add_command(commands):
    """Add ``new-course`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "new-course",
        help="write a folder with a course of your own to begin with",
        description="Write a course with one notebook and one exercise into DIR, which must be new or empty. "
        "Its README says how to go on; see docs/own-course.md.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the course shall lie")
    parser.set_defaults(run=run)


def course_files(folder: Path) -> dict[Path, bytes]:
    """Return the files of a new course by their path; those that name the grader say where it lies from ``folder``."""
    names = {"@GRADER@": Path(os.path.relpath(REPOSITORY, folder)).as_posix(), "@COURSE@": folder.name}
    found = {folder / ".gitignore": (REPOSITORY / ".gitignore").read_bytes()}  # of students' data and private cases
    for path in sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        text = path.read_text("utf-8")
        for place, value in names.items():
            text = text.replace(place, value)
        found[folder / path.relative_to(TEMPLATE)] = text.encode()
    return found


def run(arguments) -> int:
    """Write the course; raises ValueError where something is in the folder already."""
    folder = arguments.folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{arguments.folder} is not empty: name a new folder")
    for path, content in course_files(folder).items():
        write(path, content)
        print(f"Wrote {path.relative_to(folder)}")
    print(f"Go on in {arguments.folder}: make course, then make test; see README.md there.")
    return 0
