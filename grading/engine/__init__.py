"""A verdict as a pure function of a submission's bytes and the course: judge, compare, record."""
