"""Turn a kernel's output message into an output that can be kept: plain text and pictures, of known types and sizes.

A message comes from student code and may hold anything. What is kept is built anew: no metadata, no display ids, no
HTML or script that would run in the browser of whoever opens the graded notebook, nothing that breaks the file.
"""

from nbformat.v4 import new_output

PICTURES = ("image/png", "image/jpeg")
MOST_LINES = 1000  # of a traceback


def kept(kind, content):
    """Return the output that a message of type ``kind`` leaves in its cell, or None."""
    if not isinstance(content, dict):
        return None
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=writable_text(content.get("text")))
    if kind in ("display_data", "execute_result"):
        data = content.get("data")
        data = data if isinstance(data, dict) else {}
        shown = {
            mime: writable_text(data[mime]) for mime in ("text/plain", *PICTURES) if isinstance(data.get(mime), str)
        }
        return new_output("display_data", shown) if shown else None
    if kind == "error":
        lines = content.get("traceback")
        traceback = [writable_text(line) for line in lines[:MOST_LINES]] if isinstance(lines, list) else []
        return new_output(
            "error",
            ename=writable_text(content.get("ename")),
            evalue=writable_text(content.get("evalue")),
            traceback=traceback,
        )
    return None


def writable_text(value):
    """Return a text that can be written to a file, whatever came."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def size(output):
    """Return about how many bytes an output takes in the file."""
    texts = [output.get("text", ""), output.get("ename", ""), output.get("evalue", "")]
    texts += [*output.get("data", {}).values(), *output.get("traceback", [])]
    return 100 + sum(len(each) + 8 for each in texts)
