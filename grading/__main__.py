"""What an instructor does, as subcommands: ``python -m grading --help``."""

import argparse
import sys

from . import collect, grades, summary


def main(arguments=None):
    """Run a subcommand and return its exit code; 2 for what cannot be done as asked."""
    parser = argparse.ArgumentParser(prog="python -m grading", description="Collect and grade what students handed in.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (collect, grades, summary):
        module.add_command(commands)
    chosen = parser.parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # names of students go to terminals that lack their letters
    try:
        return chosen.run(chosen)
    except (ValueError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
