"""An order of the emulated Rev: what is kept of it, how it stands at a time, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from runner.sandbox.ground.clock import Clock, iso, share
from runner.sandbox.rev.rules import LENGTHS

AI, HUMAN, CAPTION = "automated_transcription_options", "transcription_options", "caption_options"

_WORK = {AI: (10.0, 60.0), HUMAN: (60.0, 600.0), CAPTION: (60.0, 400.0)}
_REHEARSAL = 300.0
_WORDS = {
    AI: ("In Progress", "In Progress"),
    HUMAN: ("Finding Transcriptionist", "Transcribing"),
    CAPTION: ("Finding Captioner", "In Progress"),
}
_A_MINUTE = {AI: 0.25, HUMAN: 1.99, CAPTION: 1.99}
_DELIVERABLES = {AI: "ai_transcript", HUMAN: "transcript", CAPTION: "caption"}
_FAILED = "The media could not be worked on, so the order was cancelled."


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `placed_at` is real, `begins` and `due` are virtual; `media` holds name, seconds, link (whether it is
    an external one) of each input; `cancelled` is when it was cancelled, in real time."""

    number: str
    service: str
    client_ref: str | None
    request: dict[str, Any]
    media: list[dict[str, Any]]
    price: float
    placed_at: float
    born: float
    begins: float
    due: float
    delivered_at: float
    fails: bool
    cancelled: float | None = None
    deleted: bool = False

    def ended(self, now: float) -> bool:
        """Whether nothing more will change by itself."""
        return self.cancelled is not None or now >= self.due

    def stamp(self, now: float) -> tuple[Any, ...]:
        """All that its looks depend on."""
        return (now >= self.begins, now >= self.due, self.cancelled, self.deleted)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: `kind` is media, transcript or caption, `index` that of its input."""

    id: str
    kind: str
    index: int
    order: Order = field(repr=False)

    @property
    def media(self) -> Mapping[str, Any]:
        """Its input."""
        return self.order.media[self.index]

    @property
    def language(self) -> str:
        """The language that is spoken."""
        return str(self.order.request[self.order.service].get("inputs_language", "en"))

    @property
    def by_ai(self) -> bool:
        """Whether no person worked on it."""
        return self.order.service == AI


def new_order(number: str, body: Mapping[str, Any], media: list[dict[str, Any]], clock: Clock) -> Order:
    """An order as it is just after its create."""
    service = next(name for name in LENGTHS if name in body)
    now = clock.virtual()
    begin, work = (0.0, _REHEARSAL) if body.get("sandbox_mode") else _WORK[service]
    due = now + work * (1.0 if body.get("sandbox_mode") else 0.8 + 0.4 * share(number))
    return Order(
        number=number,
        service=service,
        client_ref=body.get("client_ref"),
        request=dict(body),
        media=media,
        price=price_of(service, media),
        placed_at=clock.real(),
        born=now,
        begins=now + begin,
        due=due,
        delivered_at=clock.real_of(due),
        fails=any("fail" in each["name"].lower() for each in media),
    )


def price_of(service: str, media: list[dict[str, Any]]) -> float:
    """What a service costs: every started minute of every input."""
    minutes: int = sum(-(-each["seconds"] // 60) for each in media)
    return round(minutes * _A_MINUTE[service], 2)


def status_of(order: Order, now: float) -> str:
    """The status word at a virtual time."""
    if order.cancelled is not None or (order.fails and now >= order.due):
        return "Cancelled"
    if now >= order.due:
        return "Complete"
    if order.request.get("sandbox_mode"):
        return "In Progress"
    return _WORDS[order.service][now >= order.begins]


def summary(order: Order, now: float) -> dict[str, Any]:
    """An order as the list shows it."""
    seconds = sum(each["seconds"] for each in order.media)
    options = order.request[order.service]
    shown: dict[str, Any] = {"order_number": order.number}
    if order.client_ref is not None:
        shown["client_ref"] = order.client_ref
    if "ponumber" in order.request:
        shown["po_number"] = order.request["ponumber"]
    shown |= {"price": order.price, "placed_on": iso(order.placed_at)}
    status = status_of(order, now)
    if status == "Complete":
        shown["delivered_on"] = iso(order.delivered_at)
    shown |= {"status": status, "priority": "Normal"}
    shown["non_standard_tat_guarantee"] = order.request.get("non_standard_tat_guarantee", False)
    if order.service == HUMAN:
        shown["transcription"] = {
            "total_length_seconds": seconds,
            "verbatim": options.get("verbatim", False),
            "timestamps": options.get("timestamps", False),
        }
    elif order.service == CAPTION:
        shown["caption"] = {"total_length": -(-seconds // 60), "total_length_seconds": seconds}
    return shown


def details(order: Order, now: float, base: str) -> dict[str, Any]:
    """An order with its comments and attachments; `base` is the address of the API."""
    files = [shown_file(each, base) for each in files_of(order, now)]
    return {**summary(order, now), "comments": comments_of(order, now), "attachments": files}


def comments_of(order: Order, now: float) -> list[dict[str, Any]]:
    """What Rev says about an order: why it was given up."""
    if order.cancelled is None and order.fails and now >= order.due:
        return [{"by": "Rev", "timestamp": iso(order.delivered_at), "text": _FAILED}]
    return []


def files_of(order: Order, now: float) -> list[File]:
    """The attachments: the media at once, a file for each when the order is complete, nothing once it is deleted."""
    if order.deleted:
        return []
    kind = "caption" if order.service == CAPTION else "transcript"
    kinds = ("media", kind) if status_of(order, now) == "Complete" else ("media",)
    return [
        File(f"{order.number}-{each[0]}{index + 1}", each, index, order)
        for each in kinds
        for index in range(len(order.media))
    ]


def shown_file(file: File, base: str) -> dict[str, Any]:
    """The metadata of an attachment."""
    stem = PurePosixPath(file.media["name"]).stem or "media"
    shown: dict[str, Any] = {"kind": file.kind, "id": file.id}
    link = {"rel": "content", "href": f"{base}/api/v1/attachments/{file.id}/content"}
    if file.kind == "media":
        shown |= {"name": file.media["name"], LENGTHS[file.order.service]: file.media["seconds"]}
        return {**shown, "links": [] if file.media["link"] else [link]}
    shown["name"] = stem + (".srt" if file.kind == "caption" else ".docx")
    return {**shown, "links": [link]}


def deliverable_type(order: Order) -> str:
    """What a notification about a file calls it."""
    return _DELIVERABLES[order.service]
