"""What an instructor runs; never shipped to students.

The cases     oracle -> casebook -> exercises -> draw: references with 50 digits become two data files
A submission  intake -> packed, names, match -> doctor (repairs, exporter): bytes become a notebook that can be graded
A verdict     judge asks the kernel and verdict compares; sandbox, walls, zygote, watch and outputs hold the kernel;
              relevance says which released cells need not run
A class       grade (options) -> batch -> workers judge each into a record; writer, ledger, folder write them down
What is read  findings -> feedback, summary; export, grades: pages and tables; edition, language: in which language
An LMS        archive -> lms, roster -> collect, and back with grades; late: due dates and what being late costs
Commands      grade, collect, grades, summary (python -m grading), demo, handout, reproduce; course is one to try in
nbgrader      settings, stubs, exchange, markup: what nbgrader_config.py sets; files: whole writes or none
"""

import sys

# jsonschema, under nbformat, imports this one to check addresses, which no notebook needs: it builds a grammar for two
# seconds, in every process that grades. None is Python's way to say that it is not there.
sys.modules.setdefault("rfc3987_syntax", None)
