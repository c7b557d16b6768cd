"""What is told to people of an error: of a problem in their manifest, and of a fault of our own."""

import traceback

from runner.model.errors import InvalidInput, RunnerError


def fault(error: Exception) -> RunnerError:
    """What went wrong in runner itself, and where; the journal is whole, so the next apply carries on."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return RunnerError(f"a fault in runner: {type(error).__name__}{where}: {error}")


def told(error: RunnerError) -> tuple[str, str]:
    """The message and the hint; of several problems those of the first."""
    if isinstance(error, InvalidInput) and error.problems:
        return error.problems[0].message, error.problems[0].hint
    return error.message, error.hint
