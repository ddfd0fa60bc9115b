"""Show what somebody else named: nothing in it steers a terminal, begins a line of its own, or becomes a formula."""

import csv
import io
import re
import unicodedata

from helpers.support.language import Message

# Marks that turn the text around, so that `txt.exe` reads as `exe.txt`, and those that take no room.
UNSEEN = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
STEERING = {"Cc", "Cs", "Zl", "Zp"}  # control signs, halves of signs, ends of lines and paragraphs
ESCAPES = {
    code: f"\\u{code:04x}"
    for code in range(0x10000)
    if unicodedata.category(chr(code)) in STEERING or chr(code) in UNSEEN
}
IN_TEXT = {code: escape for code, escape in ESCAPES.items() if chr(code) not in "\n\t"}
# What spreadsheets take for the beginning of a formula, and what begins so but is only a number.
FORMULA = tuple("=+-@＝＋－＠")
NUMBER = re.compile(r"[+-]?\d*(\.\d*)?")
PARTED = re.compile("([,;|])")  # where one or another spreadsheet begins a new cell, in quotes or not
BEFORE = ' "'  # what it drops at the beginning of one


def shown(value: object) -> str:
    """Return a text on one line, with `\\\\u001b` in place of what steers; a text without that is returned as it is.

    >>> shown("s1\\n20 points")
    's1\\\\u000a20 points'
    """
    return str(value).translate(ESCAPES)


def shown_text(text: str) -> str:
    """Return a text of several lines in the same way; line feeds and tabs stay."""
    return text.translate(IN_TEXT)


def print_shown(*lines: object) -> None:
    """Print each of some texts on a line."""
    print("\n".join(map(shown, lines)))


def mark_text(value):
    """Return a mark as people write it, ``18.06`` or ``20``: four decimals at most; empty if there is none."""
    return "" if value == "" else f"{round(value, 4) + 0:.15g}"


class Verbatim(str):
    """What an instructor wrote, which comes back as it was, whatever a spreadsheet takes it for."""


def csv_table(columns, rows) -> bytes:
    """Return the bytes of a CSV that a spreadsheet can open without running anything in it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[as_cell(row[column]) for column in columns] for row in rows])
    return text.getvalue().encode()


def as_cell(value):
    """Return a cell's value, a message in words and on one line; `Verbatim` is returned as it is.

    What a spreadsheet would take for a formula begins with an apostrophe, as typed there, also where the spreadsheet
    parts the line at other signs than commas.
    """
    if isinstance(value, Verbatim) or not isinstance(value, str | Message):
        return value
    return "".join(map(as_part, PARTED.split(shown(value))))


def as_part(text):
    """Return a part of a cell that is no formula."""
    start = text.lstrip(BEFORE)
    is_formula = start.startswith(FORMULA) and not NUMBER.fullmatch(start.rstrip())
    return f"{text[: len(text) - len(start)]}'{start}" if is_formula else text
