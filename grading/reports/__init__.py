"""What is read: feedback pages, the instructor's summary, in which language."""
