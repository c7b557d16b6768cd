"""What every event is."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base of all events; `kind` is the word that stands in the journal."""

    kind: ClassVar[str] = ""
