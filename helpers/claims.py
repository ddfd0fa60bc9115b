"""Show what students measured and decided about the claims of a notebook, and the course's verdicts once they have."""

import html
from dataclasses import dataclass

from .checks import cases, end_if_waiting, judging
from .checks.decisions import Card, card, claims, not_yet, one_number, remember_number, short_name
from .checks.notebook import namespace
from .support.language import _, number_text, tell

CELL = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0;overflow-wrap:anywhere"
RULE = "border-top:1px solid #808080"
WIDTHS = 30, 45, 25  # per cent, of the columns
ROW = "style='background:none'"  # a front end's stripes would part a claim from what stands below it


@cases.saying_so
def measured(name: str, number: object) -> None:
    """Print a student's own number for a claim, and remember it for `check` and `what_you_found`.

    Arguments
        name: the claim's, such as "claim_c7".
        number: what the student has measured: one number, a tensor of one included.

    Inside `needs` it ends the block where an exercise is not right yet: a wrong answer measures nothing.

    Raises ValueError where number is none, and for a name that is no claim of the notebook.

    >>> measured("claim_c7", -24.78)  # doctest: +SKIP
    Your number for C7, the smallest perplexity(r = 5) - perplexity(r = 0.4): -24.78
    """
    known = claims(cases.in_use())
    if name not in known:
        raise ValueError(_("no claim is called {name!r}; there are {known}", name=name, known=", ".join(known)))
    end_if_waiting()
    value = one_number("number", number)
    remember_number(name, value)
    label = _(known[name]["number"])
    tell(
        _("Your number for {claim}, {label}: {number}", claim=short_name(name), label=label, number=number_text(value))
    )


@dataclass(frozen=True, repr=False)
class Found:
    """The table of a notebook's claims.

    Attributes
        cards: what is known of each.
    """

    cards: list[Card]

    def rows(self, of: Card) -> list[tuple[str, str]]:
        """Return (heading, text) of what stands below a claim."""
        verdict = not_yet(of.todo) if of.todo else of.verdict
        number = f"{of.number} ({_(of.claim['number'])})" if of.number else ""
        said = [(_("you decided"), of.decided()), (_("your number"), number), (_("the course says"), verdict)]
        return [(heading, text or "–") for heading, text in said]

    def __str__(self) -> str:
        return "\n".join(
            "\n    ".join([each.title, "; ".join(f"{heading}: {text}" for heading, text in self.rows(each))])
            for each in self.cards
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = ""
        for each in self.cards:
            cells = "".join(
                f"<td style='{CELL};width:{width}%'><small style='white-space:nowrap'>{html.escape(heading)}</small>"
                f"<br>{html.escape(text)}</td>"
                for width, (heading, text) in zip(WIDTHS, self.rows(each), strict=True)
            )
            title = f"<th scope='rowgroup' colspan='3' style='{CELL};{RULE}'>{html.escape(each.title)}</th>"
            parts += f"<tbody><tr {ROW}>{title}</tr><tr {ROW}>{cells}</tr></tbody>"
        return f"<table style='border-collapse:collapse;max-width:46em;margin:0'>{parts}</table>"


@cases.saying_so
def what_you_found() -> None:
    """Show the claims of the notebook: what the student decided and measured, and the verdicts, where both are there.

    Prints why there is nothing to show, where that is so.

    >>> what_you_found()  # doctest: +SKIP
    C7: with r = 5 the distribution is more balanced than with r = 0.4
        you decided: fails; your number: -24.78 (the smallest difference); the course says: sometimes
    """
    from IPython.display import display

    file, names, is_right = cases.in_use(), namespace(), judging()
    display(Found([card(name, file.exercises[name], names.get(name), is_right) for name in claims(file)]))
