"""What a plain path reads: roots, and jobs with their keys."""

from collections.abc import Iterator

from runner.compile.expressions.errors import ExpressionError
from runner.compile.expressions.path import Path
from runner.compile.expressions.references import JobReference


def jobs_of(path: Path) -> Iterator[JobReference]:
    """The job references of a plain path and of those in its subscripts."""
    for part in path.paths():
        if part.root == "jobs":
            if not part.steps or not isinstance(part.steps[0], str):
                raise no_job_named()
            key = part.steps[1] if len(part.steps) > 1 else None
            fields = tuple(step if isinstance(step, str) else None for step in part.steps[2:])
            yield JobReference(part.steps[0], str(key) if isinstance(key, int) else key, False, fields)


def firsts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The roots that a plain path reads, each with the first name behind it."""
    for part in path.paths():
        first = part.steps[0] if part.steps else "*"
        yield part.root, first if isinstance(first, str) else "*"


def no_job_named() -> ExpressionError:
    """The error for `jobs` without the name of one."""
    return ExpressionError(
        "`jobs` must be followed by a job's name", "write `jobs.NAME`, so that it is known what is waited for"
    )
