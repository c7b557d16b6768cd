"""What will be done to each instance, and why."""
