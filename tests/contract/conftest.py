"""A sandbox for all contract tests, and a client of each provider."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from contractclient import Client

from runner.api.catalogue import Catalogue
from runner.api.provider import Provider
from runner.sandbox.respeecher.catalogue import USER
from runner.sandbox.respeecher.session import PASSWORD
from runner.sandbox.serve import Sandbox, SandboxSettings, running


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Sandbox]:
    settings = SandboxSettings(tmp_path_factory.mktemp("world") / "contract", speed=20_000, files=files)
    with running(settings) as served:
        yield served


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def dubformer(sandbox: Sandbox, http: httpx.Client) -> Iterator[Client]:
    yield Client(Catalogue().provider("dubformer"), sandbox, http)
    sandbox.set_faults({})


@pytest.fixture
def revoice(sandbox: Sandbox, http: httpx.Client) -> Iterator[Client]:
    yield Client(Catalogue().provider("revoice"), sandbox, http)
    sandbox.set_faults({})


@pytest.fixture
def blurb(sandbox: Sandbox, http: httpx.Client) -> Iterator[Client]:
    yield Client(Catalogue().provider("blurb"), sandbox, http)
    sandbox.set_faults({})


@pytest.fixture(scope="session")
def respeechers_document() -> Provider:
    return Catalogue().provider("respeecher")


@pytest.fixture
def respeecher(sandbox: Sandbox, respeechers_document: Provider) -> Iterator[Client]:
    with httpx.Client(trust_env=False, verify=False) as own:
        # Cookies are the business of our own credentials; a client that kept them too would hide what is wrong there.
        own.event_hooks["response"].append(lambda _: own.cookies.clear())
        yield Client(respeechers_document, sandbox, own)
    sandbox.set_faults({})


@pytest.fixture
def rev(sandbox: Sandbox, http: httpx.Client) -> Iterator[Client]:
    yield Client(Catalogue().provider("rev"), sandbox, http)
    sandbox.set_faults({})


@pytest.fixture
def respeecher_login(respeecher: Client) -> Client:
    """The same with the other credentials: an e-mail address and a password."""
    respeecher.auth = {"email": str(USER["email"]), "password": PASSWORD}
    return respeecher
