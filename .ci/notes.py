"""Print what the changelog says about the version of a tag: ``python .ci/notes.py v0.2.0``."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(tag, changelog, version, cited):
    """Return the changelog's section on a tag's version; raises ValueError where there is none, or another version."""
    if not tag == f"v{version}" == f"v{cited}":
        raise ValueError(f"the tag is {tag}, the version {version} in pyproject.toml and {cited} in CITATION.cff")
    section = re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if not section or not section[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing under '## {version} (year-month-day)'")
    return section[1].strip()


if __name__ == "__main__":
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)[1]
    try:
        print(notes(sys.argv[1], (ROOT / "CHANGELOG.md").read_text("utf-8"), version, cited))
    except ValueError as error:
        sys.exit(f"notes: {error}")
