"""What all emulated APIs stand on: HTTP, clocks, faults, files, and the world that is kept."""
