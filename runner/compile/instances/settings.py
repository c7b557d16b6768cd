"""What a manifest says of its surroundings, evaluated: providers, publishing, the place of the state."""

from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from runner.compile.expressions.scope import Env
from runner.compile.expressions.template import ExpressionError
from runner.compile.expressions.tree import compile_tree
from runner.compile.instances.expand import base_names
from runner.compile.instances.findings import Findings
from runner.compile.instances.publishing import publish_settings, web_address
from runner.compile.instances.surroundings import SandboxOverrides, Surroundings
from runner.model.frozen import frozen
from runner.model.manifest import Manifest, YamlPath
from runner.model.prices import MONEY, Prices
from runner.model.problem import Place, Problem
from runner.model.settings import (
    MAX_DOWNLOADS,
    MAX_FILE,
    ProviderSettings,
    PublishSettings,
    SettleSettings,
)
from runner.model.state_place import SCHEMES, Database, StatePlace, is_database, passwords_of
from runner.model.text import Secret
from runner.model.units import rate, seconds, size
from runner.model.unknown import Unknown


@frozen
class Settings:
    """`providers` are those that jobs use, whether the manifest names them or not; `budget` is that of one run.
    `state_fit` is false where the place of the state has a problem.
    `unset` are variables of the environment that `auth` needs: problems for `apply` and an online `plan` only."""

    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    publish: PublishSettings | None = None
    state_place: StatePlace = Path()
    state_fit: bool = True
    budget: Mapping[str, float] = field(default_factory=dict)
    unset: Findings | None = None


def evaluate_providers(
    manifest: Manifest, env: Mapping[str, str], sandbox: SandboxOverrides | None = None
) -> tuple[dict[str, ProviderSettings], tuple[Problem, ...]]:
    """The settings of every provider that the manifest uses, and the problems of them, unset variables among them."""
    findings = Findings(manifest.locate)
    made = evaluate_settings(manifest, Surroundings(env, sandbox=sandbox), findings)
    return dict(made.providers), (
        *findings.problems(),
        *(made.unset.problems() if made.unset is not None else ()),
    )


def evaluate_settings(manifest: Manifest, surroundings: Surroundings, findings: Findings) -> Settings:
    """Everything outside of `jobs:`. A sandbox's overrides come first, so that no variable need be set for it."""
    quiet = Findings(manifest.locate)  # vars are reported by whoever expands
    names = base_names(manifest, surroundings, quiet)
    unset = Findings(manifest.locate)
    reader = _Reader(names, surroundings, findings, unset)
    used = [job.uses.partition(".")[0] for job in manifest.jobs.values()]
    providers = {
        name: _provider(name, manifest.providers.get(name, {}), reader, surroundings.sandbox)
        for name in dict.fromkeys([*used, *manifest.providers])
        if name not in ("workbook", "file")
    }
    place = _state(manifest, reader, surroundings.sandbox)
    return Settings(
        providers=providers,
        publish=publish_settings(manifest, reader, surroundings.sandbox),
        state_place=place or manifest.folder / f".runner/{manifest.name}.db",
        state_fit=place is not None,
        budget=_amounts(manifest.budget, ("budget",), reader),
        unset=unset,
    )


class _Reader:
    """Evaluates settings. Under `auth` every variable of the environment is a secret."""

    def __init__(
        self, names: Mapping[str, Any], surroundings: Surroundings, findings: Findings, unset: Findings
    ) -> None:
        self._names, self.findings, self._unset = names, findings, unset
        self._secret_names = {**names, "env": Env(surroundings.env, secret=True)}

    def value(self, raw: Any, path: YamlPath) -> Any:
        """The value, None when it cannot be had, which is reported."""
        made = compile_tree(raw, path, self.findings.expression).evaluate(
            self._names, self.findings.expression
        )
        return None if isinstance(made, Unknown) else made

    def secret(self, raw: Any, path: YamlPath) -> Secret | None:
        """A credential; None when it cannot be had. An unset variable is reported apart."""

        def report(where: YamlPath, error: ExpressionError) -> None:
            (self._unset if error.code == "unset-env" else self.findings).expression(where, error)

        made = compile_tree(raw, path, report).evaluate(self._secret_names, report)
        if made is None or isinstance(made, Unknown):
            return None
        if isinstance(made, Secret):
            return made
        return Secret(made if isinstance(made, str) else str(made), ".".join(str(step) for step in path))

    def parsed(self, raw: Any, path: YamlPath, kind: Any) -> Any:
        """A text read by `kind` (a duration, a rate); None when it cannot be."""
        value = self.value(raw, path)
        if value is None:
            return None
        try:
            return kind(str(value))
        except ValueError as error:
            self.findings.add("bad-value", str(error), path)
            return None


def _provider(
    name: str, raw: Mapping[str, Any], reader: _Reader, sandbox: SandboxOverrides | None
) -> ProviderSettings:
    path: YamlPath = ("providers", name)
    settle = raw.get("settle") or {}
    made = ProviderSettings(
        name=name,
        rate=reader.parsed(raw["rate"], (*path, "rate"), rate) if "rate" in raw else None,
        max_in_flight=_count(raw.get("max_in_flight"), (*path, "max_in_flight"), reader, 4),
        max_downloads=_count(raw.get("max_downloads"), (*path, "max_downloads"), reader, MAX_DOWNLOADS),
        max_file=reader.parsed(raw.get("max_file"), (*path, "max_file"), size) or MAX_FILE,
        budget=_amounts(raw.get("budget"), (*path, "budget"), reader),
        settle=SettleSettings(
            effect=reader.parsed(settle.get("effect"), (*path, "settle", "effect"), seconds),
            lag=reader.parsed(settle.get("lag"), (*path, "settle", "lag"), seconds),
            whole=_flag(reader.value(settle.get("whole"), (*path, "settle", "whole"))),
        ),
        auth_form=str(raw.get("auth_form", "bearer")),
        allow_hosts=tuple(
            str(host) for host in reader.value(raw.get("allow_hosts"), (*path, "allow_hosts")) or ()
        ),
        prices=_prices(raw.get("prices") or {}, (*path, "prices"), reader),
    )
    if sandbox is not None:
        return _sandboxed(made, sandbox, path, reader)
    base_url = reader.value(raw.get("base_url"), (*path, "base_url"))
    return replace(
        made,
        auth=_credentials(raw.get("auth") or {}, (*path, "auth"), reader),
        base_url=web_address(base_url, (*path, "base_url"), reader.findings),
    )


def _sandboxed(
    made: ProviderSettings, sandbox: SandboxOverrides, path: YamlPath, reader: _Reader
) -> ProviderSettings:
    url = sandbox.base_urls.get(made.name)
    if url is None:
        reader.findings.add(
            "no-sandbox",
            f"the sandbox does not serve `{made.name}`",
            path,
            "leave its jobs out, or run without it",
        )
    held = sandbox.auth.get(made.name, {})
    auth = {name: Secret(value, f"sandbox.{made.name}.{name}") for name, value in held.items()}
    return replace(made, auth=auth, base_url=url)


def _credentials(raw: Mapping[str, Any], path: YamlPath, reader: _Reader) -> dict[str, str]:
    found = ((name, reader.secret(value, (*path, name))) for name, value in raw.items())
    return {name: value for name, value in found if value is not None}


def _amounts(raw: Any, path: YamlPath, reader: _Reader) -> dict[str, float]:
    made = {}
    for unit, amount in (raw or {}).items():
        value = reader.value(amount, (*path, unit))
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            if value is not None:
                reader.findings.add("bad-value", f"`{unit}` needs a number from 0 on", (*path, unit))
            continue
        made[str(unit)] = float(value)
    return made


def _prices(raw: Mapping[str, Any], path: YamlPath, reader: _Reader) -> Prices:
    units = {unit: price for unit, price in raw.items() if unit != "currency"}
    currency = reader.value(raw.get("currency"), (*path, "currency"))
    return Prices(_amounts(units, path, reader), str(currency) if currency else MONEY)


def _count(raw: Any, path: YamlPath, reader: _Reader, usual: int) -> int:
    value = reader.value(raw, path)
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if value is not None:
        reader.findings.add("bad-value", "this needs a whole number from 1 on", path)
    return usual


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _state(manifest: Manifest, reader: _Reader, sandbox: SandboxOverrides | None) -> StatePlace | None:
    """Where the state is kept, None when that cannot be; a sandbox has a place of its own."""
    if sandbox is not None:
        return sandbox.state or manifest.folder / ".runner" / f"{manifest.name}.sandbox.db"
    if manifest.state is None:
        return manifest.folder / f".runner/{manifest.name}.db"
    value = reader.value(manifest.state, ("state",))
    if value is None or value == "":  # taken for "the default", it would hide what was paid for elsewhere
        hint = "set the variable that it names, or take `state` out"
        reader.findings.add(
            "no-state", "`state` comes to nothing: where is the state kept?", ("state",), hint
        )
    if not isinstance(value, str) or not value:
        return None
    url = str.__str__(value)
    if "://" not in url:
        return manifest.folder / url
    unfit = _unfit(url, manifest)
    reader.findings.take(unfit)
    return None if unfit else Database(Secret(url, "state"), manifest.name)


def _unfit(url: str, manifest: Manifest) -> tuple[Problem, ...]:
    """Why a URL cannot be that of a state. Its line is never quoted: a password may stand in it."""
    where, _ = manifest.locate(("state",))
    where = Place(where.file, where.line)
    scheme = url.partition("://")[0]
    if not is_database(url):
        message = f"a state in `{scheme}` cannot be used"
        hint = f"name a file (`.runner/state.db`) or a database ({SCHEMES[0]}://…)"
        return (Problem("unfit-state", message, where, hint, f"state: {scheme}://…"),)
    if isinstance(manifest.state, str) and any(word in manifest.state for word in passwords_of(url)):
        message = "a password stands in the manifest, for all who can read it"
        hint = "put the URL into the environment, and write `state: ${{ env.RUNNER_STATE }}`"
        return (Problem("password-in-manifest", message, where, hint, f"state: {scheme}://…"),)
    return ()
