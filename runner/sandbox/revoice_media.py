"""ReVoice's media gallery: paths of uploaded audio and video, and the addresses to upload to.

What is uploaded is counted and digested, not kept: nothing in the API gives it back.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runner.sandbox.clock import Clock
from runner.sandbox.revoice_catalogue import MEDIA_FILES
from runner.sandbox.wire import Ask, Received
from runner.sandbox.world import World

UPLOAD_LIFE = 900.0
"""Virtual seconds that an upload address is good for (docs.revoiceit.com/docs/api/Media: 15 minutes)."""
LEAST_LIFE = 20.0
"""Real seconds that anything which runs out lasts at least, so that a quick sandbox can still be used."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file in the gallery."""

    path: str
    size: int
    sha256: str


class Gallery:
    """The files of the workspace."""

    def __init__(self, world: World, clock: Clock, secret: str) -> None:
        self._clock = clock
        self._secret = secret.encode()
        self._files = world.table("revoice.media", MediaFile)
        if not world.facts.get("revoice.media"):
            world.set_fact("revoice.media", True)
            for path in MEDIA_FILES:
                self._files.put(path, MediaFile(path, 0, ""))

    def paths(self) -> list[str]:
        """All paths."""
        return [file.path for file in self._files]

    def holds(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._files.get(path) is not None

    def remove(self, paths: list[str]) -> None:
        """Removes files, and all files below directories."""
        for path in paths:
            below = path.rstrip("/") + "/"
            for held in [each for each in self.paths() if each == path or each.startswith(below)]:
                self._files.remove(held)

    def upload_url(self, body: dict[str, Any], origin: str) -> str:
        """An address to PUT a file to, for a while."""
        kind = body["contentType"].partition("/")[0]
        path = f"files/{kind}/{body['fileName'].lstrip('/')}"
        until = f"{self._clock.virtual() + self._clock.lasting(UPLOAD_LIFE, LEAST_LIFE):.3f}"
        return f"{origin}/revoice/__upload__/{quote(path)}?until={until}&sign={self._sign(path, until)}"

    def receive(self, ask: Ask, received: Received) -> bool:
        """Takes an uploaded file in, unless the address is not ours or too old."""
        path, until = ask.params["path"], ask.query.get("until", "")
        right = hmac.compare_digest(ask.query.get("sign", "").encode(), self._sign(path, until).encode())
        if not right or float(until) < self._clock.virtual():
            return False
        self._files.put(path, MediaFile(path, received.size, received.sha256))
        return True

    def _sign(self, path: str, until: str) -> str:
        return hmac.new(self._secret, f"upload/{path}/{until}".encode(), hashlib.sha256).hexdigest()[:32]
