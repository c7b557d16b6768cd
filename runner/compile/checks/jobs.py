"""What can be said of jobs without looking at their instances."""

from collections.abc import Mapping

from runner.api.catalogue import Catalogue
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Lookup, Resource
from runner.compile.checks.bulk import check_columns
from runner.compile.checks.money import check_units
from runner.compile.instances.compiled import BUILTINS
from runner.compile.instances.findings import Findings
from runner.compile.instances.local import OUTPUTS
from runner.compile.nearby import did_you_mean
from runner.model.errors import InvalidInput
from runner.model.manifest import SUBMITTED, Job, Manifest, YamlPath

_EARLY = ("id", "status")
ALWAYS = ("id", "status", "parts")
"""Outputs that runner itself gives."""

References = list[tuple[str, YamlPath, str, str]]
"""(job, path of the scalar, job referred to, output)."""


def uses_of(manifest: Manifest, catalogue: Catalogue, findings: Findings) -> dict[str, Use]:
    """The use of each job that has one among the providers; what nobody knows is a problem."""
    broken: set[str] = set()
    made = {}
    for name, job in manifest.jobs.items():
        provider = job.uses.partition(".")[0]
        if job.uses in BUILTINS or provider in broken:
            continue
        try:
            use = catalogue.use(job.uses)
        except InvalidInput as error:
            broken.add(provider)
            findings.take(error.problems)
            continue
        if use is None:
            _unknown_use(job, catalogue, findings)
        else:
            made[name] = use
    return made


def _unknown_use(job: Job, catalogue: Catalogue, findings: Findings) -> None:
    provider, _, inner = job.uses.partition(".")
    path: YamlPath = ("jobs", job.name, "uses")
    if provider in ("workbook", "file"):
        findings.add("unknown-use", f"there is no `{job.uses}`", path, did_you_mean(job.uses, BUILTINS))
    elif provider not in catalogue.names():
        known = [*catalogue.names(), "workbook", "file"]
        findings.add("unknown-use", f"there is no provider `{provider}`", path, did_you_mean(provider, known))
    else:
        known = list(catalogue.provider(provider).names())
        findings.add("unknown-use", f"`{provider}` has no `{inner}`", path, did_you_mean(inner, known))


def check_jobs(manifest: Manifest, uses: Mapping[str, Use], findings: Findings) -> None:
    """Bulk, saves, publishing and units, job by job."""
    for name, job in manifest.jobs.items():
        use = uses.get(name)
        if job.approve and not _sends(job, use):
            hint = "take `approve` out, and give it to the job whose call is to wait"
            findings.add(
                "no-approval",
                f"`{job.uses}` sends nothing that a person could approve",
                ("jobs", name, "approve"),
                hint,
            )
        if job.uses in BUILTINS:
            if manifest.publish is None:
                _no_publish(f"`{job.uses}` has nowhere to publish its file", ("jobs", name, "uses"), findings)
            if job.bulk is not None:
                _no_bulk(job, findings)
            _known_saves(job, OUTPUTS, findings)
        elif use is not None:
            _check_bulk(job, use, manifest.publish is not None, findings)
            if isinstance(use.kind, Resource):
                _check_saves(job, use.kind, findings)
                _check_units(job, use.kind, findings)


def _sends(job: Job, use: Use | None) -> bool:
    """Whether it makes a call with an effect; of what nobody knows that is not said."""
    if job.uses in BUILTINS:
        return False
    return use is None or not (
        isinstance(use.kind, Lookup) or (isinstance(use.kind, Resource) and use.kind.create is None)
    )


def _check_bulk(job: Job, use: Use, publishing: bool, findings: Findings) -> None:
    if job.bulk is None:
        return
    spec = use.kind.bulk if isinstance(use.kind, Resource) else None
    if spec is None:
        _no_bulk(job, findings)
        return
    if not publishing:
        _no_publish(
            "the workbook of a bulk request has nowhere to be published", ("jobs", job.name, "bulk"), findings
        )
    check_columns(job, spec, findings)
    if job.bulk.size is not None and job.bulk.size > spec.size:
        findings.add(
            "bad-value",
            f"one request of `{job.uses}` takes at most {spec.size} rows",
            ("jobs", job.name, "bulk"),
            "lower `size`",
        )


def _no_publish(message: str, path: YamlPath, findings: Findings) -> None:
    findings.add(
        "no-publish", message, path, "say where: `publish: {directory: published, base_url: https://…}`"
    )


def _no_bulk(job: Job, findings: Findings) -> None:
    findings.add(
        "no-bulk", f"`{job.uses}` cannot be sent in bulk", ("jobs", job.name, "bulk"), "take `bulk` out"
    )


def _known_saves(job: Job, known: tuple[str, ...], findings: Findings) -> None:
    for name in job.save:
        if name not in known:
            findings.add(
                "unknown-save",
                f"`{job.uses}` has nothing called `{name}` to save",
                ("jobs", job.name, "save", name),
                did_you_mean(name, known),
            )


def _check_saves(job: Job, kind: Resource, findings: Findings) -> None:
    known = (*kind.downloads, *kind.outputs)
    if kind.downloads:
        _known_saves(job, known, findings)
    for name, paths in job.save.items():
        download = kind.downloads.get(name)
        if download is None or not download.accept:
            continue
        for index, path in enumerate(paths):
            ending = path.rsplit(".", 1)[-1] if "." in path else ""
            if ending not in download.accept and f".{ending}" not in download.accept and "}}" not in ending:
                where: YamlPath = ("jobs", job.name, "save", name)
                endings = ", ".join(f"`.{one.lstrip('.')}`" for one in download.accept)
                findings.add(
                    "unknown-format",
                    f"`{name}` cannot be had as `.{ending}`" if ending else f"`{path}` has no ending",
                    where if len(paths) == 1 else (*where, index),
                    f"the ending picks the format: {endings}",
                )


def _check_units(job: Job, kind: Resource, findings: Findings) -> None:
    if kind.cost is None:
        return
    for unit in job.cost:
        if unit not in (kind.cost.unit, "calls"):
            findings.add(
                "unknown-unit",
                f"`{job.uses}` is not paid in `{unit}`",
                ("jobs", job.name, "cost", unit),
                did_you_mean(unit, (kind.cost.unit, "calls")),
            )


def check_providers(manifest: Manifest, catalogue: Catalogue, findings: Findings) -> None:
    """Settings of providers that nobody knows, credentials and units that they do not have."""
    for name, raw in manifest.providers.items():
        path: YamlPath = ("providers", name)
        if name not in catalogue.names():
            findings.add(
                "unknown-provider",
                f"there is no provider `{name}`",
                path,
                did_you_mean(name, catalogue.names()),
            )
            continue
        try:
            provider = catalogue.provider(name)
        except InvalidInput as error:
            if not any(job.uses.startswith(f"{name}.") for job in manifest.jobs.values()):
                findings.take(error.problems)
            continue  # else reported where a job uses it
        credentials = sorted({one for scheme in provider.auth for one in scheme.needs})
        for given in raw.get("auth") or {}:
            if credentials and given not in credentials:
                findings.add(
                    "unknown-credential",
                    f"`{name}` has no credential `{given}`",
                    (*path, "auth", given),
                    did_you_mean(given, credentials),
                )
        check_units(name, raw, provider, findings)


def missing_credentials(
    manifest: Manifest, uses: Mapping[str, Use], given: Mapping[str, Mapping[str, object]], findings: Findings
) -> None:
    """Providers whose `auth` names no complete set of credentials."""
    for provider in {use.provider.name: use.provider for use in uses.values()}.values():
        named = set(manifest.providers.get(provider.name, {}).get("auth") or {}) | set(
            given.get(provider.name, {})
        )
        if not provider.auth or any(set(scheme.needs) <= named for scheme in provider.auth):
            continue
        wanted = " or ".join(f"{{{', '.join(scheme.needs)}}}" for scheme in provider.auth)
        path: YamlPath = (
            ("providers", provider.name, "auth") if provider.name in manifest.providers else ("providers",)
        )
        findings.add(
            "no-credentials",
            f"`{provider.name}` needs credentials: {wanted}",
            path,
            f"write `providers: {{{provider.name}: {{auth: …}}}}`",
        )


def check_outputs(
    manifest: Manifest, uses: Mapping[str, Use], references: References, findings: Findings
) -> None:
    """Outputs that nobody gives: of built-in uses, and what is not known when work is only submitted."""
    for job, path, target, field in references:
        found = manifest.jobs.get(target)
        if found is None:
            continue
        if found.uses in BUILTINS and field not in OUTPUTS:
            findings.add(
                "unknown-output", f"`{target}` has no output `{field}`", path, did_you_mean(field, OUTPUTS)
            )
        elif manifest.jobs[job].needs.get(target) == SUBMITTED and field not in _EARLY and target in uses:
            findings.add(
                "early-output",
                f"`{target}` is waited for only until it is submitted, and `{field}` is not known by then",
                path,
                f"take `{target}: submitted` out of `needs`, or use its `id`",
            )
        elif target in uses:
            _check_name(uses[target], target, field, path, findings)


def _check_name(use: Use, target: str, field: str, path: YamlPath, findings: Findings) -> None:
    """An output that the provider's document does not know, where the document tells all of them."""
    names = use.output_names()
    if names is None or field in names or field in ALWAYS:
        return
    known = sorted({*names, *ALWAYS})
    findings.add("unknown-output", f"`{target}` has no output `{field}`", path, did_you_mean(field, known))
