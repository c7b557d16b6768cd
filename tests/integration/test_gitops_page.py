"""The workflows of docs/gitops.md do what the page says: their commands, run in order, in clones of a repository."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from applying import Stage, episodes
from seasons import DUB_FROM_MEDIA, DUBFORMER, HEAD
from workflows import ROOT, Done, Hub, git, workflows

from runner.engine.state.store import read_state
from runner.model.state import State
from runner.sandbox.serve import SandboxSettings, running

PAGE = ROOT / "docs" / "gitops.md"
SPEED = 1200.0
MANIFEST = f"{HEAD}state: ${{{{ env.RUNNER_STATE }}}}\nproviders:\n{DUBFORMER}jobs:\n{DUB_FROM_MEDIA}"


@dataclass(frozen=True)
class Team:
    """A repository with its main branch, and the machine that its workflows run on."""

    folder: Path
    world: Stage
    hub: Hub

    @property
    def own(self) -> Path:
        """Somebody's clone."""
        return self.folder / "own"

    def commit(self, *ids: str, branch: str = "main") -> str:
        """These episodes, on a branch that is pushed; the commit."""
        git(self.own, "checkout", "-q", "-B", branch)
        (self.own / "episodes.csv").write_text(episodes(*ids))
        git(self.own, "add", "-A")
        git(self.own, "commit", "-q", "-m", f"{len(ids)} episodes")
        git(self.own, "push", "-q", "origin", branch)
        return git(self.own, "rev-parse", "HEAD")

    def job(self, file: str, name: str, ref: str = "main", plan: Path | None = None) -> tuple[Done, Path]:
        """A job of the page in a fresh checkout, with a plan out of an artefact; the checkout too."""
        workflow = workflows(PAGE)[file]
        place = self.folder / "checkout"
        shutil.rmtree(place, ignore_errors=True)
        git(self.folder, "clone", "-q", "--branch", ref, str(self.folder / "origin.git"), str(place))
        if plan is not None:
            shutil.copy(plan, place / "plan.json")
        return self.hub.job(workflow, name, place), place

    def planned(self) -> Path:
        """The plan job of a merge; its artefact."""
        ended, place = self.job("apply.yml", "plan")
        assert (ended.code, ended.outputs) == (0, {"code": "2"}), ended.all
        return Path(shutil.copy(place / "plan.json", self.folder / "plan.json"))

    def state(self) -> State:
        return read_state(Path(self.hub.given["RUNNER_STATE"]), "season")

    def carried_on(self) -> Done:
        return self.job("carry-on.yml", "apply", "applied")[0]

    def drifted(self) -> Done:
        return self.job("drift.yml", "refresh", "applied")[0]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "own")
    file = tmp_path / "own" / "season.yaml"
    file.write_text(MANIFEST)
    with running(SandboxSettings(tmp_path / "sandbox", speed=SPEED)) as sandbox:
        given = {
            "RUNNER_STATE": str(tmp_path / "state" / "season.db"),
            "DUBFORMER_TOKEN": sandbox.credentials["dubformer"]["token"],
            "MEDIA": str(tmp_path / "media"),
        }
        surroundings = {"DUBFORMER_URL": sandbox.base_urls["dubformer"], "MEDIA_URL": sandbox.media_url}
        made = Team(
            tmp_path,
            Stage(tmp_path / "own", file, "season", sandbox, SPEED),
            Hub(tmp_path / "home", given, surroundings),
        )
        made.commit("e1", "e2")
        yield made


def test_a_pull_request_is_planned_and_nothing_is_paid(team: Team) -> None:
    team.commit("e1", "e2", "e3", branch="third")

    ended, _ = team.job("plan.yml", "plan", "third")

    assert ended.code == 0, ended.all
    assert "3 to create" in ended.summary
    assert "dub/e3" in ended.summary
    assert team.world.paid() == {}


def test_a_plan_from_a_fork_needs_no_secret_and_asks_nobody(team: Team) -> None:
    stranger = replace(team, hub=replace(team.hub, given={}))

    ended, _ = stranger.job("plan.yml", "fork")

    assert ended.code == 0, ended.all
    assert "season.yaml is valid: 1 job, 2 instances." in ended.printed
    assert "2 to create" in ended.summary
    assert sum(team.world.sandbox.requests().values()) == 0


def test_a_mistake_in_a_fork_is_told_at_its_file_and_line(team: Team) -> None:
    (team.own / "season.yaml").write_text(MANIFEST.replace("target_lang", "target_language"))
    team.commit("e1", branch="mistaken")

    ended, _ = replace(team, hub=replace(team.hub, given={})).job("plan.yml", "fork", "mistaken")

    assert ended.code == 3, ended.all
    assert "::error file=season.yaml,title=unknown-input,line=17" in ended.printed


def test_a_job_without_the_place_of_the_state_does_nothing(team: Team) -> None:
    given = {name: value for name, value in team.hub.given.items() if name != "RUNNER_STATE"}

    ended, place = replace(team, hub=replace(team.hub, given=given)).job("plan.yml", "plan")

    assert ended.code == 3, ended.all
    assert not (place / ".runner").exists()


def test_a_merge_is_planned_let_go_applied_once_carried_on_and_watched(team: Team) -> None:
    plan = team.planned()
    applied, place = team.job("apply.yml", "apply", plan=plan)
    assert applied.code == 0, applied.all
    assert git(team.own, "ls-remote", "origin", "applied").split()[0] == git(place, "rev-parse", "HEAD")

    team.commit("e1", "e2", "e3")  # merged, and not let go yet
    carried = team.carried_on()
    assert carried.code == 0, carried.all
    assert team.world.paid() == {"e1": 1, "e2": 1}
    assert sorted(file.name for file in (team.folder / "media" / "out").iterdir()) == ["e1.mp4", "e2.mp4"]

    assert team.drifted().code == 0
    team.world.ask("DELETE", f"/api/v1/projects/{team.state().instances['dub/e1'].id}")
    drifted = team.drifted()
    assert drifted.code == 2, drifted.all
    assert "gone" in drifted.summary


def test_what_waits_for_approval_is_let_go_by_a_job_and_sent_by_the_next_apply(team: Team) -> None:
    (team.own / "season.yaml").write_text(MANIFEST.replace("    save:", "    approve: true\n    save:"))
    team.commit("e1", "e2")
    first, _ = team.job("plan.yml", "plan")
    assert first.code == 7, first.all
    assert "2 wait for approval" in first.summary.replace("\\", "")
    git(team.own, "push", "-q", "origin", "HEAD:refs/heads/applied")
    waiting = team.carried_on()
    assert (waiting.code, team.world.paid()) == (7, {}), waiting.all
    assert "dub/e1" in waiting.summary

    hub = replace(
        team.hub,
        given={**team.hub.given, "address": "dub/e1"},
        surroundings={**team.hub.surroundings, "GITHUB_ACTOR": "kim"},
    )
    said, _ = replace(team, hub=hub).job("approve.yml", "approve", "applied")
    carried = team.carried_on()

    assert said.code == 0, said.all
    assert "1 instance approved" in said.summary
    assert carried.code == 7, carried.all
    assert team.world.paid() == {"e1": 1}


def test_a_plan_is_let_go_once(team: Team) -> None:
    plan = team.planned()
    team.job("apply.yml", "apply", plan=plan)

    again, _ = team.job("apply.yml", "apply", plan=plan)

    assert again.code == 6, again.all
    assert "this plan was applied before" in again.printed
    assert team.world.paid() == {"e1": 1, "e2": 1}


def test_a_plan_that_something_newer_overtook_pays_nothing(team: Team) -> None:
    plan = team.planned()
    team.commit("e1", "e2", "e3")

    ended, _ = team.job("apply.yml", "apply", plan=plan)

    assert ended.code == 6, ended.all
    assert "episodes.csv has changed" in ended.printed
    assert team.world.paid() == {}


def test_every_workflow_is_one_of_the_page_and_asks_for_what_exists() -> None:
    found = workflows(PAGE)
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    used: list[dict[str, Any]] = [
        step
        for workflow in found.values()
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("your-org/runner@")
    ]

    assert list(found) == ["plan.yml", "apply.yml", "carry-on.yml", "approve.yml", "drift.yml"]
    assert len(used) == 7
    assert [step for step in used if set(step.get("with", {})) - set(inputs)] == []
