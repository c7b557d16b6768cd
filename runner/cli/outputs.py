"""What a command tells beside the terminal: JUnit XML, Markdown, annotations."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.model.errors import RunnerError, WrongUsage
from runner.model.frozen import frozen

if TYPE_CHECKING:
    from runner.cli.screen import Screen
    from runner.compile.checks.work import Work
    from runner.model.plan import Plan
    from runner.model.problem import Problem
    from runner.model.progress import RunResult
    from runner.report.junit import Case
    from runner.report.remarks import Remark

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)
_OPTIONS = (
    click.option(
        "--junit", type=_FILE, metavar="FILE", help="Also write JUnit XML: a test case an instance."
    ),
    click.option(
        "--markdown",
        type=_FILE,
        metavar="FILE",
        help="Also write Markdown for a job summary or a comment, of at most 65,000 characters.",
    ),
    click.option(
        "--annotations/--no-annotations",
        default=None,
        help="Print GitHub annotations at file and line; by default on GitHub Actions.",
    ),
)


def output_options(function: F) -> F:
    """`--junit`, `--markdown`, `--annotations`; `manifest_options` gathers them into `chosen.outputs`."""
    made: Any = function
    for option in reversed(_OPTIONS):
        made = option(made)
    return made  # type: ignore[no-any-return]


@frozen
class Outputs:
    """Where else results go. `annotations` is None where the command line does not say."""

    junit: Path | None = None
    markdown: Path | None = None
    annotations: bool | None = None

    def of(self, name: str) -> "Outputs":
        """Files of its own for one manifest of several: `plan.md` becomes `plan.season.md`; a summary takes all."""

        def own(file: Path | None) -> Path | None:
            if file is None or _is_summary(file):
                return file
            return file.with_name(f"{file.stem}.{name}{file.suffix}")

        return Outputs(own(self.junit), own(self.markdown), self.annotations)

    def problems(self, manifest: str, problems: "Sequence[Problem]", screen: "Screen") -> None:
        """What is wrong with a manifest, or that nothing is."""
        if self.junit is not None:
            from runner.report.junit import of_problems

            self._junit(manifest, of_problems(manifest, problems, Path.cwd()), screen)
        if self.markdown is not None:
            from runner.report.markdown import problems_markdown

            _write(self.markdown, [problems_markdown(manifest, problems, Path.cwd())], screen)
        if self._annotated(screen):
            from runner.report.remarks import of_problems as remarks

            self._annotate(remarks(problems), screen)

    def plan(self, work: "Work", plan: "Plan", screen: "Screen") -> None:
        """What would be done."""
        if self.junit is not None:
            from runner.report.junit import of_plan

            self._junit(plan.manifest, of_plan(plan), screen)
        if self.markdown is not None:
            from runner.report.markdown import plan_markdown

            _write(self.markdown, [plan_markdown(plan, screen.look)], screen)
        if self._annotated(screen):
            from runner.report.remarks import of_plan as remarks
            from runner.report.remarks import places_of

            self._annotate(remarks(plan, places_of(work)), screen)

    def result(self, work: "Work", plan: "Plan", result: "RunResult", screen: "Screen") -> None:
        """What was done."""
        if self.junit is not None:
            from runner.report.junit import of_result

            self._junit(plan.manifest, of_result(plan, result), screen)
        if self.markdown is not None:
            from runner.report.markdown import outcome_markdown

            _write(self.markdown, [outcome_markdown(plan.manifest, result, screen.look)], screen)
        if self._annotated(screen):
            from runner.report.remarks import of_result as remarks
            from runner.report.remarks import places_of

            self._annotate(remarks(result, places_of(work)), screen)

    def _junit(self, name: str, cases: "Iterable[Case]", screen: "Screen") -> None:
        from runner.report.junit import junit_xml

        assert self.junit is not None
        _write(self.junit, junit_xml(f"runner {name}", cases), screen)

    def _annotated(self, screen: "Screen") -> bool:
        if self.annotations is None:
            return os.environ.get("GITHUB_ACTIONS") == "true" and not screen.json_wanted
        return self.annotations

    def _annotate(self, remarks: "Iterable[Remark]", screen: "Screen") -> None:
        from runner.report.annotations import annotations

        for line in annotations(remarks, Path.cwd()):
            screen.aside(line)


def _is_source(file: Path) -> bool:
    """Whether what stands there is what people write, or what is known to be paid for: a slip must not replace it."""
    if file.suffix.lower() in (".yaml", ".yml", ".csv", ".xlsx"):
        return file.exists()
    try:
        with file.open("rb") as opened:
            return opened.read(6) == b"SQLite"
    except OSError:
        return False  # nothing is there, or whoever writes it says why that cannot be


def _is_summary(file: Path) -> bool:
    """Whether it is the summary of a job on GitHub: what stands there already belongs to it."""
    return str(file) == os.environ.get("GITHUB_STEP_SUMMARY")


def _write(file: Path, pieces: Iterable[str], screen: "Screen") -> None:
    """The whole file or nothing of it, without any secret."""
    if _is_source(file):
        raise WrongUsage(f"{file} is a manifest, a table or a state, and would be lost", "name another file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if _is_summary(file) else "w", encoding="utf-8") as opened:
            opened.writelines(screen.without_secrets(piece) for piece in pieces)
    except OSError as error:
        raise RunnerError(f"{file} cannot be written: {error.strerror}", "name another file") from error
