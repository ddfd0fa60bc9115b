"""The site: sources writes what Sphinx reads, conf tells Sphinx how, build runs it and checks the pages."""

import grading  # noqa: F401  # it says what to do where its packages are not there
