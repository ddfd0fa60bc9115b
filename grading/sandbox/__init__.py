"""Where student code runs: kernels in bubblewrap or as their own user, the process that forks them, the watchdog."""
