"""`python -m helpers`: print what a question about a problem should say; exit code 1 where something is wrong."""

import sys

from .checks.machine import report_machine

if __name__ == "__main__":
    sys.exit(not report_machine())
