"""The time of day, as the journal and reports write it."""

import time
from functools import lru_cache


def now_text() -> str:
    """The time of day as the journal writes it: ISO 8601, UTC, milliseconds."""
    moment = time.time_ns() // 1_000_000
    return f"{_second(moment // 1000)}.{moment % 1000:03}Z"


@lru_cache(maxsize=4)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
