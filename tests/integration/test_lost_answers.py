"""Calls that go wrong on their way: whatever becomes of an answer, what it paid for is paid for once."""

import pytest
from applying import SEASON, fault

CREATE = "createProject"

ONCE = [
    pytest.param({"drop": "before"}, id="dropped-before-the-effect"),
    pytest.param({"drop": "after"}, id="dropped-after-the-effect"),
    pytest.param({"status": 500, "when": "before"}, id="500-before-the-effect"),
    pytest.param({"status": 503, "when": "after"}, id="503-after-the-effect"),
    pytest.param({"status": 408, "when": "after"}, id="408-after-the-effect"),
    pytest.param({"status": 409, "when": "after"}, id="409-after-the-effect"),
    pytest.param({"garbage": True}, id="garbage-for-an-answer"),
    pytest.param({"html": 200, "when": "after"}, id="a-page-for-an-answer"),
    pytest.param({"html": 502, "when": "before"}, id="a-gateway-before-the-effect"),
    pytest.param({"truncate": True}, id="half-an-answer"),
    pytest.param({"retry_after": 1}, id="429-with-seconds"),
    pytest.param({"retry_after": 1, "form": "date"}, id="429-with-a-date"),
    pytest.param({"slow": 0.4}, id="a-slow-answer"),
    pytest.param({"delay": 0.4, "when": "after"}, id="a-late-answer"),
]


@pytest.mark.parametrize("deed", ONCE)
def test_it_is_ordered_once_in_the_same_run(stage, deed) -> None:
    season = stage()
    season.faults(fault(CREATE, **deed))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "e2": 1}
    assert season.saved() == {"out/e1.mp4", "out/e2.mp4"}


@pytest.mark.parametrize("deed", ONCE)
def test_it_is_ordered_once_where_repeats_under_one_key_are_charged(stage, deed) -> None:
    season = stage()
    season.faults(fault(CREATE, **deed), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "e2": 1}


@pytest.mark.parametrize("when", ["before", "after"])
def test_answers_lost_again_and_again_are_still_one_order(stage, when) -> None:
    season = stage()
    season.faults(fault(CREATE, times=5, drop=when), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "e2": 1}


@pytest.mark.parametrize("when", ["before", "after"])
def test_without_a_name_a_minted_one_finds_the_lost_call(stage, when) -> None:
    season = stage(SEASON.replace("      name: ${{ each.id }}\n", ""))
    season.faults(fault(CREATE, drop=when), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert sorted(season.paid().values()) == [1, 1]
    assert all(name.startswith("dub/e") for name in season.paid())


def test_a_lost_answer_says_that_it_is_looked_for(stage) -> None:
    season = stage(ids=("e1",))
    season.faults(fault(CREATE, drop="before"))

    ended = season.apply()

    told = [line.split()[1] for line in ended.err.splitlines() if "dub/e1" in line]
    assert told[:4] == ["sending", "settling", "sending", "accepted"], ended.all


def test_a_refused_repeat_of_a_key_is_never_answered_with_a_new_key(stage) -> None:
    season = stage(ids=("e1",))
    season.faults(fault(CREATE, drop="after"), idempotency="refuse", lists={"cap": 0})

    ended = season.apply()

    assert ended.code == 5, ended.all
    assert season.paid() == {"e1": 1}
    assert season.phases() == {"dub/e1": "doubt"}


def test_without_credit_nothing_more_goes_to_that_provider_and_the_others_go_on(stage) -> None:
    season = stage(
        SEASON
        + """\
  batch:
    uses: revoice.batch
    for_each: ${{ data.episodes }}
    with: {projectId: 6f1c2b1e, name: "batch ${{ each.id }}", languageCode: fr-FR,
           scriptPath: "https://files.example.com/${{ each.id }}.docx"}
""",
        ids=tuple(f"e{number}" for number in range(40)),
    )
    season.faults(balance=6)

    ended = season.apply()

    assert ended.code == 1, ended.all
    paid = season.paid()
    assert sum(name.startswith("e") for name in paid) == 2
    assert sum(name.startswith("batch ") for name in paid) == 40
    assert len(season.saved()) == 2
    assert season.changing()["dubformer.createProject"] <= 2 + 2 * 10
    assert "PaymentRequiredError" in ended.out, ended.all
    again = season.apply()
    assert again.code == 1, again.all
    season.faults(balance=1000)
    assert season.apply().code == 0
    assert set(season.paid().values()) == {1}


def test_wrong_credentials_send_nothing_and_say_where_they_stand(stage) -> None:
    season = stage(ids=("e1", "e2", "e3"))
    season.faults(fault("*", times=100, status=401))

    ended = season.apply()

    assert ended.code in (1, 7), ended.all
    assert season.paid() == {}
    assert "credentials" in ended.all, ended.all


def test_credentials_that_are_refused_at_the_create_stop_the_rest(stage) -> None:
    season = stage(ids=tuple(f"e{number}" for number in range(12)))
    season.faults(fault(CREATE, times=100, status=401))

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.paid() == {}
    assert season.changing()["dubformer.createProject"] <= 10
    season.faults()
    assert season.apply().code == 0
    assert set(season.paid().values()) == {1}


def test_a_list_that_cannot_be_read_before_paying_blocks_and_pays_nothing(stage) -> None:
    season = stage(ids=("e1",))
    season.faults(fault("listProjects", times=100, status=404))

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {}
    assert "could not be read" in ended.out


@pytest.mark.parametrize("deed", [{"garbage": True}, {"html": 200}, {"status": 500}, {"truncate": True}])
def test_a_list_that_fails_while_a_lost_call_is_looked_for_proves_nothing(stage, deed) -> None:
    season = stage(ids=("e1",))
    lists = {"match": {"operation": "listProjects"}, "skip": 2, "times": 5, "do": deed}
    season.faults(fault(CREATE, drop="after"), lists, idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1}


def test_a_list_that_fails_once_before_sending_is_asked_again(stage) -> None:
    season = stage(ids=("e1",))
    season.faults({"match": {"operation": "listProjects"}, "skip": 1, "times": 1, "do": {"garbage": True}})

    ended = season.apply()

    assert ended.code == 0, ended.all


def test_a_list_that_never_answers_before_sending_says_why(stage) -> None:
    season = stage(ids=("e1",))
    season.faults({"match": {"operation": "listProjects"}, "skip": 1, "times": 50, "do": {"html": 200}})

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.paid() == {}
    assert "could not be read before sending: the answer is an HTML page (Bad gateway)" in ended.out
