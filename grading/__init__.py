"""What an instructor runs; never shipped to students. A course is data that is read here, and none is named.

Rooms, each importing only what lies below it:

commands    the command line: grade, collect, grades, give_back, report, rescore, extend, show, demo, hidden, one,
            gradescope, new_course, exercise, check_exercise; options, alone, trial
batch       a class: folder, plan, executors judge each submission into a record, one writer; rescoring
lms         archives and layouts, which, roster, collect, and back with grade_files, giving_back
authoring   makes a course: exercise and draw, new_exercise, the kill matrix, build, texts, packing (slimming,
            setup_cell, bringing), translation, messages, edition, stubs, handout, gradescope
plugins     nbgrader's classes as thin shells: mending, saving, feedback, export, late, exchange, formgrader; run
reports     what is read: findings, feedback, results, showing, expected values, markdown, language, catalogues; of a
            class: class_data, class_statistics, answers, alike, class_figures, class_page
gradebook   database, status of a mark and its history, points in force, due_dates
engine      runner has kernels run the cells, judge asks them, verdict compares, record keeps; accident, outputs,
            relevance of cells, decisive parts of a course; test cells that run inside a student's kernel
repair      doctor: intake, cell_code, match, packed, editions, sentences
sandbox     isolation, kernels, zygote forks them, watchdog; user and confine where bubblewrap is forbidden; cgroup
            course, files, bounded and shown lie below all; settings is what nbgrader_config.py calls
"""

import sys
from importlib.util import find_spec

# Every command of ours begins here, `python source/build.py` too; without its packages it would end in a traceback.
if find_spec("nbgrader") is None:
    sys.exit(
        f"The grader's packages are not there for {sys.executable}: run this with the repository's .venv/bin/python, "
        "or activate that environment first (. .venv/bin/activate). Targets of make set it up; see docs/install.md."
    )

# jsonschema, under nbformat, imports this one to check addresses, which no notebook needs: it builds a grammar for two
# seconds, in every process that grades. None is Python's way to say that it is not there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # typeshed knows of modules only
