"""nbgrader's classes, as thin shells around the rest: what nbgrader_config.py sets."""
