"""runner: declare remote media work, review the plan, pay once, resume always."""

__version__ = "0.1.0"
