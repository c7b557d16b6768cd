"""Everything that can be known to be wrong before anybody is asked: the last stage before a plan."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.api.catalogue import Catalogue
from runner.compile.checks.inputs import check_instances
from runner.compile.checks.jobs import (
    References,
    check_jobs,
    check_outputs,
    check_providers,
    missing_credentials,
    uses_of,
)  # fmt: skip
from runner.compile.checks.money import check_budget
from runner.compile.checks.moves import check_moved
from runner.compile.checks.work import Work
from runner.compile.collector import without_collector
from runner.compile.instances.expand import Expanded, expand
from runner.compile.instances.findings import Findings
from runner.compile.instances.settings import evaluate_settings
from runner.compile.instances.surroundings import Surroundings
from runner.model.frozen import frozen
from runner.model.manifest import Manifest
from runner.model.problem import Problem


@frozen
class Checked:
    """`work` is None as soon as there is a problem that is no warning. `lacking` knows the variables of the environment
    that `auth` needs and has not; they are among `problems` unless the surroundings are offline."""

    work: Work | None
    problems: tuple[Problem, ...]
    lacking: tuple[Findings, ...] = ()

    @property
    def unset(self) -> tuple[Problem, ...]:
        """What `lacking` found."""
        return tuple(problem for findings in self.lacking for problem in findings.problems())


def check_file(
    file: Path, variables: Mapping[str, Any], surroundings: Surroundings
) -> tuple[Work | None, tuple[Problem, ...]]:
    """Loads a manifest and checks it as a whole, so that all problems are found in one pass."""
    with without_collector():
        return _check_file(file, variables, surroundings)


def _check_file(
    file: Path, variables: Mapping[str, Any], surroundings: Surroundings
) -> tuple[Work | None, tuple[Problem, ...]]:
    from runner.compile.text.load import load

    loaded = load(file, variables)
    manifest = loaded.manifest if loaded.manifest is not None else loaded.partial
    if manifest is None:
        return None, loaded.problems
    checked = check(manifest, catalogue_of(manifest), surroundings)
    known = {(problem.where, problem.message) for problem in loaded.problems}
    more = [loaded.with_line(one) for one in checked.problems if (one.where, one.message) not in known]
    problems = tuple(
        sorted((*loaded.problems, *more), key=lambda one: (one.where.file != str(file), one.where))
    )
    return checked.work if loaded.manifest is not None else None, problems


def catalogue_of(manifest: Manifest) -> Catalogue:
    """The shipped providers, and those that the manifest brings."""

    def files(word: str) -> dict[str, Path]:
        return {
            name: manifest.folder / raw[word]
            for name, raw in manifest.providers.items()
            if isinstance(raw.get(word), str)
        }

    addressed = [name for name, raw in manifest.providers.items() if raw.get("base_url")]
    return Catalogue(files("openapi"), files("overlay"), folder=manifest.folder, addressed=addressed)


def check(manifest: Manifest, catalogue: Catalogue, surroundings: Surroundings) -> Checked:
    """All semantic problems of a manifest, and the work when there are none."""
    with without_collector():
        return _check(manifest, catalogue, surroundings)


def _check(manifest: Manifest, catalogue: Catalogue, surroundings: Surroundings) -> Checked:
    findings = Findings(manifest.locate)
    uses = uses_of(manifest, catalogue, findings)
    check_providers(manifest, catalogue, findings)
    check_budget(manifest, uses, findings)
    check_jobs(manifest, uses, findings)
    settings = evaluate_settings(manifest, surroundings, findings)
    expanded = expand(manifest, catalogue, surroundings, findings)
    check_moved(manifest, expanded.graph, findings)
    expanded.evaluator.publishing(settings.publish)
    check_outputs(manifest, uses, _references(expanded), findings)
    check_instances(manifest, expanded, uses, findings)
    unset = Findings(manifest.locate)
    if surroundings.sandbox is None:
        missing_credentials(manifest, uses, {}, unset)
    lacking = (settings.unset, unset) if settings.unset is not None else (unset,)
    problems = findings.problems()
    if not surroundings.offline:
        problems = _sorted((*problems, *Checked(None, (), lacking).unset))
    if any(not problem.warning for problem in problems):
        return Checked(None, problems, lacking)
    work = Work(
        manifest, expanded.graph, expanded.evaluator, settings.providers, settings.publish, catalogue,
        settings.state_place, surroundings, settings.budget,
    )  # fmt: skip
    return Checked(work, problems, lacking)


def _references(expanded: Expanded) -> References:
    """Every output that an expression names by a plain name."""
    jobs = expanded.evaluator.jobs
    found: References = []
    for name, compiled in jobs.items():
        for path, reference in compiled.references:
            target = jobs.get(reference.job)
            if target is None:
                continue
            steps = reference.fields
            if not target.many:
                steps = (reference.key if isinstance(reference.key, str) else None, *steps)
            if len(steps) > 1 and steps[0] == "outputs" and steps[1] is not None:
                found.append((name, path, reference.job, steps[1]))
    return found


def _sorted(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.where.file, problem.where.line)))
