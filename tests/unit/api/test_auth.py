from collections.abc import Callable, Mapping

import pytest

from runner.api.catalogue import Catalogue
from runner.api.messages.auth import choose, credentials_of, session_flow
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import AuthScheme, CallSpec, SessionSpec
from runner.model.errors import RunnerError
from runner.model.http import Answer, Call, NoAnswer, Reply
from runner.model.text import Secret

Make = Callable[..., Provider]
AUTH = {"client_id": Secret("id", "env.ID"), "client_secret": Secret("secret", "env.SECRET")}


def revoice() -> tuple[Provider, AuthScheme]:
    provider = Catalogue().provider("revoice")
    return provider, choose(provider, AUTH)


def converse(held: Mapping[str, str], *replies: Reply) -> tuple[list[Call], dict[str, str]]:
    provider, scheme = revoice()
    flow = session_flow(provider, scheme, AUTH, held)
    calls = [next(flow)]
    for reply in replies:
        try:
            calls.append(flow.send(reply))
        except StopIteration as end:
            return calls, end.value
    raise AssertionError("the dialogue did not end")


def test_a_login_exchanges_the_client_credentials_for_tokens() -> None:
    calls, session = converse({}, Answer(200, {}, {"accessToken": "A", "refreshToken": "R"}))
    (login,) = calls
    assert (login.method, login.path) == ("POST", "/auth/token")
    assert login.content() == b'{"clientId":"id","clientSecret":"secret"}'
    assert login.repeatable
    assert not login.credentials
    assert session == {"access": "A", "refresh": "R"}


def test_a_held_refresh_token_is_used_first_and_kept() -> None:
    calls, session = converse({"access": "old", "refresh": "R"}, Answer(200, {}, {"accessToken": "B"}))
    assert [(call.path, call.content()) for call in calls] == [("/auth/refresh", b'{"refreshToken":"R"}')]
    assert session == {"access": "B", "refresh": "R"}


@pytest.mark.parametrize("reply", [Answer(401), Answer(500), NoAnswer(True, "lost"), Answer(200, {}, {})])
def test_a_refresh_that_fails_is_followed_by_a_login(reply: Reply) -> None:
    login = Answer(200, {}, {"accessToken": "C", "refreshToken": "S"})
    calls, session = converse({"access": "old", "refresh": "R"}, reply, login)
    assert [call.path for call in calls] == ["/auth/refresh", "/auth/token"]
    assert session == {"access": "C", "refresh": "S"}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Answer(400), "the login was refused with 400"),
        (NoAnswer(False, "connection refused"), "no answer to the login: connection refused"),
        (Answer(200, {}, {"refreshToken": "R"}), "does not hold $response.body#/accessToken"),
        (Answer(200, {}, None, "the answer is an HTML page"), "an HTML page"),
    ],
)
def test_a_login_that_gives_no_session_says_so(reply: Reply, said: str) -> None:
    with pytest.raises(RunnerError) as caught:
        converse({}, reply)
    assert said in caught.value.message
    assert "secret" not in caught.value.message


def test_the_word_bearer_can_be_left_away() -> None:
    _, scheme = revoice()
    assert credentials_of(scheme, AUTH, {"access": "A"})[0] == {"Authorization": "Bearer A"}
    assert credentials_of(scheme, AUTH, {"access": "A"}, "bare")[0] == {"Authorization": "A"}


def test_without_a_session_no_header_is_made() -> None:
    _, scheme = revoice()
    with pytest.raises(RunnerError, match=r"session\.access is not known yet"):
        credentials_of(scheme, AUTH, {})


def test_missing_credentials_are_named_as_the_manifest_writes_them() -> None:
    provider, _ = revoice()
    with pytest.raises(RunnerError) as one:
        choose(provider, {"client_id": "x", "client_secret": ""})
    assert one.value.message == "providers.revoice.auth.client_secret is missing"
    with pytest.raises(RunnerError) as both:
        choose(provider, {})
    assert both.value.message == (
        "providers.revoice.auth.client_id, providers.revoice.auth.client_secret are missing"
    )


TWO = """
paths: {/login: {post: {operationId: login, requestBody: {content: {application/json: {schema: {type: object}}}}}}}
x-runner:
  version: 1
  auth:
    - {with: [api_key], header: {api-key: "{auth.api_key}"}, query: {k: "{auth.api_key}"}}
    - with: [email, password]
      session:
        login: {operation: login, send: {/email: $auth.email}}
        keep: {csrf: "$response.body#/csrf_token"}
        cookies: [session_id]
        renew_on: [401]
      header: {X-Csrf-Token: "{session.csrf}"}
"""


def test_the_first_scheme_whose_credentials_are_there_is_chosen(acme: Make) -> None:
    provider = acme(TWO)
    assert choose(provider, {"api_key": "k"}).needs == ("api_key",)
    assert choose(provider, {"email": "e", "password": "p"}).needs == ("email", "password")
    with pytest.raises(RunnerError) as caught:
        choose(provider, {"email": "e"})
    assert caught.value.hint in ("or give api_key", "or give email and password")


def test_credentials_go_into_headers_and_query(acme: Make) -> None:
    scheme = choose(acme(TWO), {"api_key": "k"})
    assert credentials_of(scheme, {"api_key": "k"}, {}) == ({"api-key": "k"}, {"k": "k"})


def test_a_session_by_cookie_sends_the_cookie_back(acme: Make) -> None:
    provider, auth = acme(TWO), {"email": "e", "password": "p"}
    scheme = choose(provider, auth)
    flow = session_flow(provider, scheme, auth, {})
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(
            Answer(200, {"set-cookie": "other=1, session_id=abc; HttpOnly; Path=/"}, {"csrf_token": "c"})
        )
    headers, _ = credentials_of(scheme, auth, end.value.value)
    assert headers == {"X-Csrf-Token": "c", "Cookie": "session_id=abc"}


def test_a_scheme_without_a_session_has_nothing_to_say(acme: Make) -> None:
    provider = acme("paths: {/a: {get: {operationId: a}}}")
    scheme = choose(provider, {})
    assert scheme.needs == ()
    with pytest.raises(StopIteration) as end:
        next(session_flow(provider, scheme, {}, {}))
    assert end.value.value == {}


def test_what_a_session_needs_and_holds_are_not_confused() -> None:
    spec = SessionSpec(CallSpec("createToken"), keep={"access": "$response.body#/t"})
    scheme = AuthScheme((), {"Authorization": "Bearer {session.access}"}, session=spec)
    provider = Catalogue().provider("revoice")
    flow = session_flow(provider, scheme, {}, {"access": "old"})
    assert next(flow).path == "/auth/token"
