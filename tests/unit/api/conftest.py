"""A provider made of a few lines of OpenAPI, for tests that look at one thing."""

from collections.abc import Callable

import pytest

from runner.api.catalogue import load_provider
from runner.api.provider import Provider

HEAD = "openapi: {version}\ninfo: {{title: Acme, version: '1'}}\nservers: [{{url: https://acme.test/v1/}}]\n"


@pytest.fixture
def acme() -> Callable[..., Provider]:
    def make(rest: str, version: str = "3.1.0") -> Provider:
        return load_provider("acme", HEAD.format(version=version) + rest, "acme.yaml")

    return make
