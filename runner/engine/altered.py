"""Files that are about to be uploaded: are they still what was planned, and stands in the journal?"""

import asyncio
from pathlib import Path

from runner.engine.files import digest_of
from runner.model.http import Call, Upload


async def altered_file(call: Call) -> str:
    """The name of a file in the body of a call that is not what it was when the call was made; empty: none is."""
    for piece in call.body:
        if isinstance(piece, Upload):
            try:
                same = await asyncio.to_thread(_is_still, Path(piece.path), piece.size, piece.sha256)
            except OSError:  # it has gone, or may not be read any more
                same = False
            if not same:
                return Path(piece.path).name
    return ""


def _is_still(file: Path, size: int, sha256: str) -> bool:
    return file.stat().st_size == size and digest_of(file) == sha256
