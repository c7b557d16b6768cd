"""A provider whose address has changed: what stands at the former one is neither forgotten nor taken for another's."""

import io
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import acmeworld
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runner.cli.main import run
from runner.engine.store import read_addresses

EXAMPLE = Path(__file__).parents[2] / "manifests" / "acme"


@dataclass
class Moved:
    """A season whose API has another address now, and what was deleted there."""

    folder: Path
    deleted: list[str] = field(default_factory=list)

    def run(self, command: str, *words: str) -> tuple[int, str]:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = run([command, "-f", str(self.folder / "trailers.yaml"), *words])
        return code, out.getvalue()

    async def delete(self, request: Request) -> Response:
        self.deleted.append(request.path_params["id"])
        return Response(status_code=204)


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moved]:
    shutil.copytree(EXAMPLE, tmp_path / "acme", ignore=shutil.ignore_patterns(".runner", "out"))
    made = Moved(tmp_path / "acme")
    monkeypatch.setenv("ACME_KEY", acmeworld.KEY)
    monkeypatch.setenv("NO_COLOR", "1")
    other = [Route("/v2/renders/{id}", made.delete, methods=["DELETE"])]
    with acmeworld.serving() as former, acmeworld.served(other) as url:
        monkeypatch.setenv("ACME_URL", f"{former.url}/v2")
        assert made.run("apply", "--auto-approve")[0] == 0
        monkeypatch.setenv("ACME_URL", f"{url}/v2")
        yield made


def test_destroy_deletes_nothing_at_an_address_where_it_was_not_made(moved: Moved) -> None:
    code, told = moved.run("destroy", "--auto-approve")

    assert moved.deleted == [], told
    assert code == 7
    assert "it stands at http://127.0.0.1" in told


def test_what_stands_at_a_former_address_stays_known(moved: Moved) -> None:
    moved.run("destroy", "--auto-approve")

    (state,) = moved.folder.rglob("*.db")
    known = read_addresses(state, state.stem)
    assert {address for address in known if address.startswith("trailer")} == {"trailer/t1", "trailer/t2"}
