"""A batch of the emulated Blurb: what is kept of it, how its renders advance, and how it is shown."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.sandbox.ground.clock import Clock, iso, share

COLLECTING, RENDERING, WORK = 5.0, 30.0, 90.0
"""Virtual seconds after which assets are collected, the film is made, and it is done (a fifth more or less)."""

MESSAGES = {
    "PENDING": None,
    "COLLECTING_ASSETS": "Collecting assets for this render",
    "RENDERING": "Rendering.",
    "COMPLETED": "Render completed.",
    "FAILED": "Render failed: its content could not be made.",
}
"""Render status → its message. The word for a failure is chosen here: no page tells one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch. `created_at` is real, `born` virtual time; `origin` the sandbox's own address, for notifications;
    `renders` hold id, contentId, aspectRatio, fileName, due (virtual) and fails."""

    id: str
    ref: str
    artist: str
    bundle: str
    media: str
    created_at: float
    born: float
    origin: str
    webhook_url: str = ""
    dry: bool = False
    renders: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Moment:
    """A change that is notified: of a render (`index`), or of the whole batch (None), at a virtual time."""

    at: float
    index: int | None
    status: str


def new_renders(body: Mapping[str, Any], batch: str, song: str, clock: Clock) -> list[dict[str, Any]]:
    """One render for each that is asked for, whatever its numVideos, as in the text's example."""
    stem = re.sub(r"[^a-z0-9]+", "-", song.lower()).strip("-")[:60] or "render"
    made = []
    for number, wanted in enumerate(body["renders"], 1):
        id = f"render-{batch.removeprefix('batch-')}-{number}"
        text = wanted.get("requiredData", {}).get("customText", "")
        made.append(
            {
                "id": id,
                "contentId": wanted.get("contentId", ""),
                "aspectRatio": wanted.get("videoSettings", {}).get("aspectRatio", "16x9"),
                "fileName": f"{stem}.mp4" if number == 1 else f"{stem}-{number}.mp4",
                "due": clock.virtual() + WORK * (0.8 + 0.4 * share(id)),
                "fails": "fail" in f"{wanted.get('contentId', '')} {text}".lower(),
            }
        )
    return made


def status_of(batch: Batch, render: Mapping[str, Any], now: float) -> str:
    """A render's status word at a virtual time."""
    if batch.dry or now < batch.born + COLLECTING:
        return "PENDING"
    if now >= render["due"]:
        return "FAILED" if render["fails"] else "COMPLETED"
    return "COLLECTING_ASSETS" if now < batch.born + RENDERING else "RENDERING"


def batch_status(batch: Batch, now: float) -> str:
    """The batch's word: PENDING until every render has ended."""
    words = {status_of(batch, render, now) for render in batch.renders}
    if words == {"COMPLETED"}:
        return "COMPLETED"
    return "FAILED" if words <= {"COMPLETED", "FAILED"} else "PENDING"


def shown(batch: Batch, now: float, urls: Mapping[str, str], created: bool = False) -> dict[str, Any]:
    """The batch as a read shows it, or as the long answer to its create. `urls`: render's id → film."""
    answer: dict[str, Any] = {
        "type": "RENDER",
        "ref": batch.ref,
        "batchId": batch.id,
        "artistId": batch.artist,
        "mediaBundleId": batch.bundle,
        "mediaId": batch.media,
        "status": batch_status(batch, now),
        "createdAt": iso(batch.created_at),
        "webhookUrl": batch.webhook_url,
        "renders": [_render(batch, render, now, urls, created) for render in batch.renders],
    }
    return answer | ({"dryRun": True} if batch.dry else {})


def shown_shortly(batch: Batch, now: float) -> dict[str, Any]:
    """The batch as the short answer to its create shows it."""
    renders = [
        {"renderId": render["id"], "status": status_of(batch, render, now)} for render in batch.renders
    ]
    return {"batchId": batch.id, "renders": renders}


def moments(batch: Batch) -> Iterator[Moment]:
    """Everything that is notified, in order of time; the whole batch only when every render went well."""
    found = []
    for index, render in enumerate(batch.renders):
        found.append(Moment(batch.born + COLLECTING, index, "COLLECTING_ASSETS"))
        found.append(Moment(batch.born + RENDERING, index, "RENDERING"))
        found.append(Moment(render["due"], index, "FAILED" if render["fails"] else "COMPLETE"))
    yield from sorted(found, key=lambda moment: moment.at)
    if not any(render["fails"] for render in batch.renders):
        yield Moment(max(render["due"] for render in batch.renders), None, "COMPLETE")


def notification(batch: Batch, moment: Moment, urls: Mapping[str, str]) -> dict[str, Any]:
    """The body of a notification, by the vendor's page."""
    if moment.index is not None:
        update = _update(batch.renders[moment.index], moment.status, urls)
        return {"type": "RENDER", "ref": batch.ref, "batchId": batch.id, **update}
    renders = [_update(render, "COMPLETE", urls) for render in batch.renders]
    return {"type": "BATCH", "batchId": batch.id, "ref": batch.ref, "status": "COMPLETE", "renders": renders}


def _update(render: Mapping[str, Any], status: str, urls: Mapping[str, str]) -> dict[str, Any]:
    done = status == "COMPLETE"
    return {
        "renderId": render["id"],
        "status": status,
        "message": MESSAGES["COMPLETED" if done else status],
        "progress": 100 if done else 0,
        "renderUrl": urls[render["id"]] if done else "",
    }


def _render(
    batch: Batch, render: Mapping[str, Any], now: float, urls: Mapping[str, str], created: bool
) -> dict[str, Any]:
    status = status_of(batch, render, now)
    answer = {
        "renderId": render["id"],
        "contentId": render["contentId"],
        "status": status,
        "progress": 100 if status == "COMPLETED" else 0,
        "createdAt": iso(batch.created_at),
        "aspectRatio": render["aspectRatio"],
        "fileName": render["fileName"],
    }
    if created:
        del answer["contentId"]
    elif status == "COMPLETED":
        answer["renderUrl"] = urls[render["id"]]
    if MESSAGES[status] is not None:
        answer["message"] = MESSAGES[status]
    return answer
