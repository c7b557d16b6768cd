"""ReVoice's media gallery: paths of uploaded audio and video, and the addresses to upload to.

What is uploaded is counted and digested, not kept: nothing in the API gives it back.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.wire import Ask, Operation, Received, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.revoice.catalogue import MEDIA_FILES
from runner.sandbox.revoice.replies import checked, error
from runner.sandbox.revoice.rules import FILES, UPLOAD

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

    def operations(self) -> tuple[Operation, ...]:
        """The operations on the gallery."""
        return (
            Operation("listMediaFiles", "GET", "/media/files", self.list_media_files),
            Operation("deleteMediaFiles", "POST", "/media/files/delete", self.delete_media_files),
            Operation("createUploadUrl", "POST", "/media/upload-url", self.create_upload_url),
            Operation("upload", "PUT", "/__upload__/{path:path}", self.upload, open=True, streamed=True),
        )

    def list_media_files(self, ask: Ask) -> Reply:
        """The paths in the gallery."""
        return Reply(value=self.paths())

    def delete_media_files(self, ask: Ask) -> Reply:
        """Removes files and directories from the gallery."""
        self._remove(checked(ask, FILES)["paths"])
        return Reply(204)

    def create_upload_url(self, ask: Ask) -> Reply:
        """An address to upload a file to."""
        body = checked(ask, UPLOAD)
        if body["contentType"].partition("/")[0] not in ("audio", "video"):
            raise Refusal(error(400, "contentType must be audio or video"))
        return Reply(value=self._upload_url(body, ask.origin))

    def upload(self, ask: Ask) -> Reply:
        """Takes an uploaded file."""
        if ask.received is None or not self._receive(ask, ask.received):
            raise Refusal(error(403, "The upload address is wrong or too old"))
        return Reply(200, raw=b"")

    def _remove(self, paths: list[str]) -> None:
        for path in paths:
            below = path.rstrip("/") + "/"
            for held in [each for each in self.paths() if each == path or each.startswith(below)]:
                self._files.remove(held)

    def _upload_url(self, body: dict[str, Any], origin: str) -> str:
        kind = body["contentType"].partition("/")[0]
        path = f"files/{kind}/{body['fileName'].lstrip('/')}"
        until = f"{self._clock.virtual() + self._clock.lasting(UPLOAD_LIFE, LEAST_LIFE):.3f}"
        return f"{origin}/revoice/__upload__/{quote(path)}?until={until}&sign={self._sign(path, until)}"

    def _receive(self, ask: Ask, received: Received) -> bool:
        path, until = ask.params["path"], ask.query.get("until", "")
        right = hmac.compare_digest(ask.query.get("sign", "").encode(), self._sign(path, until).encode())
        if not right or float(until) < self._clock.virtual():
            return False
        self._files.put(path, MediaFile(path, received.size, received.sha256))
        return True

    def _sign(self, path: str, until: str) -> str:
        return hmac.new(self._secret, f"upload/{path}/{until}".encode(), hashlib.sha256).hexdigest()[:32]
