"""Make a course: texts to notebooks, exercises to case files, packing, translation, the handout."""
