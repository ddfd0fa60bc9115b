"""The rules that every page keeps: each is named where a page breaks it; tests/grading/reports shows each failing."""

import html
import re
import subprocess
from html.parser import HTMLParser
from itertools import pairwise

from tests.support.browser import CHROMIUM
from tests.support.figure_rules import contrast


class Outline(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def problems(page):
    """Return what keeps a page from being accessible, printable, readable on a phone, or closed to the network."""
    tags = Outline(page).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", page))
    grounds = [colours[name] for name in ("paper", "desk")]
    texts = {name: colour for name, colour in colours.items() if name not in ("paper", "desk", "line", "bar")}
    attributes = [(tag, name, value or "") for tag, found in tags for name, value in found.items()]
    checks = {
        "language": ("html", {"lang": "en"}) in tags,
        "one first heading": levels.count(1) == 1,
        "headings in order": levels[:1] == [1] and all(b <= a + 1 for a, b in pairwise(levels)),
        "title": bool(re.search(r"<title>\s*[^<\s]", page)),
        "main": [tag for tag, _ in tags].count("main") == 1,
        "viewport": any(found.get("content", "").startswith("width=device-width") for _, found in tags),
        "table headers": all("scope" in found for tag, found in tags if tag == "th"),
        "contrast": all(contrast(text, ground) >= 4.5 for text in texts.values() for ground in grounds),
        "bars": contrast(colours["bar"], colours["paper"]) >= 3,
        "colours with a name": not re.search(r"(?<!-)color: #", page),
        "no script": "script" not in dict(tags) and not any(name.startswith("on") for _, name, _ in attributes),
        "no request": not any(name in ("src", "srcset", "data") for _, name, _ in attributes)
        and all(value.startswith("#") for tag, name, value in attributes if name == "href")
        and "url(" not in page
        and "@import" not in page,
        "unfolded in print": "details::details-content" in page.partition("@media print")[2],
    }
    return [name for name, good in checks.items() if not good]


def overhang(page, width, folder):
    """Return how many pixels a page is wider than a frame of this width, everything unfolded, in Chromium."""
    # A frame, since the browser's window may refuse to be this narrow; without the policy, so that it can be measured.
    inner = re.sub("<meta http-equiv[^>]*>", "", page).replace("<details>", "<details open>")
    measure = "const d = frames[0].document.documentElement; document.title = d.scrollWidth - d.clientWidth"
    outer = folder / "outer.html"
    frame = f"<iframe width={width} height=900 srcdoc='{html.escape(inner)}'></iframe>"
    outer.write_text(f"<meta charset=utf-8>{frame}<script>onload = () => {{ {measure} }}</script>")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--virtual-time-budget=2000", f"--user-data-dir={folder / 'browser'}", "--dump-dom"]
    done = subprocess.run([CHROMIUM, *flags, outer.as_uri()], capture_output=True, text=True, timeout=60)
    return int(re.search(r"<title>(-?\d+)</title>", done.stdout)[1])
