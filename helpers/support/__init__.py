"""What serves the rest: the language spoken, what the machine is."""
