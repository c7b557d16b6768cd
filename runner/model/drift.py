"""Drift: where what an API says is no longer what the state knows."""

from enum import StrEnum

from runner.model.frozen import frozen


class DriftKind(StrEnum):
    """gone: it is not there any more · failed: it ended otherwise than was recorded · changed: its fields differ ·
    expiring: its links end soon, and a file is not here · unknown: it is there, and no state knows it ·
    unread: nothing could be learnt about it."""

    GONE = "gone"
    FAILED = "failed"
    CHANGED = "changed"
    EXPIRING = "expiring"
    UNKNOWN = "unknown"
    UNREAD = "unread"


@frozen
class Drift:
    """One finding. `address` is empty for what no state knows, which has `uses`, `id` and its name in `detail`;
    `command` is the way out, where there is one."""

    kind: DriftKind
    address: str
    uses: str
    id: str
    detail: str
    command: str = ""
