"""What is read: feedback pages, the report on a class, in which language."""
