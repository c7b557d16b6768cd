import pytest

from runner.api.catalogue import Catalogue
from runner.api.messages.judge import judge, retry_after
from runner.api.vocabulary.lifedata import Condition, ErrorSpec
from runner.model.http import Answer, NoAnswer

NONE = ErrorSpec()
BLURB = ErrorSpec(
    refused=(Condition(at="$response.body#/success", among=(False,)),), message="$response.body#/message"
)


@pytest.mark.parametrize("status", [425, 429])
def test_not_now_is_safe(status: int) -> None:
    assert judge(Answer(status), NONE).meaning == "safe"


@pytest.mark.parametrize("status", [*range(400, 407), *range(410, 419), 421, 422, 431, 451])
def test_a_documented_no_is_refused(status: int) -> None:
    assert judge(Answer(status), NONE).meaning == "refused"


@pytest.mark.parametrize(
    "status", [100, 301, 302, 304, 307, 408, 409, 407, 420, 423, 424, 499, 500, 502, 503, 504, 520, 599, 999]
)
def test_everything_unlisted_must_be_settled(status: int) -> None:
    assert judge(Answer(status), NONE).meaning == "ambiguous"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_accepted_readable_or_not(status: int) -> None:
    assert judge(Answer(status, {}, None, "the answer is an HTML page"), NONE).meaning == "accepted"


def test_only_what_left_counts_when_no_answer_came() -> None:
    assert judge(NoAnswer(False, "refused"), NONE).meaning == "safe"
    assert judge(NoAnswer(True, "connection lost"), NONE).meaning == "ambiguous"


@pytest.mark.parametrize(
    ("status", "meaning"), [(200, "refused"), (409, "refused"), (500, "ambiguous"), (503, "ambiguous")]
)
def test_the_apis_own_no_counts_below_500_only(status: int, meaning: str) -> None:
    verdict = judge(Answer(status, {}, {"success": False, "message": "bad url"}), BLURB)
    assert verdict.meaning == meaning
    assert verdict.message == "bad url"


def test_a_documented_safe_status_is_safe() -> None:
    assert judge(Answer(503), ErrorSpec(safe=(503,))).meaning == "safe"


def test_the_end_of_a_session_is_safe_once_and_a_refusal_after_that() -> None:
    first = judge(Answer(401), NONE, None, (401,))
    assert (first.meaning, first.renew, first.unauthorized) == ("safe", True, False)
    second = judge(Answer(401), NONE)
    assert (second.meaning, second.renew, second.unauthorized) == ("refused", False, True)


def test_dubformers_words_are_read_and_explained() -> None:
    errors = Catalogue().provider("dubformer").errors
    body = {"error": "PaymentRequiredError", "message": "Insufficient balance for this project"}
    verdict = judge(Answer(402, {}, body), errors)
    assert verdict.meaning == "refused"
    assert verdict.code == "PaymentRequiredError"
    assert verdict.message == "Insufficient balance for this project"
    assert verdict.out_of_credit
    assert "subscription" in verdict.help


def test_a_resources_own_errors_go_before_the_providers() -> None:
    own = ErrorSpec(code="$response.body#/kind", help={"a": "own"})
    errors = ErrorSpec(
        code="$response.body#/code", message="$response.body#/text", help={"a": "theirs", "b": "theirs"}
    )
    verdict = judge(Answer(400, {}, {"kind": "a", "code": "b", "text": "no"}), errors, own)
    assert (verdict.code, verdict.help, verdict.message) == ("a", "own", "no")


@pytest.mark.parametrize(
    ("body", "unreadable", "said"),
    [
        ({"message": "wrong\nlanguage\x1b[31m"}, "", "wrong language [31m"),
        ({"detail": "no"}, "", "no"),
        ({"detail": [1]}, "", "Bad Request"),
        ("plain words", "", "plain words"),
        (None, "the answer is an HTML page", "the answer is an HTML page"),
        (None, "", "Bad Request"),
    ],
)
def test_the_message_is_what_the_api_said_in_one_line(body: object, unreadable: str, said: str) -> None:
    assert judge(Answer(400, {}, body, unreadable), NONE).message == said


def test_a_message_is_never_endless() -> None:
    assert len(judge(Answer(400, {}, "x" * 10_000), NONE).message) == 500


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": "Wed, 05 Jun 2024 12:00:30 GMT", "date": "Wed, 05 Jun 2024 12:00:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 05 Jun 2024 12:00:00 GMT", "date": "Wed, 05 Jun 2024 12:00:30 GMT"}, 0.0),
        ({"retry-after": "Wed, 05 Jun 2024 12:00:30 GMT"}, None),
    ],
)
def test_when_to_come_again(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
