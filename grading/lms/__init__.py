"""What an LMS gives and takes: archives, file names, rosters, tables of grades."""
