"""Bring the catalogues of every language up to date with their sources: ``make messages``.

python -m grading.authoring.messages        every language there is
python -m grading.authoring.messages fr     begin another one as well
"""

import argparse
import sys
from pathlib import Path

from grading.authoring.build import BuildError, instructors
from grading.authoring.translation import template, update
from grading.course import REPOSITORY
from grading.reports.catalogues import TranslationError, languages


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Bring the catalogues of every language up to date.")
    parser.add_argument("begin", nargs="*", metavar="LANGUAGE", help="a language to begin, such as fr")
    parser.add_argument("--root", type=Path, default=REPOSITORY)
    args = parser.parse_args(argv)
    try:
        fresh = template(args.root, instructors(args.root)[0])
        lines = [
            line
            for language in sorted({*languages(args.root), *args.begin})
            for line in update(args.root, language, fresh)
        ]
    except (TranslationError, BuildError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
