"""GitHub workflows on this machine: the `run:` steps of a job, with the environment and shell that a runner gives them.

Steps that `uses:` something are not run: a clone stands in for the checkout, this environment for the installation.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_GIVEN = re.compile(r"\$\{\{ (secrets|vars|inputs)\.([\w-]+) \}\}")
_SHELLS = {
    "": ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
}
"""https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#defaultsrunshell"""


def workflows(page: Path) -> dict[str, dict[str, Any]]:
    """The workflows that a page shows, by the name of the file that they are for."""
    blocks = re.findall(r"```yaml\n# \.github/workflows/(\S+)\n(.*?)```", page.read_text(), re.DOTALL)
    return {name: yaml.safe_load(text) for name, text in blocks}


@dataclass(frozen=True)
class Done:
    """A job that has ended: the exit code of its last step, what it printed, wrote into its summary, and gave out."""

    code: int
    printed: str
    summary: str
    outputs: dict[str, str]

    @property
    def all(self) -> str:
        return f"exit {self.code}\n{self.printed}\n{self.summary}"


@dataclass(frozen=True)
class Hub:
    """What the steps of a job are given. `given` are secrets and vars; `surroundings` what else the machine has."""

    home: Path
    given: Mapping[str, str] = field(default_factory=dict)
    surroundings: Mapping[str, str] = field(default_factory=dict)

    def job(self, workflow: Mapping[str, Any], name: str, folder: Path) -> Done:
        """Runs the steps of a job in a folder, up to the first that fails."""
        job = workflow["jobs"][name]
        shell = workflow.get("defaults", {}).get("run", {}).get("shell", "")
        ended = Done(0, "", "", {})
        for step in job["steps"]:
            if "run" not in step:
                continue
            ended = self.step(step, folder, job.get("env", {}), shell, ended)
            if ended.code:
                break
        return ended

    def step(
        self,
        step: Mapping[str, Any],
        folder: Path,
        env: Mapping[str, str] | None = None,
        shell: str = "",
        before: Done | None = None,
    ) -> Done:
        """Runs one step, after others of its job."""
        before = before or Done(0, "", "", {})
        process, summary, outputs = self.start(step, folder, env, shell)
        printed, _ = process.communicate(timeout=120)
        given = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return Done(
            process.returncode,
            before.printed + printed,
            before.summary + summary.read_text(),
            before.outputs | given,
        )

    def start(
        self, step: Mapping[str, Any], folder: Path, env: Mapping[str, str] | None = None, shell: str = ""
    ) -> tuple["subprocess.Popen[str]", Path, Path]:
        """Begins a step: its process, and the files of its summary and outputs."""
        self.home.mkdir(exist_ok=True)
        script, summary, outputs = (self.home / name for name in ("step.sh", "summary.md", "outputs"))
        script.write_text(step["run"])
        for file in (summary, outputs):
            file.write_text("")
        own = {**(env or {}), **step.get("env", {})}
        process = subprocess.Popen(
            [*_SHELLS[step.get("shell", shell)], str(script)],
            cwd=folder / self.filled(step.get("working-directory", ".")),
            env={
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.home),
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(folder),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_OUTPUT": str(outputs),
                "RUNNER_TEMP": str(self.home),
                **self.surroundings,
                **{name: self.filled(str(value)) for name, value in own.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        return process, summary, outputs

    def filled(self, text: str) -> str:
        """With secrets, vars and inputs in their places; what is not given is empty, as there."""
        return _GIVEN.sub(lambda match: self.given.get(match[2], ""), text)


def git(folder: Path, *words: str) -> str:
    """What git prints; a failure is one of the test."""
    who = (
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@example.com",
        "-c",
        "init.defaultBranch=main",
    )
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()
