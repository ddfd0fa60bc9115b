"""Write the case files: ``python -m grading.authoring.draw`` the committed ones, ``--seed N`` a private hidden set.

They go to ``source/cases/ASSIGNMENT``: public.safetensors and hidden.safetensors; a private set goes to the git-ignored
private.safetensors and is used instead of the hidden one as long as it is there. The same seed gives the same bytes on
every machine.
"""

import argparse
import json
import random

import numpy as np
from safetensors.numpy import save

from grading.authoring import build
from grading.authoring.casebook import Casebook
from grading.course import Course
from source.exercises import EXERCISES

COMMITTED_SEED = "softmax-lab"


def public_bytes(course, assignment):
    """Return the bytes of an assignment's public case file."""
    book, names = Casebook(), exercises_of(course, assignment)
    sets = {name: EXERCISES[name].public(book) for name in names}
    counts = {name: len(cases) for name, cases in draw(names, COMMITTED_SEED, Casebook()).items()}
    return serialise(book, sets, counts)


def hidden_bytes(course, assignment, seed):
    """Return the bytes of an assignment's hidden case file of a seed."""
    book = Casebook()
    sets = draw(exercises_of(course, assignment), seed, book)
    return serialise(book, sets, dict.fromkeys(sets, 0))


def exercises_of(course, assignment):
    """Return the exercises of an assignment's text notebook, in its order."""
    cells = build.parse(build.text_notebooks(course.folder)[assignment], f"source/{assignment}.py")
    return [cell.name for cell in cells if cell.kind == "solution"]


def draw(names, seed, book):
    """Return the hidden cases of a seed by exercise; each exercise has a stream of random numbers of its own."""
    return {name: EXERCISES[name].hidden(book, random.Random(f"{seed} {name}")) for name in names}


def serialise(book, sets, hidden_counts):
    """Return a case file's bytes, in the format of `helpers.checks.cases`."""
    exercises = {
        name: {
            "forbidden": list(EXERCISES[name].forbidden),
            "advice": EXERCISES[name].advice,
            "hidden": hidden_counts[name],
            "cases": cases,
        }
        for name, cases in sets.items()
    }
    text = json.dumps(exercises, separators=(",", ":")).encode()
    return save({**book.tensors, "exercises": np.frombuffer(text, np.uint8)})


def main():
    parser = argparse.ArgumentParser(prog="python -m grading.authoring.draw", description="Write the case files.")
    parser.add_argument("--seed", help="draw a private hidden set from this seed instead; keep the seed to yourself")
    seed, course = parser.parse_args().seed, Course()
    for assignment in build.text_notebooks(course.folder):
        files = {"private": hidden_bytes(course, assignment, seed)} if seed else committed(course, assignment)
        for kind, content in files.items():
            path = course.case_file(assignment, kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"wrote {path.relative_to(course.folder)}: {len(content)} bytes")


def committed(course, assignment):
    """Return the contents of an assignment's committed case files by kind."""
    return {
        "public": public_bytes(course, assignment),
        "hidden": hidden_bytes(course, assignment, COMMITTED_SEED),
    }


if __name__ == "__main__":
    main()
