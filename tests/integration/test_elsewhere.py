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
from runner.engine.state.store import read_addresses

EXAMPLE = Path(__file__).parents[2] / "manifests" / "acme"


@dataclass
class Moved:
    """A season whose API has another address now, and what was deleted there."""

    folder: Path
    deleted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def run(self, command: str, *words: str) -> tuple[int, str]:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = run([command, "-f", str(self.folder / "trailers.yaml"), *words])
        return code, out.getvalue()

    async def ask(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return Response(status_code=404)

    async def delete(self, request: Request) -> Response:
        self.deleted.append(request.path_params["id"])
        return Response(status_code=204)


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moved]:
    shutil.copytree(EXAMPLE, tmp_path / "acme", ignore=shutil.ignore_patterns(".runner", "out"))
    made = Moved(tmp_path / "acme")
    monkeypatch.setenv("ACME_KEY", acmeworld.KEY)
    monkeypatch.setenv("NO_COLOR", "1")
    other = [
        Route("/v2/renders/{id}", made.delete, methods=["DELETE"]),
        Route("/v2/renders/{id}", made.ask),
        Route("/v2/renders", made.ask),
    ]
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


def test_a_file_is_not_fetched_from_an_address_where_its_thing_was_not_made(moved: Moved) -> None:
    (moved.folder / "out" / "t1.mp4").unlink()

    code, told = moved.run("apply", "--auto-approve")

    assert code == 7, told
    assert "out/t1.mp4 is not here as it was saved: it stands at http://127.0.0.1" in told
    assert "put that back to fetch it" in told


def test_refresh_asks_no_other_address_about_what_stands_at_the_former_one(moved: Moved) -> None:
    _, told = moved.run("refresh")

    assert moved.asked == [], told
    assert "put that back to look at it there" in told


def test_what_runs_at_a_former_address_is_neither_asked_for_nor_taken_for_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new address knows the same ids, and other things under them."""
    shutil.copytree(EXAMPLE, tmp_path / "acme", ignore=shutil.ignore_patterns(".runner", "out"))
    made = Moved(tmp_path / "acme")
    monkeypatch.setenv("ACME_KEY", acmeworld.KEY)
    monkeypatch.setenv("NO_COLOR", "1")
    with acmeworld.serving() as former, acmeworld.serving() as other:
        monkeypatch.setenv("ACME_URL", f"{former.url}/v2")
        made.run("apply", "--auto-approve", "--no-wait")
        ordered = former.ledger.copy()
        other.renders.update({id: {**render, "title": "another's"} for id, render in former.renders.items()})
        monkeypatch.setenv("ACME_URL", f"{other.url}/v2")

        code, told = made.run("apply", "--auto-approve")

        assert code == 7, told
        assert "trailer/t1" in told
        assert "the manifest now names" in told
        assert "put that back to wait for it" in told
        assert {render["state"] for render in other.renders.values()} == {"queued"}, "nobody asked about them"
        assert (made.folder / "out").exists() is False

        monkeypatch.setenv("ACME_URL", f"{former.url}/v2")
        code, told = made.run("apply", "--auto-approve")

        assert code == 0, told
        assert (former.ledger, sum(other.ledger.values())) == (ordered, 0)


def test_what_stands_at_a_former_address_stays_known(moved: Moved) -> None:
    moved.run("destroy", "--auto-approve")

    (state,) = moved.folder.rglob("*.db")
    known = read_addresses(state, state.stem)
    assert {address for address in known if address.startswith("trailer")} == {"trailer/t1", "trailer/t2"}
