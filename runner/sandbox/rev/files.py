"""The attachments of the emulated Rev: what they are, their content in the format asked for, and links to share."""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.film import sound
from runner.sandbox.ground.shape import wrong
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.rev.order import File, Order, files_of, shown_file
from runner.sandbox.rev.rules import SHARE
from runner.sandbox.rev.transcript import CAPTIONS, ENDINGS, SRT, TRANSCRIPTS, YOUTUBE, lines_of
from runner.sandbox.rev.wire import INVALID, accepted, answer, body_of, empty, error

_WAV = "audio/wav"


class Files:
    """All attachments; `order` gives the order of a number."""

    def __init__(self, clock: Clock, order: Callable[[str], Order | None]) -> None:
        self._clock = clock
        self._order = order

    def operations(self) -> tuple[Operation, ...]:
        """The operations; the content is also had under an extension."""
        path = "/api/v1/attachments/{id}"
        return (
            Operation("getAttachment", "GET", path, self.get),
            Operation("getAttachmentContent", "GET", f"{path}/content", self.content),
            Operation("getAttachmentContent", "GET", f"{path}/content.{{ending}}", self.content),
            Operation("shareAttachment", "POST", f"{path}/share", self.share),
        )

    def get(self, ask: Ask) -> Reply:
        """What an attachment is."""
        return answer(ask, shown_file(self._file(ask), f"{ask.origin}/rev"), "attachment")

    def content(self, ask: Ask) -> Reply:
        """The file, in the first acceptable format that there is."""
        file = self._file(ask)
        if file.kind == "media":
            if file.media["link"]:
                raise Refusal(empty(404))
            return _chosen(ask, {_WAV: partial(sound, file.id)})
        lines = lines_of(file.media["name"], file.media["seconds"], file.language)
        makers = CAPTIONS if file.kind == "caption" else TRANSCRIPTS
        offered = {
            media: make
            for media, make in makers.items()
            if media != SRT or file.kind == "caption" or file.by_ai
        }
        return _chosen(ask, {media: partial(make, lines) for media, make in offered.items()})

    def share(self, ask: Ask) -> Reply:
        """A link to the editor of a transcript or caption."""
        file = self._file(ask)
        body = body_of(ask, SHARE) if ask.body else {}
        found = wrong(body, SHARE) or ("media cannot be shared" if file.kind == "media" else None)
        if found:
            raise Refusal(error(ask, INVALID, found))
        level = body.get("access_level", "ReadOnly")
        token = hashlib.sha256(f"{file.id} {level}".encode()).hexdigest()[:24]
        return empty(201, Location=f"{ask.origin}/rev/editor/{token}")

    def _file(self, ask: Ask) -> File:
        number, _, _ = ask.params["id"].rpartition("-")
        order = self._order(number)
        files = files_of(order, self._clock.virtual()) if order is not None else []
        found = next((file for file in files if file.id == ask.params["id"]), None)
        if found is None:
            raise Refusal(empty(404))
        return found


def _chosen(ask: Ask, offered: Mapping[str, Callable[[], bytes]]) -> Reply:
    """The content in the format of the URL's extension, or the first of Accept's; 406 when there is none of them."""
    ending = ask.params.get("ending")
    if ending is not None:
        wanted = [ENDINGS.get(ending.lower(), "")]
    else:
        wanted = [_name(media, held) for media, held in accepted(ask)] or ["*/*"]
    for media in wanted:
        group = media.removesuffix("*")
        found = next(
            (one for one in offered if one == media or (media.endswith("/*") and one.startswith(group))), None
        )
        if media == "*/*":
            found = next(iter(offered))
        if found is not None:
            return Reply(raw=offered[found](), headers={"Content-Type": found})
    raise Refusal(empty(406))


def _name(media: str, parameters: Mapping[str, str]) -> str:
    return YOUTUBE if media == "text/plain" and parameters.get("format") == "youtube-transcript" else media
