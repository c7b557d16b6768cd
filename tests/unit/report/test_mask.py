"""Secrets in what is printed."""

import base64
from urllib.parse import quote

from runner.model.text import Secret
from runner.report.mask import Masker

TOKEN = Secret("s3cr&t/tök en", "env.TOKEN")


def test_a_secret_is_replaced_by_its_name_in_any_usual_spelling() -> None:
    masker = Masker([TOKEN])
    plain = str.__str__(TOKEN)
    spellings = [plain, quote(plain, safe=""), base64.b64encode(plain.encode()).decode()]

    masked = [masker.text(f"before {spelled} after") for spelled in spellings]

    assert masked == ["before (env.TOKEN) after"] * len(spellings)


def test_secrets_inside_values_are_replaced_too() -> None:
    value = {"auth": TOKEN, "list": [f"Bearer {TOKEN!s}", 3, None]}

    assert Masker([TOKEN]).value(value) == {"auth": "(env.TOKEN)", "list": ["Bearer (env.TOKEN)", 3, None]}


def test_a_secret_that_begins_another_leaves_nothing_of_the_longer_one() -> None:
    masker = Masker([Secret("abcd", "env.A"), Secret("abcdefgh", "env.B")])

    assert masker.text("abcdefgh abcd") == "(env.B) (env.A)"


def test_very_short_secrets_do_not_tear_up_ordinary_texts() -> None:
    assert Masker([Secret("a", "env.A")]).text("a name") == "a name"
