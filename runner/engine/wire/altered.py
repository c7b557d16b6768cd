"""Files that are about to be uploaded: are they still what was planned, and stands in the journal?"""

import asyncio

from runner.engine.machine.files import pieces_of
from runner.model.http import Call, Upload


async def altered_file(call: Call) -> str:
    """Why a file in the body of a call cannot be sent as it was when the call was made; empty: each can.

    The transport finds out as well, while it sends; but then something has left, and what became of it must be settled.
    """
    for piece in call.body:
        if isinstance(piece, Upload):
            try:
                await asyncio.to_thread(_read_through, piece)
            except OSError as error:  # other bytes, or none that may be read any more
                return error.strerror or str(error)
    return ""


def _read_through(piece: Upload) -> None:
    for _ in pieces_of(piece):
        continue
