"""For every test: the fault table's marker and fixture (see support/faultbook.py)."""

from collections.abc import Generator

import pytest
from faultbook import fault

__all__ = ["fault"]


def pytest_configure(config: pytest.Config) -> None:
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
