"""What every event is."""

from typing import ClassVar

from runner.model.frozen import frozen


@frozen(kw_only=True)
class Event:
    """The base of all events; `kind` is the word that stands in the journal."""

    kind: ClassVar[str] = ""
