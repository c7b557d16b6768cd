"""Click commands, one file a command; the only place that sets exit codes."""
