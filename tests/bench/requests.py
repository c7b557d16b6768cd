"""(f) Requests made per finished job, counted at the API, beside the least that would do.

The least is a create and a download for each job, and in between: for a list of a hundred jobs a page, one look at each
page; for notifications one look at each job, since what a notification says is asked of the API itself; for reads one
look at each job, which no client can time so well. Polls are looks at jobs or at pages of them.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import mill
from figures import Figure
from server import counted, serving

from runner.engine.running.desk import RunOptions

SECONDS = 3.0
"""How long a job takes there. Its API is polled every 0.2 s at first, so this is what five minutes are to one that is
polled every fifteen seconds."""


def measure(quick: bool) -> Iterator[Figure]:
    """By a list, by notifications, and by reads alone."""
    count = 50 if quick else 300
    pages = -(-count // 100)
    for resource, name, least, target in (
        ("listed", "a list operation", 2 * count + pages, 1.25),
        ("told", "notifications", 3 * count, 1.25),
        ("read", "reads alone", 3 * count, None),
    ):
        made = _counts(resource, count)
        requests = sum(made[word] for word in ("create", "read", "list", "download"))
        polls = made["read"] + made["list"]
        detail = {"requests per job": requests / count, "polls per job": polls / count, "jobs": count}
        yield Figure(f"{name}: requests beside the least", requests / least, target, detail=detail)


def _counts(resource: str, count: int) -> dict[str, int]:
    """Requests by operation, for so many jobs of this resource."""
    with serving(seconds=SECONDS) as url, tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        work = mill.checked(mill.chains(Path(folder), url, count, resource))
        options = RunOptions(listen="127.0.0.1:0") if resource == "told" else RunOptions()
        ran = mill.applied(work, options)
        assert ran.result.done == count, ran.result
        return {"read": 0, "list": 0, **counted(url)}
