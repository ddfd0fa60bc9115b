"""What an instructor does, as subcommands: ``python -m grading --help``."""

import argparse
import sys
from importlib import import_module

from grading.shown import shown_text

COMMANDS = (
    *("grade", "collect", "grades", "give-back", "report", "rescore", "extend", "show", "demo", "hidden"),
    *("one", "gradescope", "new-course", "exercise", "check-exercise"),
)


def main(arguments=None):
    """Run a subcommand and return its exit code; 2 for what cannot be done as asked."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m grading", description="Collect and grade what students handed in.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # Each command's module imports what it needs: for a known command, that one is enough.
    for name in arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS:
        import_module(f"grading.commands.{name.replace('-', '_')}").add_command(commands)
    chosen = parser.parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # names of students go to terminals that lack their letters
    try:
        return chosen.run(chosen)
    except (ValueError, OSError) as error:
        print(shown_text(f"{parser.prog}: {error}"), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
