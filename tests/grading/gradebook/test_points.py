"""What exercises are worth: a verdict with other points is the verdict that would have been made with them."""

import pytest
import torch
from nbformat import v4

from grading.engine.judge import write_outputs
from grading.gradebook.points import CREDITED, DROPPED, Worth, changed_points, in_force, keep, states, weigh, weighed
from helpers.checks.cases import CaseFile
from tests.support.course import COURSE, NO_SHIFT, case_files
from tests.support.judged_here import verdict_on

NAME = "softmax_t"
FILES = case_files(NAME)
ASPECTS = FILES[0].exercises[NAME]["aspects"]
OTHER = {aspect: number + 0.5 for number, aspect in enumerate(ASPECTS)}
MAXIMUM, OTHER_MAXIMUM = sum(ASPECTS.values()), sum(OTHER.values())


def with_aspects(file, aspects):
    return CaseFile(file.exercises | {NAME: file.exercises[NAME] | {"aspects": aspects}}, file.tensors)


def judged(source, aspects=ASPECTS):
    names = {"torch": torch}
    exec(source, names)
    return verdict_on(NAME, sum(aspects.values()), [with_aspects(file, aspects) for file in FILES], names)


SOURCES = {
    "right": COURSE.solutions("iterated_softmax")[NAME],
    "partly": NO_SHIFT,
    "unattempted": f"def {NAME}(x, temperature=1.0, dim=-1):\n    raise NotImplementedError()",
    "undefined": f"{NAME} = None",
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_verdict_with_other_points_is_the_one_that_they_would_have_made(kind):
    old, new = (judged(SOURCES[kind], aspects) for aspects in (ASPECTS, OTHER))
    cells = [v4.new_code_cell("check", metadata={"nbgrader": {"points": MAXIMUM}}) for _ in "12"]
    for cell, found in zip(cells, (old, new), strict=True):
        write_outputs(cell, found, "none")
    assert weighed(old.as_data(), Worth(OTHER)) == new.as_data()
    weigh(cells[0], Worth(OTHER))
    assert cells[0].outputs == cells[1].outputs and cells[0].metadata.nbgrader.points == OTHER_MAXIMUM
    weigh(cells[0], Worth(ASPECTS))
    assert weighed(old.as_data(), Worth(ASPECTS)) == old.as_data()
    write_outputs(cells[1], old, "none")
    assert cells[0].outputs == cells[1].outputs


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(("counts", "points"), [(CREDITED, OTHER_MAXIMUM), (DROPPED, 0)])
def test_a_credited_exercise_gives_all_to_all_and_a_dropped_one_nothing_of_nothing(kind, counts, points):
    data = judged(SOURCES[kind]).as_data()
    found = weighed(data, Worth(OTHER, counts))
    assert (found["points"], found["maximum"], found["counts"]) == (points, points, counts)
    assert weighed(found, Worth(OTHER, counts)) is found, "once and for all"
    assert weighed(found, Worth(ASPECTS)) == data, "what was earned is not forgotten"
    assert found["cases"] == data["cases"] and found["reason"] == data["reason"]


def test_a_verdict_of_other_aspects_stays_until_it_is_made_anew():
    data = judged(SOURCES["right"]).as_data()
    assert weighed(data, Worth({"another": 5})) is data and weighed(data, None) is data


def test_the_points_in_force_are_the_last_ones_and_each_keeps_its_time(tmp_path):
    first, second = {NAME: Worth(ASPECTS)}, {NAME: Worth(OTHER, DROPPED)}
    assert (states(tmp_path, "one"), in_force(tmp_path, "one")) == ([], {})
    keep(tmp_path, "one", [first])
    path = tmp_path / "grades" / "one" / "points.json"
    path.write_text(path.read_text().replace('"since": "2', '"since": "1'))
    keep(tmp_path, "one", [first, second])
    assert states(tmp_path, "one") == [first, second] and in_force(tmp_path, "one") == second
    assert path.read_text().count('"since": "1') == 1
    for text in ("[", "{}", '[{"exercises": {"a": {"worth": 1}}}]'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"points\.json is damaged"):
            states(tmp_path, "one")


def test_what_changes_is_said_for_each_exercise():
    said = changed_points(
        {NAME: Worth({"a": 1, "b": 2}), "two": Worth({"c": 1})}, {NAME: Worth({"a": 1, "b": 4}, DROPPED)}
    )
    assert said == [
        f"{NAME}: this exercise counts for nobody; until now: its verdicts count",
        f"{NAME}: 3 -> 5 points (b 2 -> 4)",
    ]


def test_what_a_prediction_is_stays_with_other_points():
    data = judged(SOURCES[next(iter(SOURCES))], ASPECTS).as_data() | {"choice": 2.0, "number": 0.05}
    found = weighed(data, Worth(OTHER))
    assert (found["choice"], found["number"], found["maximum"]) == (2.0, 0.05, OTHER_MAXIMUM)
