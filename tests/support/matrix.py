"""The kill matrix of this repository's course, each part of it made once; see `grading.authoring.matrix`."""

import functools

from grading.authoring.draw import COMMITTED_SEED, hidden_bytes, public_bytes
from grading.authoring.exercise import load_exercises
from grading.authoring.matrix import judge, misjudged, rows_of, undeserved, untold, useless  # noqa: F401
from grading.course import REPOSITORY, Course
from helpers.checks.cases import read_cases


@functools.cache
def public_file(assignment, course=REPOSITORY):
    """Return the public case file, which is the same for every seed."""
    return read_cases(public_bytes(Course(course), assignment))


@functools.cache
def files(assignment, seed=COMMITTED_SEED, course=REPOSITORY):
    """Return the public and the hidden case file that a seed gives."""
    return public_file(assignment, course), read_cases(hidden_bytes(Course(course), assignment, seed))


EXERCISES = {name: assignment for assignment in Course().assignments for name in load_exercises(REPOSITORY, assignment)}
BANKED = [name for name, assignment in EXERCISES.items() if load_exercises(REPOSITORY, assignment)[name].answers]

# What has been taught with: a new exercise comes in here once it has as many answers, and no case too many.
SETTLED = [
    *("softmax_t", "iterative_softmax_experiment", "decay_ratios", "contraction_rate", "trusted_steps", "final_top"),
    *("temperature_range_experiment", "outlier_mass", "smallest", "perplexity", "crossing_temperature"),
    *("tokens_for_mass", "sample_tokens", "diagnose", "loss_floor"),
]


def answers_to(exercise):
    """Return the answers to an exercise of this repository's course by name."""
    return load_exercises(REPOSITORY, EXERCISES[exercise])[exercise].answers


def matrix_of(exercise, seed=COMMITTED_SEED):
    """Return a `Row` for each answer to an exercise of this repository's course."""
    return matrix(EXERCISES[exercise], exercise, seed)


@functools.cache
def matrix(assignment, exercise, seed=COMMITTED_SEED, course=REPOSITORY):
    """Return a `Row` for each answer to an exercise."""
    return rows_of(load_exercises(course, assignment)[exercise], files(assignment, seed, course))
