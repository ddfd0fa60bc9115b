"""The command line, ``python -m grading``: one file a subcommand."""
