"""The security schemes of plain documents: which credentials a manifest gives, and what is sent for them."""

from collections.abc import Callable
from typing import Any

import pytest

from runner.api.messages.auth import choose, credentials_of, session_flow
from runner.api.provider import Provider
from runner.model.errors import RunnerError
from runner.model.http import Answer, Call

Make = Callable[..., Provider]
PATHS = "paths: {/a: {get: {operationId: a}}}\n"


def provider(acme: Make, schemes: str, security: str = "", paths: str = PATHS) -> Provider:
    return acme(f"{paths}components: {{securitySchemes: {schemes}}}\n{security}")


def sent(made: Provider, auth: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    return credentials_of(choose(made, auth), auth, {})


@pytest.mark.parametrize(
    ("scheme", "auth", "expected"),
    [
        ("{type: apiKey, in: header, name: X-Key}", {"K": "s"}, ({"X-Key": "s"}, {})),
        ("{type: apiKey, in: header, name: X-Key}", {"api_key": "s"}, ({"X-Key": "s"}, {})),
        ("{type: apiKey, in: query, name: key}", {"K": "s"}, ({}, {"key": "s"})),
        ("{type: apiKey, in: cookie, name: sid}", {"K": "s"}, ({"Cookie": "sid=s"}, {})),
        ("{type: http, scheme: bearer}", {"token": "s"}, ({"Authorization": "Bearer s"}, {})),
        ("{type: http, scheme: Token}", {"token": "s"}, ({"Authorization": "Token s"}, {})),
        ("{type: http, scheme: Basic}", {"username": "u", "password": "p"}, ({"Authorization": "Basic dTpw"}, {})),
        ("{type: openIdConnect, openIdConnectUrl: https://x}", {"token": "s"}, ({"Authorization": "Bearer s"}, {})),
    ],
)  # fmt: skip
def test_each_scheme_has_its_credentials(
    acme: Make, scheme: str, auth: dict[str, str], expected: Any
) -> None:
    assert sent(provider(acme, f"{{K: {scheme}}}", "security: [{K: []}]"), auth) == expected


def test_schemes_that_are_needed_together_are_sent_together(acme: Make) -> None:
    keys = "{Id: {type: apiKey, in: header, name: X-Id}, Key: {type: apiKey, in: query, name: k}}"
    made = provider(acme, keys, "security: [{Id: [], Key: []}]")
    assert sent(made, {"Id": "1", "Key": "2"}) == ({"X-Id": "1"}, {"k": "2"})
    with pytest.raises(RunnerError, match=r"acme\.auth\.Key is missing"):
        choose(made, {"Id": "1"})


def test_credentials_that_are_optional_may_be_left_out(acme: Make) -> None:
    made = provider(acme, "{K: {type: http, scheme: bearer}}", "security: [{K: []}, {}]")
    assert sent(made, {}) == ({}, {})
    assert sent(made, {"token": "s"}) == ({"Authorization": "Bearer s"}, {})


def test_what_only_operations_ask_for_counts_too(acme: Make) -> None:
    made = provider(
        acme,
        "{A: {type: apiKey, in: header, name: A}, B: {type: apiKey, in: header, name: B}}",
        paths="paths: {/a: {get: {operationId: a, security: [{A: [], B: []}]}, put: {security: []}}}\n",
    )
    assert made.auth[0].needs == ("A", "B")


OAUTH = "{O: {type: oauth2, flows: {clientCredentials: {tokenUrl: URL, scopes: {read: r}}}}}"


def test_client_credentials_open_a_session(acme: Make) -> None:
    made = provider(acme, OAUTH.replace("URL", "https://login.test/token"), "security: [{O: [read]}]")
    auth = {"client_id": "me", "client_secret": "a&b"}
    scheme = choose(made, auth)
    flow = session_flow(made, scheme, auth, {})
    first = next(flow)
    assert (first.absolute, first.credentials) == ("https://login.test/token", False)
    assert first.content() == b"grant_type=client_credentials&scope=read&client_id=me&client_secret=a%26b"
    second = flow.send(Answer(401))
    assert isinstance(second, Call)
    assert second.content() == b"grant_type=client_credentials&scope=read"
    assert ("Authorization", "Basic bWU6YSUyNmI=") in second.headers
    with pytest.raises(StopIteration) as end:
        flow.send(Answer(200, {}, {"access_token": "t", "expires_in": 3600}))
    held = end.value.value
    assert credentials_of(scheme, auth, held) == ({"Authorization": "Bearer t"}, {})


@pytest.mark.parametrize("url", ["/oauth/token", "https://acme.test/v1/oauth/token"])
def test_a_token_url_below_the_base_url_moves_with_it(acme: Make, url: str) -> None:
    made = provider(acme, OAUTH.replace("URL", url))
    call = next(session_flow(made, made.auth[0], {"client_id": "i", "client_secret": "s", "scope": "x"}, {}))
    expected = ("/oauth/token", "") if url.startswith("https") else ("", "https://acme.test/oauth/token")
    assert (call.path, call.absolute) == expected
    assert b"scope=x" in call.content()


def test_a_token_that_was_got_elsewhere_is_taken_too(acme: Make) -> None:
    made = provider(acme, OAUTH.replace("URL", "https://login.test/token"))
    assert sent(made, {"token": "t"}) == ({"Authorization": "Bearer t"}, {})
