"""What serves the rest: the language spoken."""
