"""The course's figures, as functions of numbers."""
