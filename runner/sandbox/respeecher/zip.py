"""The sounds of the emulated Respeecher, alone and in zips. They are made anew, and depend on the recording alone."""

import io
import re
import zipfile
from collections.abc import Iterable
from functools import lru_cache

from runner.sandbox.ground.film import sound
from runner.sandbox.ground.wire import Reply
from runner.sandbox.respeecher.recording import Recording

_DATE = (1980, 1, 1, 0, 0, 0)


@lru_cache(maxsize=256)
def sound_of(id: str) -> bytes:
    """A second of a soft tone, as a WAV file."""
    return sound(f"respeecher/{id}")


def zipped(stem: str, recordings: Iterable[tuple[str, Recording]]) -> Reply:
    """A zip of recordings, each in a folder of the zip (or in none), under its label."""
    target = io.BytesIO()
    taken: set[str] = set()
    with zipfile.ZipFile(target, "w") as archive:
        for folder, recording in recordings:
            lead = f"{_safe(folder)}/" if folder else ""
            name = f"{lead}{_safe(recording.label or recording.id)}.wav"
            if name in taken:
                name = f"{lead}{_safe(recording.label)} {recording.id}.wav"
            taken.add(name)
            archive.writestr(zipfile.ZipInfo(name, _DATE), sound_of(recording.id))
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="{stem}.zip"',
    }
    return Reply(raw=target.getvalue(), headers=headers)


def _safe(text: str) -> str:
    """A name without what means something in a path."""
    return re.sub(r"[^\w .-]", "_", text, flags=re.ASCII).strip(". ") or "_"
