"""Names that somebody else has given, on a terminal and in a table."""

import csv
import io

import pytest

from grading.shown import Verbatim, csv_table, print_shown, shown, shown_text


@pytest.mark.parametrize(
    "name, safe",
    [
        ("Nguyễn Văn An, 3.5 – “ok” 👩‍💻", "Nguyễn Văn An, 3.5 – “ok” 👩‍💻"),
        ("s1\x1b[2J", "s1\\u001b[2J"),
        ("s1\nada: took it\r\u2028\x85", "s1\\u000aada: took it\\u000d\\u2028\\u0085"),
        ("exe\u202etxt\u2066", "exe\\u202etxt\\u2066"),
        ("\udc80", "\\udc80"),
    ],
)
def test_what_steers_is_escaped_and_the_rest_stays(name, safe, capsys):
    assert shown(name) == safe == shown(safe)
    print_shown(name, "next")
    assert capsys.readouterr().out == f"{safe}\nnext\n"


def test_a_text_keeps_its_lines():
    assert shown_text("a\n\tb\x1b\u202e") == "a\n\tb\\u001b\\u202e"


@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("before", ["", " ", "x;", "x,", "x\t", "x\n", "x\r\n", 'x;"', "x; ", "x|"])
@pytest.mark.parametrize("formula", ['=HYPERLINK("http://x")', "@SUM(1)", "+cmd|'/c'!A0", "-2+3", "＝1+1"])
def test_no_cell_becomes_a_formula_wherever_a_spreadsheet_parts_it(before, formula, delimiter):
    table = csv_table(["a", "b"], [{"a": "s1", "b": before + formula}]).decode()
    for row in csv.reader(io.StringIO(table, newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.strip(' "').startswith(("=", "+", "-", "@", "＝")), row


def test_numbers_and_what_an_instructor_wrote_stay():
    row = {"a": -1.5, "b": "-1.5", "c": "-", "d": Verbatim("=1"), "e": "Văn, An"}
    (_, cells) = csv.reader(io.StringIO(csv_table(list(row), [row]).decode(), newline=""))
    assert cells == ["-1.5", "-1.5", "-", "=1", "Văn, An"]
