"""Credentials, credit, and answers that lead elsewhere or say nothing: nothing secret leaks, nothing is paid twice."""

from collections.abc import Callable

import pytest
from applying import SEASON, Stage, fault

CREATE = "createProject"
rule = fault
TWO = ("e1", "e2")
BESIDE = (
    SEASON
    + """\
  batch:
    uses: revoice.batch
    for_each: ${{ data.episodes }}
    with: {projectId: 6f1c2b1e, name: "batch ${{ each.id }}", languageCode: fr-FR,
           scriptPath: "https://files.example.com/${{ each.id }}.docx"}
"""
)
Staging = Callable[..., Stage]


def orders(season: Stage) -> int:
    """How much was ordered, nothing of it twice."""
    paid = season.paid()
    assert set(paid.values()) <= {1}
    return len(paid)


@pytest.mark.fault(
    "access",
    "401 in mid-run, where a login gives a session",
    sees="4 done",
    kept={"orders": 4, "files": 2, "facts": ("the session was renewed once",)},
)
def test_a_session_that_ends_in_mid_run_is_renewed_once(stage: Staging, fault) -> None:
    season = stage(BESIDE, ids=TWO)
    season.faults({"match": {"operation": "getBatch"}, "times": 1, "do": {"status": 401}})
    before = season.sandbox.requests()["revoice.createToken"] if season.sandbox.requests() else 0

    ended = season.apply()

    assert ended.code == 0, ended.all
    requests = season.sandbox.requests()
    renewed = requests.get("revoice.createToken", 0) + requests.get("revoice.refreshToken", 0) - before
    fault.saw(ended.all)
    fault.kept(orders=orders(season), files=len(season.saved()))
    fault.fact("the session was renewed once", renewed <= 3)


@pytest.mark.fault(
    "access",
    "401 in mid-run, where a key is all there is",
    sees="dubformer refused the credentials (401)",
    kept={
        "orders": 4,
        "facts": ("the other provider goes on", "with the right key the next apply fetches everything"),
    },
)
def test_credentials_that_end_in_mid_run_stop_their_provider_and_nobody_else(stage: Staging, fault) -> None:
    season = stage(BESIDE, ids=TWO)
    season.faults(
        {"match": {"operation": "getProject"}, "times": 1000, "do": {"status": 401}},
        {"match": {"operation": "listProjects"}, "skip": 2, "times": 1000, "do": {"status": 401}},
    )

    ended = season.apply()
    phases = season.phases()
    ordered = orders(season)
    season.faults()
    again = season.apply()

    assert ended.code == 1, ended.all
    fault.saw(ended.out)
    fault.kept(orders=ordered)
    fault.fact("the other provider goes on", phases["batch/e1"] == phases["batch/e2"] == "ready")
    whole = again.code == 0 and len(season.saved()) == 2 and orders(season) == 4
    fault.fact("with the right key the next apply fetches everything", whole)


@pytest.mark.fault(
    "access",
    "402, and the balance agrees: out of credit",
    sees="Insufficient balance for this project — no minutes are left",
    kept={
        "orders": 4,
        "files": 2,
        "facts": ("the other provider goes on", "with credit again the next apply orders the rest"),
    },
)
def test_without_credit_one_provider_is_stopped_and_what_is_missing_is_said(stage: Staging, fault) -> None:
    ids = tuple(f"e{number}" for number in range(12))
    season = stage(
        BESIDE.replace(
            "for_each: ${{ data.episodes }}\n    with: {pro", "for_each: ${{ [1, 2] }}\n    with: {pro"
        )
        .replace("batch ${{ each.id }}", "batch ${{ each.value }}")
        .replace("com/${{ each.id }}.docx", "com/${{ each.value }}.docx"),
        ids=ids,
    )
    season.faults(balance=6)

    ended = season.apply()
    ordered, files = season.paid(), len(season.saved())
    season.faults(balance=1000)
    again = season.apply()

    assert ended.code == 1, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(ordered), files=files)
    fault.fact("the other provider goes on", {"batch 1", "batch 2"} <= set(ordered))
    rest = again.code == 0 and orders(season) == 14
    fault.fact("with credit again the next apply orders the rest", rest)


@pytest.mark.fault(
    "access",
    "a redirect in answer to a paid call",
    sees="adopted dub/e1",
    kept={"orders": 1, "files": 1, "facts": ("nothing was sent to where it led",)},
)
def test_a_redirect_of_a_paid_call_is_settled_and_not_followed(stage: Staging, fault) -> None:
    season = stage(ids=("e1",))
    # It would lead back to the same API, where a second call would be an order more.
    there = season.sandbox.base_urls["dubformer"] + "/api/v1/projects"
    season.faults(rule(CREATE, redirect=there, when="after"), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=orders(season), files=len(season.saved()))
    sent = season.changing()["dubformer.createProject"]
    fault.fact("nothing was sent to where it led", sent == 1)


@pytest.mark.fault(
    "access",
    "a list that is redirected to another host",
    sees="it redirects to http://169.254.169.254, which gets no credentials",
    kept={"orders": 0, "facts": ("nothing was ordered without having looked",)},
)
def test_a_list_that_leads_elsewhere_is_not_followed_with_credentials(stage: Staging, fault) -> None:
    season = stage(ids=("e1",))
    away = {"redirect": "http://169.254.169.254/latest/meta-data"}
    season.faults({"match": {"operation": "listProjects"}, "skip": 1, "times": 50, "do": away})

    ended = season.apply()

    assert ended.code == 1, ended.all
    fault.saw(ended.out)
    fault.kept(orders=orders(season))
    fault.fact("nothing was ordered without having looked", season.paid() == {})


ANSWERS = [
    ("cut before the API has done it", {"drop": "before"}),
    ("cut after the API has done it", {"drop": "after"}),
    ("truncated", {"truncate": True}),
    ("garbage", {"garbage": True}),
    ("an HTML page", {"html": 200, "when": "after"}),
    ("a gateway's error page", {"html": 502, "when": "after"}),
]


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(
            deed,
            id=title,
            marks=pytest.mark.fault(
                "answers",
                f"answer to a paid call: {title}",
                sees="looking again for the effect of a lost answer"
                if deed == {"drop": "before"}
                else "adopted dub/e1",
                kept={"orders": 1, "files": 1},
            ),
        )
        for title, deed in ANSWERS
    ],
)
def test_a_paid_call_whose_answer_cannot_be_used_is_settled(stage: Staging, fault, deed) -> None:
    season = stage(ids=("e1",))
    season.faults(rule(CREATE, **deed), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=orders(season), files=len(season.saved()))


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(
            deed,
            id=title,
            marks=pytest.mark.fault(
                "answers",
                f"answers to reads, two of three: {title}",
                sees="ready dub/e1",
                kept={"orders": 2, "files": 2},
            ),
        )
        for title, deed in [*ANSWERS[1:], ("dripping", {"slow": 0.3})]
    ],
)
def test_reads_whose_answers_cannot_be_used_are_asked_again(stage: Staging, fault, deed) -> None:
    season = stage(ids=TWO)
    season.faults(
        *(
            {"match": {"operation": name}, "skip": 1, "every": 2, "times": 4, "do": deed}
            for name in ("getProject", "listProjects", "getResult")
        )
    )

    ended = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=orders(season), files=len(season.saved()))
