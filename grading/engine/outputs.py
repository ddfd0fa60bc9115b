"""Turn a kernel's output message into an output that can be kept: plain text and pictures, of known types and sizes.

A message comes from student code and may hold anything. What is kept is built anew: no metadata, no display ids, no
HTML or script that would run in the browser of whoever opens the graded notebook, nothing that breaks the file.
"""

from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode

PICTURES = ("image/png", "image/jpeg")
MOST_LINES = 1000  # of a traceback
FRAME = 800  # bytes that an output counts for itself: nbgrader's steps spend a quarter of a millisecond on each


def kept(kind: str, content: object) -> NotebookNode | None:
    """Return the output that a message leaves in its cell, or None.

    Arguments
        kind: the message's type.
        content: what it carries, whatever that is.
    """
    output: NotebookNode | None = None
    if not isinstance(content, dict):
        return None
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        output = made("stream", name=name, text=writable_text(content.get("text")))
    elif kind in ("display_data", "execute_result"):
        data = content.get("data")
        data = data if isinstance(data, dict) else {}
        shown = {
            mime: writable_text(data[mime]) for mime in ("text/plain", *PICTURES) if isinstance(data.get(mime), str)
        }
        output = made("display_data", metadata={}, data=shown) if shown else None
    elif kind == "error":
        lines = content.get("traceback")
        output = made(
            "error",
            ename=writable_text(content.get("ename")),
            evalue=writable_text(content.get("evalue")),
            traceback=[writable_text(line) for line in lines[:MOST_LINES]] if isinstance(lines, list) else [],
        )
    return output


def made(kind: str, **parts: object) -> NotebookNode:
    """Return an output of valid parts; nbformat's own function would spend a millisecond on finding out that they are.

    Arguments
        kind: its type in a notebook.
        parts: what an output of that type has, in the order in which nbformat writes it.
    """
    output = NotebookNode(output_type=kind)
    output.update(parts)
    return output


def writable_text(value: object) -> str:
    """Return a text that can be written to a file, whatever the value is."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def size(output: Mapping[str, Any]) -> int:
    """Return how many bytes an output counts."""
    texts = [output.get("text", ""), output.get("ename", ""), output.get("evalue", "")]
    texts += [*output.get("data", {}).values(), *output.get("traceback", [])]
    return FRAME + sum(len(each) + 8 for each in texts)
