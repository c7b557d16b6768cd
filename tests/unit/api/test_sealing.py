"""Secrets in stored requests: never there as they are, always sent as they were, and never taken for another."""

import json
import random
from urllib.parse import quote, quote_plus

import pytest

from runner.api.messages.sealing import seal, unseal
from runner.model.http import Call


def call_with(value: str) -> Call:
    body = json.dumps({"key": value, "text": f"a {value} b"}, ensure_ascii=False).encode()
    form = f"k={quote_plus(value)}".encode()
    return Call("POST", f"/x/{quote(value, safe='')}", (("X-Key", value),), (body, form, b"\xff\x00"))


@pytest.mark.parametrize("value", ["tok-123", 'to"p', "a b&c", "ü/é", "s", "secret", "json", "\\"])
def test_a_secret_is_sent_as_it_was(value: str) -> None:
    call = call_with(value)

    assert unseal(seal(call, {"env KEY": value}), {"env KEY": value}) == call


def test_a_stored_request_does_not_hold_its_secret() -> None:
    stored = repr(seal(call_with("hunter2-and-more"), {"env KEY": "hunter2-and-more"}))

    assert "hunter2" not in stored
    assert "env KEY" in stored


def test_a_secret_that_is_a_word_of_another_ones_reference_spoils_nothing() -> None:
    for secrets in (
        {"env A": "x1", "env B": "env"},
        {"env B": "env", "env A": "x1"},
        {"file a": "plain", "file b": "secret:", "file c": "json:"},
        {"env LONG": "abcdef", "env SHORT": "abc"},
        {"env SHORT": "abc", "env LONG": "abcdef"},
    ):
        text = " ".join(secrets.values())
        call = Call("POST", "/", (("X", text),), (text.encode(),))
        assert unseal(seal(call, secrets), secrets) == call


def test_any_secrets_in_any_text_come_back() -> None:
    for seed in range(300):
        dice = random.Random(seed)
        values = ["".join(dice.choices('ab:"e \\', k=dice.randint(1, 4))) for _ in range(dice.randint(1, 4))]
        secrets = {f"env {number}": value for number, value in enumerate(values)}
        text = "".join(dice.choices([*values, "abc", ":", "env 0"], k=12))
        call = Call("POST", "/", (("X", text),), (json.dumps(text, ensure_ascii=False).encode(),))
        assert unseal(seal(call, secrets), secrets) == call, seed


def test_a_secret_that_has_gone_or_changed_cannot_be_put_back() -> None:
    sealed = seal(call_with("old-token"), {"env KEY": "old-token"})

    assert unseal(sealed, {}) is None
    assert unseal(sealed, {"env KEY": "new-token"}) is None
    assert unseal(sealed, {"env OTHER": "old-token"}) is None


def test_a_call_without_secrets_needs_none() -> None:
    call = Call("POST", "/x", (), (b"{}",))

    assert seal(call, {"env EMPTY": ""}) == call
    assert unseal(call, {}) == call
