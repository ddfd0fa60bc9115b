"""What the guide to porting an exercise has an instructor write, by the file that it goes to."""

import re

from grading.course import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "nbgrader-courses.md").read_text("utf-8").partition("## Port an exercise")[2]
BLOCK = re.compile(r"^`([\w/<>]+\.py)`\n\n```python\n(.*?)```", re.DOTALL | re.MULTILINE)
FILES = dict(BLOCK.findall(GUIDE.partition("\n## ")[0]))
CELLS = FILES.pop("source/<name>.py")
ASSERTS = re.findall(r"^```python\n(P, L, U = .*?)```", GUIDE, re.DOTALL | re.MULTILINE)  # of each test cell before


def port(course, assignment):
    """Write the guide's files into a course's folder and its cells at the end of an assignment's text."""
    for name, code in FILES.items():
        (course / "source" / "exercises" / assignment / name).write_text(code, "utf-8")
    text = course / "source" / f"{assignment}.py"
    text.write_text(f"{text.read_text('utf-8')}\n{CELLS}", "utf-8")
