"""The report on a class: its numbers against another computation, its rules, and what a page without names may say."""

import csv
import html
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from grading.commands.report import students_in
from grading.gradebook.database import keep_overwritten
from grading.lms.roster import read_roster
from grading.reports import class_page
from grading.reports.alike import Alike, SharedCode
from grading.reports.class_data import Class, Member, Moved, overwritten
from grading.reports.class_figures import bins, facilities, histogram
from grading.reports.class_page import Findings, number_shown, report_page, tables
from grading.reports.class_statistics import (
    FEW,
    FEWEST,
    by_section,
    discriminate,
    in_need,
    items,
    marks_of,
    moves,
    spread,
    unmarked,
)
from helpers.support.language import english
from tests.support.browser import in_chromium
from tests.support.course import CASES, FIRST
from tests.support.figure_rules import RULES
from tests.support.made_class import ODD, POINTS, made_class
from tests.support.pages import overhang, problems

SIZE = 200


@pytest.fixture(scope="module")
def made():
    data = made_class(SIZE)
    found = Findings(items(data))
    pages = {hidden: report_page(data, found, hidden) for hidden in (False, True)}
    return SimpleNamespace(data=data, items=found.items, pages=pages, tables=tables(data, found))


def rows(table):
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


# Another computation: numpy, on a matrix of the raw verdicts


def asked(made):
    """Return the judged, and {(exercise, aspect, case): (maximum, column of points)} counted by hand."""
    judged = [m for m in made.data.members if any(finding.report for finding in m.findings.values())]
    columns = {}
    for exercise, most in POINTS.items():
        if not most:
            continue
        files = [file.exercises[exercise] for file in CASES[FIRST]]
        reports = [member.findings[exercise].report for member in judged]
        for aspect, worth in files[0]["aspects"].items():
            for case in [case["name"] for file in files for case in file["cases"] if case["aspect"] == aspect]:
                right = [any(r.name == case and r.outcome == "passed" for r in report.results) for report in reports]
                columns[exercise, aspect, case] = 1, np.array(right, dtype=float)
            of = [[r.outcome == "passed" for r in report.results if r.aspect == aspect] for report in reports]
            good = [len(own) > 0 and all(own) and not r.violations for own, r in zip(of, reports, strict=True)]
            columns[exercise, aspect, ""] = worth, worth * np.array(good, dtype=float)
        parts = [column for (name, _, case), (_, column) in columns.items() if name == exercise and not case]
        columns[exercise, "", ""] = sum(files[0]["aspects"].values()), sum(parts)
    return judged, columns


def test_every_item_agrees_with_another_computation_to_the_last_digits(made):
    judged, columns = asked(made)
    total = sum(column for (_, aspect, _), (_, column) in columns.items() if not aspect)
    table = {(row["exercise"], row["aspect"], row["case"]): row for row in rows(made.tables["items.csv"])}
    assert table.keys() == columns.keys() and len(table) > 80
    assert {row["students"] for row in table.values()} == {str(len(judged))} == {"180"}
    for (exercise, aspect, case), (most, column) in columns.items():
        row = table[exercise, aspect, case]
        own = columns[exercise, aspect, ""][1]  # a case is taken out of the rest with its aspect
        assert float(row["passed"]) == np.count_nonzero(column == most)
        assert float(row["facility"]) == pytest.approx(np.mean(column) / most, rel=1e-14)
        assert float(row["discrimination"]) == pytest.approx(np.corrcoef(column, total - own)[0, 1], rel=1e-11)


def test_reached_and_attempted_agree_with_a_count_by_hand(made):
    judged, _ = asked(made)
    names = list(made.data.points)
    blank = [["not attempted" in str(m.findings[name].report.reason) for name in names] for m in judged]
    last = [max((place for place, empty in enumerate(each) if not empty), default=-1) for each in blank]
    for row in rows(made.tables["items.csv"]):
        if row["aspect"] == "":
            place = names.index(row["exercise"])
            assert int(row["attempted"]) == sum(not each[place] for each in blank)
            assert int(row["reached"]) == sum(place <= each for each in last)


def test_the_marks_agree_with_numpy_and_the_table(made):
    marks = [float(row["points"]) for row in rows(made.tables["students.csv"]) if row["points"]]
    assert sorted(marks) == sorted(marks_of(made.data.members)) and len(marks) == 180
    about = spread(marks)
    assert about.mean == pytest.approx(np.mean(marks), rel=1e-14)
    assert list(about[2:]) == pytest.approx(list(np.percentile(marks, [25, 50, 75])), rel=1e-14)
    edges, counts = bins(marks, made.data.maximum)
    assert counts == np.histogram(marks, edges)[0].tolist() and sum(counts) == 180
    for title, members in by_section(made.data):
        own = [row["points"] for row in rows(made.tables["students.csv"]) if row["section"] == title]
        assert sorted(float(mark) for mark in own if mark) == sorted(marks_of(members))


def test_the_fewest_students_are_those_whose_fair_discrimination_is_more_than_chance():
    """An item-rest correlation of 0.4 differs from 0 at the level of 5 %, by Student's t."""

    def differs(number, r=0.4):
        return r * ((number - 2) / (1 - r * r)) ** 0.5 > stats.t.ppf(0.975, number - 2)

    assert differs(FEWEST) and not differs(FEWEST - 1)


def test_too_few_or_equal_points_have_no_discrimination():
    assert discriminate([0.0, 1.0] * 12, [1.0, 2.0] * 12) == (None, f"fewer than {FEWEST} students")
    assert discriminate([0.1] * 30, [1.0, 2.0] * 15) == (None, "all have the same points")
    assert discriminate([0.0, 1.0] * 15, [0.1] * 30) == (None, "all have the same points")
    assert discriminate([0.0, 1.0] * 15, [1.0, 3.0] * 15) == (pytest.approx(1), "")


def test_one_mark_or_none_is_a_class_too():
    assert spread([]) is None and spread([3.0]) == (1, 3.0, 3.0, 3.0, 3.0)
    for size, anonymous in ((0, False), (1, True)):
        data = made_class(size)
        assert problems(report_page(data, Findings(items(data)), anonymous)) == []


# Who is behind a number


def test_the_groups_of_an_item_are_all_who_were_judged(made):
    for exercise in made.items:
        for item in (exercise, *exercise.parts, *(case for aspect in exercise.parts for case in aspect.parts)):
            groups = [*item.passed, *item.partly, *item.left_out, *item.not_reached]
            assert len(groups) == len(set(groups)) == len(item.judged), item.name
            assert {member for _, members in item.common for member in members} == set(item.failed), item.name


def test_who_has_no_function_fails_and_was_judged(made):
    missing = [m for m in made.data.members if "no function" in str(m.findings["softmax_t"].reason)]
    [softmax] = [item for item in made.items if item.name == "softmax_t"]
    assert missing and set(missing) <= set(softmax.failed) & set(softmax.attempted)
    assert dict(softmax.common)["There is no function of this name"] == tuple(missing)


def test_every_number_leads_to_names_with_sections(made):
    [softmax] = [item for item in made.items if item.name == "softmax_t"]
    member = softmax.partly[0]
    card = made.pages[False].partition('id="exercise-3"')[2].partition("</section>")[0]
    fold = card.partition(f"Attempted, not passed: {len(softmax.partly)}")[2].partition("</details>")[0]
    assert html.escape(member.name) in fold and f"({member.section})" in fold
    assert fold.count("<small>") == len(softmax.partly)


def test_what_people_are_called_is_text(made):
    page = made.pages[False]
    assert ODD[9] not in page and html.escape(ODD[9]) in page and "\u202e" not in page and "\x1b" not in page
    names = [row["name"] for row in rows(made.tables["students.csv"])]
    assert "'=HYPERLINK(1)" in names and "Nguyễn Thị Minh Khai" in names


def test_who_needs_help_is_found_by_the_rules_of_the_page(made):
    by_id = {need.member.id: need.rules for need in in_need(made.data)}
    for member in made.data.members:
        last = [member.findings[name].report for name in POINTS if POINTS[name]][-3:]
        expected = (
            member.status != "graded",
            member.mark is not None and member.mark < made.data.maximum / 2,
            all(last) and all("not attempted" in str(report.reason) for report in last),
            any("ends Python" in str(finding.reason) for finding in member.findings.values()),
        )
        assert by_id.get(member.id, ()) == tuple(rule for rule, sign in enumerate(expected) if sign)


def test_reasons_for_no_mark_are_grouped(made):
    assert [(status, reason, len(members)) for status, reason, members in unmarked(made.data)] == [
        ("not graded", "the file is not a notebook", 10),
        ("not submitted", "nothing was handed in", 10),
    ]


# Whose points moved


def test_the_points_before_are_those_that_were_overwritten_last(tmp_path):
    path = tmp_path / "marks.csv"
    assert overwritten(path, FIRST) == {}
    keep_overwritten(path, FIRST, "=s1", {"softmax_t": (2.0, None, None, None), "decay_ratios": (1.0, 3.0, 0.5, "ok")})
    keep_overwritten(path, FIRST, "=s1", {"softmax_t": (2.5, None, None, None)})
    keep_overwritten(path, "another", "=s1", {"softmax_t": (9.0, None, None, None)})
    found = overwritten(path, FIRST)["'=s1"]
    assert {name: before.points for name, before in found.items()} == {"softmax_t": 2.5, "decay_ratios": 3.5}
    path.write_text(path.read_text().replace(",2.5,", ',"2,5",'))
    assert overwritten(path, FIRST) == {}


def test_moves_come_the_latest_first():
    finding = made_class(1).members[0].findings["softmax_t"]
    members = [
        Member(f"s{day}", f"s{day}", findings={"softmax_t": finding}, moved={"softmax_t": Moved(0, f"2026-09-0{day}")})
        for day in (1, 3, 2)
    ]
    found = moves(Class(FIRST, POINTS, tuple(members)))
    assert [move.member.id for move in found] == ["s3", "s2", "s1"] and found[0].now == finding.score


# Sections


@pytest.mark.parametrize(
    ("header", "line", "section"),
    [
        ("id,name,section", "s1,One,B", "B"),
        ("Student,ID,SIS User ID,Section", '"One, Student",1001,s1,A and B', "A and B"),
        ("First name,Surname,ID number,Email address,Groups", "Student,One,s1,one@example.edu,Lab 2", "Lab 2"),
        ("id,name,group", "s1,One,team 4", "team 4"),
        ("id,name,group,section", "s1,One,team 4,B", "B"),
        ("id,name", "s1,One", ""),
    ],
)
def test_a_roster_tells_the_section(tmp_path, header, line, section):
    (tmp_path / "roster.csv").write_text(f"{header}\n{line}\n")
    [student] = students_in(read_roster(tmp_path / "roster.csv"))
    assert (student.id, student.section) == ("s1", section) and "One" in student.name


# Without names


def test_a_page_without_names_has_none_and_counts_no_small_group(made):
    page = made.pages[True]
    for member in made.data.members:
        assert member.id not in page and html.escape(member.name) not in page
    assert "<details>\n<summary>Who" not in page and 'id="help"' not in page
    said = re.findall(r'<td class="figure" role="cell"><span class="label">(\w+) </span>([^<]*)</td>', page)
    counts = {number for label, number in said if label in ("reached", "attempted", "passed")}
    assert len(said) > 400 and not counts & {str(n) for n in (1, 2, 178, 179)}
    assert not re.search(r"<strong>[12]</strong>", page)


def test_the_check_on_small_groups_sees_one(made):
    """The red fixture: somebody is alone with a case."""
    data = Class(FIRST, POINTS, made.data.members[:12])
    few = [row for row in rows(tables(data, Findings(items(data)))["items.csv"]) if 0 < int(row["passed"]) < FEW]
    pages = [report_page(data, Findings(items(data)), anonymous) for anonymous in (False, True)]
    assert few and "under 3" in pages[True] and "under 3" not in pages[False]


@pytest.mark.parametrize(
    ("number", "of", "said"),
    [(0, 9, "0"), (1, 9, "under 3"), (2, None, "under 3"), (3, 9, "3"), (7, 9, "all but under 3"), (9, 9, "9")],
)
def test_a_small_group_or_a_small_rest_is_not_counted(number, of, said):
    assert number_shown(True, (None,) * number, of) == said
    assert number_shown(False, (None,) * number, of) == str(number)


def test_sections_are_left_out_where_one_of_them_is_small(made):
    assert 'role="rowheader">B</th>' in made.pages[True]
    members = list(made.data.members[:40])
    members[0] = Member("s0", "Zero", "alone", "graded", findings=members[0].findings)
    data = Class(FIRST, POINTS, tuple(members))
    page = report_page(data, Findings(items(data)), True)
    assert "alone" not in page and 'role="rowheader">B</th>' not in page and "Sections are left out" in page


def test_a_class_of_two_has_no_page_without_names(monkeypatch, tmp_path):
    monkeypatch.setattr(class_page, "load_class", lambda *_: made_class(2))
    with pytest.raises(ValueError, match="needs 3 students with a mark and a verdict: iterated_softmax has fewer"):
        class_page.write_report(tmp_path, FIRST, anonymous=True)
    assert not list(tmp_path.iterdir())


def test_a_figure_without_names_has_no_facility_that_the_page_keeps(made):
    data = Class(FIRST, POINTS, made.data.members[:12])
    drawn = [class_page.drawable(True, item) for item in items(data)]
    kept = [item.name for item in drawn if item.facility is None]
    page = report_page(data, Findings(items(data)), True)
    assert kept and all(name not in facilities(drawn).alt for name in kept)
    assert facilities(drawn).alt in html.unescape(page)


def test_who_is_alike_is_never_on_a_page_without_names(made):
    data = Class(FIRST, POINTS, made.data.members[:12])
    found = Findings([], alike=[Alike(data.members[5:7], (SharedCode("softmax_t", 1.0, 2),), 19.5)])
    pages = [report_page(data, found, anonymous) for anonymous in (False, True)]
    assert ["Code to look at" in page for page in pages] == [True, False] and "100 %, which 2 have" in pages[0]


# How it looks


def test_the_pages_are_accessible_printable_and_closed_to_the_network(made):
    assert {hidden: problems(page) for hidden, page in made.pages.items()} == {False: [], True: []}


def test_the_figures_keep_the_rules_of_the_course(made):
    marks = marks_of(made.data.members)
    for figure in (histogram(marks, spread(marks), made.data.maximum, True), facilities(made.items)):
        figure.draw_without_rendering()
        assert {rule.__name__: found for rule in RULES if (found := rule(figure))} == {}


def test_the_figures_words_and_numbers_are_those_of_the_class(made):
    marks = marks_of(made.data.members)
    figure = histogram(marks, spread(marks), made.data.maximum, False)
    assert sum(figure.data["students"]) == 180 and f"the mean {np.mean(marks):.3g}" in figure.alt
    assert figure.alt in html.unescape(made.pages[False])
    assert facilities(made.items).data["facility"] == [item.facility for item in made.items]


def test_a_bar_of_few_is_drawn_like_any_other_of_few():
    marks = [1.0] + [2.0, 2.0] + [5.0] * 9
    drawn = histogram(marks, spread(marks), 10, True).data["students"]
    assert sorted(set(drawn)) == [0.0, 2.0, 9.0]


@pytest.mark.slow
@in_chromium
def test_no_report_is_wider_than_a_phone(made, tmp_path):
    assert [overhang(page, 360, tmp_path) for page in made.pages.values()] == [0, 0]


def test_the_reason_is_in_the_page_as_it_stands(made):
    members = [Member("s1", "One", status="not graded", reason=english("`a` <b>"))]
    page = report_page(Class(FIRST, {}, tuple(members)), Findings([]), False)
    assert "<code>a</code> &lt;b&gt;" in page
