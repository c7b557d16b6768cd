import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from runner.model.errors import WrongUsage
from runner.sandbox.ground.faults import fault_plan, read_faults

PROJECT = {
    "name": "a",
    "source_lang": "en",
    "target_lang": "fr-FR",
    "source_video_url": "https://x.org/v.mp4?minutes=1",
}


def rule(deed, **more):
    return {"match": {"provider": "dubformer", "operation": "createProject"}, "do": deed, **more}


def outcome(client, **options):
    """The status of a create, or the name of what went wrong."""
    try:
        return client.post("/projects", json=PROJECT, **options).status_code
    except httpx.HTTPError as error:
        return type(error).__name__


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_a_drop_closes_the_connection_without_an_answer(start, dubformer, when, effects):
    sandbox = start()
    sandbox.set_faults([rule({"drop": when}, times=1)])
    client = dubformer(sandbox)
    assert outcome(client) in ("RemoteProtocolError", "ReadError")
    assert len(sandbox.ledger()) == effects
    assert outcome(client) == 200


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_a_status_comes_before_or_after_the_effect_in_the_documented_form(start, dubformer, when, effects):
    sandbox = start()
    sandbox.set_faults([rule({"status": 500, "when": when})])
    answer = dubformer(sandbox).post("/projects", json=PROJECT)
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "message"}
    assert len(sandbox.ledger()) == effects


def test_a_429_says_when_to_come_back_in_seconds_or_as_a_date(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"retry_after": 7}, times=1), rule({"retry_after": 7, "form": "date"})])
    client = dubformer(sandbox)
    seconds, date = (client.post("/projects", json=PROJECT) for _ in "ab")
    assert (seconds.status_code, seconds.headers["Retry-After"]) == (429, "7")
    ahead = parsedate_to_datetime(date.headers["Retry-After"]) - parsedate_to_datetime(date.headers["Date"])
    assert 6 <= ahead.total_seconds() <= 8
    assert sandbox.ledger() == []


@pytest.mark.parametrize(
    ("deed", "status", "kind"),
    [({"garbage": True}, 200, "application/json"), ({"html": 502}, 502, "text/html; charset=utf-8")],
)
def test_garbage_and_html_are_no_json(start, dubformer, deed, status, kind):
    sandbox = start()
    sandbox.set_faults([rule(deed)])
    answer = dubformer(sandbox).post("/projects", json=PROJECT)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    with pytest.raises(ValueError, match=r"."):
        answer.json()


def test_garbage_comes_after_the_effect(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"garbage": True})])
    dubformer(sandbox).post("/projects", json=PROJECT)
    assert len(sandbox.ledger()) == 1


def test_a_truncated_answer_breaks_off_within_its_body(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"truncate": True})])
    client = dubformer(sandbox)
    received = [b""]

    def read_all():
        with client.stream("POST", "/projects", json=PROJECT) as answer:
            received.extend(answer.iter_raw())

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        read_all()
    assert len(sandbox.ledger()) == 1


def test_a_slow_answer_drips_and_is_whole(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"slow": 0.2})])
    began = time.monotonic()
    answer = dubformer(sandbox).post("/projects", json=PROJECT)
    assert time.monotonic() - began >= 0.2
    assert answer.json()["project_id"]


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_a_delay_outlasts_an_impatient_caller(start, dubformer, until, when, effects):
    sandbox = start()
    sandbox.set_faults([rule({"delay": 0.3, "when": when})])
    assert outcome(dubformer(sandbox), timeout=0.1) == "ReadTimeout"
    assert len(sandbox.ledger()) == effects
    assert until(lambda: len(sandbox.ledger()) == 1)


def test_every_third_request_suffers(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"status": 503}, every=3)])
    client = dubformer(sandbox)
    assert [outcome(client) for _ in range(6)] == [200, 200, 503, 200, 200, 503]


def test_skipped_requests_do_not_suffer(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"status": 503}, skip=2, times=1)])
    client = dubformer(sandbox)
    assert [outcome(client) for _ in range(4)] == [200, 200, 503, 200]


def test_chance_is_the_same_for_the_same_seed(start, dubformer):
    sandbox = start()
    client = dubformer(sandbox)
    runs = []
    for seed in (1, 1, 2):
        sandbox.set_faults({"seed": seed, "rules": [rule({"status": 503}, probability=0.5)]})
        runs.append([outcome(client) for _ in range(24)])
    assert runs[0] == runs[1] != runs[2]
    assert {200, 503} == set(runs[0])


@pytest.mark.parametrize(
    "match",
    [
        {"operation": "create_project"},
        {"operation": "create*"},
        {"path": "/dubformer/api/v1/proj*"},
        {"method": "post"},
        {"provider": "Dubformer"},
    ],
)
def test_rules_match_by_provider_operation_path_and_method(start, dubformer, match):
    sandbox = start()
    sandbox.set_faults([{"match": match, "do": {"status": 503}}])
    assert outcome(dubformer(sandbox)) == 503


def test_a_rule_leaves_other_operations_alone(start, dubformer):
    sandbox = start()
    sandbox.set_faults([rule({"status": 503})])
    assert dubformer(sandbox).get("/balance").status_code == 200


def test_a_download_can_be_dropped(http, start):
    sandbox = start()
    sandbox.set_faults([{"match": {"provider": "media"}, "do": {"drop": "before"}}])
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.get(sandbox.media_url + "a.mp4")


def test_the_counters_outlive_a_restart(tmp_path, start, dubformer):
    file = tmp_path / "faults.yaml"
    file.write_text("rules: [{do: {status: 503}, match: {operation: createProject}, times: 2}]")
    from runner.sandbox.serve import SandboxSettings, running

    with running(SandboxSettings(tmp_path / "own", faults=file)) as sandbox:
        assert outcome(dubformer(sandbox)) == 503
    client = dubformer(start(folder=tmp_path / "own", faults=file))
    assert [outcome(client) for _ in range(2)] == [503, 200]


def test_a_list_can_lag_and_be_capped(start, dubformer, until):
    sandbox = start(speed=60.0)
    client = dubformer(sandbox)
    ids = [client.post("/projects", json=PROJECT).json()["project_id"] for _ in range(3)]

    def listed():
        return [item["project_id"] for item in client.get("/projects").json()["projects"]]

    sandbox.set_faults({"settings": {"lists": {"cap": 2}}})
    assert listed() == ids[1:]
    sandbox.set_faults({"settings": {"lists": {"lag": 60}}})
    late = client.post("/projects", json=PROJECT).json()["project_id"]
    assert late not in listed()
    assert until(lambda: late in listed())


def test_the_faults_can_be_read_and_ended(http, start, dubformer):
    sandbox = start()
    rules = [rule({"status": 503})]
    sandbox.set_faults(rules)
    client = dubformer(sandbox)
    outcome(client)
    page = http.get(sandbox.url + "/__sandbox__/faults").json()
    assert page == {"faults": {"rules": rules}, "counters": {"0:status": [1, 1]}}
    http.delete(sandbox.url + "/__sandbox__/faults")
    assert outcome(client) == 200


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"rules": [{"do": {"status": 200}}]}, "must be between 400 and 599"),
        ({"rules": [{"do": {}}]}, "must hold exactly one of"),
        ({"rules": [{"do": {"drop": "after", "status": 500}}]}, "must hold exactly one of"),
        ({"rules": [{"times": 1}]}, "rules[0].do is required"),
        ({"rules": [{"do": {"drop": "later"}}]}, "must be one of before, after"),
        ({"rule": []}, "rule is not a known field"),
        ({"rules": [{"match": {"host": "x"}, "do": {"status": 500}}]}, "host is not a known field"),
        ({"settings": {"idempotency": "maybe"}}, "must be one of honour, ignore, refuse"),
        ("drop", "must be an object"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_place(config, message):
    with pytest.raises(ValueError, match=r".") as raised:
        fault_plan(config)
    assert message in str(raised.value)


@pytest.mark.parametrize("text", ["rules: [", "rules: [{do: {status: 1}}]", None])
def test_a_faults_file_that_cannot_be_used_is_wrong_usage_that_names_it(tmp_path, text):
    file = tmp_path / "faults.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(WrongUsage, match=r"faults\.yaml"):
        read_faults(file)
