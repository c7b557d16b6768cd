"""The files that the sandbox serves: results, source films, and the published directory."""

import hashlib
import hmac
import re
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from runner.sandbox.ground.film import film, sound
from runner.sandbox.ground.song import song
from runner.sandbox.ground.wire import Reply

_MAKERS = {".mp4": (film, "video/mp4"), ".wav": (sound, "audio/wav"), ".mp3": (song, "audio/mpeg")}
_RANGE = re.compile(r"^bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))$")
_NOT_FOUND = Response("no such file\n", 404, media_type="text/plain")


class Media:
    """Result files under paths that only who was told can know; nothing is stored, since the path says
    everything."""

    def __init__(self, secret: str, files: Path | None) -> None:
        self._secret = secret.encode()
        self._static = StaticFiles(directory=files, check_dir=False) if files is not None else None

    def path(self, provider: str, thing: str, name: str) -> str:
        """The path of a result: of a provider's thing (its id, and a version if it has several), by file
        name."""
        return f"/media/results/{self._token(provider, thing, name)}/{provider}/{thing}/{name}"

    async def result(self, request: Request) -> Response:
        """Serves what `path` named."""
        token, provider, thing, name = (
            request.path_params[key] for key in ("token", "provider", "thing", "name")
        )
        if not hmac.compare_digest(token.encode(), self._token(provider, thing, name).encode()):
            return _NOT_FOUND
        return _made(request, f"{provider}/{thing}/{name}", Path(name).suffix)

    async def source(self, request: Request) -> Response:
        """Serves a film or a sound of any name, for manifests that need a source to point at."""
        name = request.path_params["name"]
        return _made(request, f"source/{name}", Path(name).suffix)

    async def published(self, request: Request) -> Response:
        """Serves a file of the published directory."""
        if self._static is None:
            return _NOT_FOUND
        try:
            return await self._static.get_response(request.path_params["path"], request.scope)
        except HTTPException as error:
            return Response(f"{error.detail}\n", error.status_code, media_type="text/plain")

    def _token(self, *names: str) -> str:
        return hmac.new(self._secret, "/".join(names).encode(), hashlib.sha256).hexdigest()[:32]


def broken_file(status: int) -> Reply:
    """What an injected failure answers for a file."""
    return Reply(status, raw=b"the storage failed\n", headers={"Content-Type": "text/plain"})


@lru_cache(maxsize=256)
def _content(text: str, ending: str) -> tuple[bytes, str]:
    content = _MAKERS[ending][0](text)
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _made(request: Request, text: str, ending: str) -> Response:
    """A made file, whole or in part (RFC 9110, sections 13 and 14; one range at a time)."""
    if ending not in _MAKERS:
        return _NOT_FOUND
    content, tag = _content(text, ending)
    headers = {"ETag": tag, "Accept-Ranges": "bytes"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    size = len(content)
    match = _RANGE.match(request.headers.get("range", ""))
    if match is None or request.headers.get("if-range", tag) != tag:
        return Response(content, 200, headers, _MAKERS[ending][1])
    first, last, length = match.groups()
    start = max(0, size - int(length)) if length else int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < int(first):  # no range at all, and so ignored
        return Response(content, 200, headers, _MAKERS[ending][1])
    if start >= size:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(content[start : end + 1], 206, headers, _MAKERS[ending][1])
