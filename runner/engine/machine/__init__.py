"""What this machine gives: files, clocks, threads and signals; and what is said of faults."""
