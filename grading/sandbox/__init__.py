"""Where student code runs: kernels in bubblewrap or as a user of their own, the process that forks them, the watchdog."""
