"""Where student code runs: kernels in bubblewrap, the process that forks them, the watchdog."""
