"""Show what somebody else named: nothing in it steers a terminal, begins a line of its own, or turns the text around."""

import unicodedata

# Marks that change the direction of what follows; a reader takes `exe.ipynb` turned around for `bnypi.exe`.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
STEERING = {"Cc", "Cs", "Zl", "Zp"}  # control signs, halves of signs, ends of lines and paragraphs
ESCAPES = {
    code: f"\\u{code:04x}"
    for code in range(0x10000)
    if unicodedata.category(chr(code)) in STEERING or chr(code) in TURNING
}
IN_TEXT = {code: escape for code, escape in ESCAPES.items() if chr(code) not in "\n\t"}


def shown(text: object) -> str:
    """Return a text on one line, with `\\\\u001b` in place of what steers; a text without that is returned as it is.

    >>> shown("s1\\nmarks: 20")
    's1\\\\u000amarks: 20'
    """
    return str(text).translate(ESCAPES)


def shown_text(text: str) -> str:
    """Return a text of several lines in the same way; line feeds and tabs stay."""
    return text.translate(IN_TEXT)


def say(*lines: object) -> None:
    """Print lines, each on one line."""
    print("\n".join(map(shown, lines)))
