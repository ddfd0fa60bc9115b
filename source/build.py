"""Build this course: ``python source/build.py``, or with ``--check`` only compare (see `grading.authoring.build`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, or from elsewhere

from grading.authoring.build import main

sys.exit(main())
