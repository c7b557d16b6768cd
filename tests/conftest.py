"""For every test: the fault table's marker and fixture (see support/faultbook.py)."""

import signal
from collections.abc import Generator, Iterator

import pytest
from faultbook import fault

__all__ = ["fault"]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL, one for all workers of a session; its URL."""
    from pgserver import started

    base = tmp_path_factory.getbasetemp()
    folder = base.parent if base.name.startswith("popen-") else base
    server, url = started(folder / "postgres")
    yield url
    server.cleanup()


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a schema of this test alone."""
    from pgserver import schema

    with schema(postgres_server) as url:
        yield url


def pytest_configure(config: pytest.Config) -> None:
    # Whoever starts the tests in the background, or under nohup, has signals ignored, and programs that are started by
    # a test would inherit that.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is signal.SIG_IGN:
            signal.signal(name, signal.default_int_handler if name is signal.SIGINT else signal.SIG_DFL)
    config.addinivalue_line("markers", "fault(area, title, sees, kept): a row of docs/reliability.md")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.called = report  # type: ignore[attr-defined]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("fault") and "fault" not in item.fixturenames:  # type: ignore[attr-defined]
            raise pytest.UsageError(f"{item.nodeid}: the marker `fault` needs the fixture of the same name")
