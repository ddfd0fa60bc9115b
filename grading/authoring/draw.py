"""Write the case files: ``python -m grading.authoring.draw`` the committed ones, ``--seed N`` a private hidden set.

The public cases go to ``helpers/cases``, the hidden ones to ``grading/cases``; a private set goes to the git-ignored
``grading/cases/private`` and is used instead of the committed one as long as it is there. The same seed gives the same
bytes on every machine.
"""

import argparse
import json
import random

import numpy as np
from safetensors.numpy import save

from grading.authoring.casebook import Casebook
from grading.course import HIDDEN, PRIVATE, REPOSITORY
from helpers.checks.cases import PUBLIC
from source.exercises import EXERCISES

COMMITTED_SEED = "softmax-lab"


def public_bytes():
    """Return the bytes of the public case file."""
    book = Casebook()
    sets = {name: exercise.public(book) for name, exercise in EXERCISES.items()}
    counts = {name: len(cases) for name, cases in draw(COMMITTED_SEED, Casebook()).items()}
    return serialise(book, sets, counts)


def hidden_bytes(seed):
    """Return the bytes of the hidden case file of a seed."""
    book = Casebook()
    sets = draw(seed, book)
    return serialise(book, sets, dict.fromkeys(sets, 0))


def draw(seed, book):
    """Return the hidden cases of a seed by exercise; each exercise has a stream of random numbers of its own."""
    return {name: exercise.hidden(book, random.Random(f"{seed} {name}")) for name, exercise in EXERCISES.items()}


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
    seed = parser.parse_args().seed
    files = {PRIVATE: hidden_bytes(seed)} if seed else {PUBLIC: public_bytes(), HIDDEN: hidden_bytes(COMMITTED_SEED)}
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"wrote {path.relative_to(REPOSITORY)}: {len(content)} bytes")


if __name__ == "__main__":
    main()
