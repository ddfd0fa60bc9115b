"""nbgrader's gradebook: rows in transactions, the status of a mark, due dates."""
