"""Draw expected numbers beside given ones: small bars, as inline SVG that any notebook shows, with words."""

import html
import math
from collections.abc import Sequence

from ..support.language import _

HEIGHT = 60  # of the bars, in px
EXPECTED, GIVEN = "#2f81c7", "#c8641e"  # both 3 to 1 on white and on black


def picture(expected: Sequence[float], given: Sequence[float]) -> str:
    """Return an SVG of two rows of numbers, entry by entry; a number that is not finite has no bar but its name."""
    finite = [0.0, *filter(math.isfinite, (*expected, *given))]
    low, high = min(finite), max(finite)
    scale = HEIGHT / ((high - low) or 1.0)
    wide = max(3.0, min(14.0, 150 / len(expected)))
    shapes = []
    for i, pair in enumerate(zip(expected, given, strict=True)):
        for k, (value, colour) in enumerate(zip(pair, (EXPECTED, GIVEN), strict=True)):
            left = i * (2 * wide + 4) + k * wide
            if math.isfinite(value):
                top, size = (high - max(value, 0.0)) * scale, max(abs(value) * scale, 0.7)
                style = f'fill="{colour}"' if k else f'fill="none" stroke="{colour}" stroke-width="1.4"'
                shapes.append(
                    f'<rect x="{left + 1:.1f}" y="{top + 2:.1f}" width="{wide - 2:.1f}" height="{size:.1f}" {style}/>'
                )
            else:
                shapes.append(f'<text x="{left:.1f}" y="{HEIGHT}" font-size="9" fill="{colour}">{value:g}</text>')
    span = len(expected) * (2 * wide + 4)
    words = _("expected {expected}; yours {given}", expected=listed_in_words(expected), given=listed_in_words(given))
    base = high * scale + 2
    line = f'<line x1="0" x2="{span:.0f}" y1="{base:.1f}" y2="{base:.1f}" stroke="#888" stroke-width=".7"/>'
    return (
        f'<svg role="img" aria-label="{html.escape(words)}" viewBox="0 0 {span:.0f} {HEIGHT + 4}" width="{span:.0f}" '
        f'style="display:block;max-width:100%;height:auto;margin:.3em 0">{line}{"".join(shapes)}</svg>'
        f"<div><span style='border:1.4px solid {EXPECTED};padding:0 .5em' aria-hidden='true'></span>&nbsp;"
        f"{html.escape(_('expected'))} &emsp;<span style='background:{GIVEN};padding:0 .5em' "
        f"aria-hidden='true'></span>&nbsp;{html.escape(_('yours'))}</div>"
    )


def listed_in_words(numbers: Sequence[float]) -> str:
    """Return numbers as text."""
    return ", ".join(f"{value:.3g}" for value in numbers)
