"""Where an instance stands."""

from enum import StrEnum


class Phase(StrEnum):
    """Where the newest generation of an instance stands.

    unsettled: an intent is open · doubt: it needs a person · running: accepted, not ended · ready, failed, stalled:
    ended there · refused, withdrawn: the call had no effect · abandoned: a person gave up on it · gated: nothing was
    ever sent, a person must approve it first.
    """

    __hash__ = str.__hash__  # as for verbs

    UNSETTLED = "unsettled"
    DOUBT = "doubt"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    STALLED = "stalled"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"
    GATED = "gated"


UNDER_WAY = (Phase.UNSETTLED, Phase.DOUBT, Phase.RUNNING)
"""The phases in which a call has no end yet."""
