"""Bring the catalogues of every language up to date with their sources: ``make messages``.

python -m grading.authoring.messages            every language there is
python -m grading.authoring.messages fr         begin another one as well
python -m grading.authoring.messages --check    only list what a release lacks; exit code 1 where that is something
"""

import argparse
import sys
from pathlib import Path

from grading.authoring.build import BuildError, instructors
from grading.authoring.exercise import ExerciseError
from grading.authoring.translation import left_to_translate, problems, template, update
from grading.course import REPOSITORY
from grading.reports.catalogues import TranslationError, languages


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Bring the catalogues of every language up to date.")
    parser.add_argument("begin", nargs="*", metavar="LANGUAGE", help="a language to begin, such as fr")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is not translated")
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="the course folder; default: this repository")
    args = parser.parse_args(argv)
    root = args.root.resolve()
    try:
        fresh = template(root, instructors(root)[0])
        if args.check:
            lacking = left_to_translate(root, fresh) + problems(root, fresh)
            print("\n".join(lacking) or "every text is translated", file=sys.stderr if lacking else sys.stdout)
            return bool(lacking)
        lines = [line for language in sorted({*languages(root), *args.begin}) for line in update(root, language, fresh)]
    except (TranslationError, BuildError, ExerciseError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or root}: {error.strerror or error}", file=sys.stderr)
        return 1
    print("\n".join(lines) or "this course has no translation: name a language to begin one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
