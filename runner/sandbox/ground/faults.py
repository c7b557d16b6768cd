"""Faults on request: which request is to suffer what.

    seed: 7
    settings: {idempotency: honour, balance: 500, lists: {lag: 30, cap: 100}, subscription: true,
               endless: "ep0*", status: archived, withdrawn: Rachel}
    rules:
      - match: {provider: dubformer, operation: createProject, method: POST, path: "/dubformer/*"}
        times: 2                  # at most so often; also `every: N`, `probability: P`, `skip: N` requests first
        do: {drop: after}         # the connection breaks after the effect

`do` is one of `status: 500`, `delay: 2`, `drop: before | after`, `garbage: true`, `truncate: true`, `html:
502`, `slow: 3` (the answer drips), `redirect: URL` (302), `retry_after: 5` (429; with `form: date` as an HTTP date,
`form: none` without the header, `form: garbage` unreadable). `when: before | after` (the effect) goes with `status`,
`html`, `redirect` and `delay`; `garbage`, `truncate` and `slow` always come after it, `retry_after` before. A result
or a job that vanishes is `status: 404` on its read.

`idempotency` is what is done about an Idempotency-Key that was used before: `honour` it, `refuse` it,
`ignore` it (or never know it, or forget it: the call is done again), or answer with what `another` one got.
Of lists: `lag`, what is younger is not shown; `cap`, so many are shown, those that `keep` says (`newest` or
`oldest`); `lose: N`, every answer leaves out one in N, each time others; `twice: N`, one in N is shown twice.
`endless` names the projects (Dubformer's) whose work never ends, `status` is the word that they show; `withdrawn`
names voices (Dubformer's) that are not offered any more.
Times are real seconds, but `lists.lag`, which is virtual ones. Chance comes from `seed` and the counters, which
outlive the process.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from runner.model.errors import WrongUsage
from runner.sandbox.ground.clock import share
from runner.sandbox.ground.shape import Field, wrong
from runner.sandbox.ground.world import World

_DEED = Field(
    "object",
    fields={
        "status": Field("integer", low=400, high=599),
        "delay": Field("number", low=0),
        "drop": Field("string", among=("before", "after")),
        "garbage": Field("boolean"),
        "truncate": Field("boolean"),
        "html": Field("integer", low=200, high=599),
        "slow": Field("number", low=0),
        "redirect": Field("string"),
        "retry_after": Field("number", low=0),
        "when": Field("string", among=("before", "after")),
        "form": Field("string", among=("seconds", "date", "none", "garbage")),
    },
)
_RULE = Field(
    "object",
    fields={
        "match": Field(
            "object", fields={name: Field("string") for name in ("provider", "operation", "path", "method")}
        ),
        "times": Field("integer", low=0),
        "every": Field("integer", low=1),
        "skip": Field("integer", low=0),
        "probability": Field("number", low=0, high=1),
        "do": Field(_DEED.kind, required=True, fields=_DEED.fields),
    },
)
_CONFIG = Field(
    "object",
    fields={
        "seed": Field("integer"),
        "settings": Field(
            "object",
            fields={
                "idempotency": Field("string", among=("honour", "ignore", "refuse", "another")),
                "balance": Field("number", low=0),
                "lists": Field(
                    "object",
                    fields={
                        "lag": Field("number", low=0),
                        "cap": Field("integer", low=0),
                        "keep": Field("string", among=("newest", "oldest")),
                        "lose": Field("integer", low=2),
                        "twice": Field("integer", low=1),
                    },
                ),
                "endless": Field("string"),
                "status": Field("string"),
                "withdrawn": Field("string"),
                "subscription": Field("boolean"),
            },
        ),
        "rules": Field("array", item=_RULE),
    },
)
_KINDS = ("status", "delay", "drop", "garbage", "truncate", "html", "slow", "redirect", "retry_after")
_ALWAYS = {"garbage": "after", "truncate": "after", "slow": "after", "retry_after": "before"}


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to a request: `kind` is a word of `do`, `after` whether the effect comes first, `form` how it says
    so, or where it leads to."""

    kind: str
    value: float = 0
    after: bool = False
    form: str = "seconds"


@dataclass(frozen=True, slots=True)
class Rule:
    """When which deed is done. `key` names the rule's counters."""

    key: str
    deed: Deed
    match: Mapping[str, str]
    times: int | None = None
    every: int = 1
    skip: int = 0
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the APIs behave where their texts say nothing."""

    idempotency: str = "honour"
    balance: float | None = None
    lag: float = 0.0
    cap: int | None = None
    subscription: bool = True
    keep: str = "newest"
    lose: int = 0
    twice: int = 0
    endless: str = ""
    status: str = ""
    withdrawn: str = ""
    turns: Iterator[int] = field(default_factory=itertools.count, compare=False)
    """Numbers the answers of lists."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A whole configuration."""

    rules: tuple[Rule, ...] = ()
    conduct: Conduct = Conduct()
    seed: int = 0
    source: Mapping[str, Any] = field(default_factory=dict)


def read_faults(file: Path) -> FaultPlan:
    """The plan in a YAML file. Raises WrongUsage with what is wrong."""
    import yaml

    try:
        return fault_plan(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WrongUsage(f"the faults in {file} cannot be read: {error}") from error
    except ValueError as error:
        raise WrongUsage(
            f"the faults in {file} are wrong: {error}", "see runner/sandbox/ground/faults.py for their form"
        ) from error


def fault_plan(config: Any) -> FaultPlan:
    """The plan of a decoded configuration; a bare list is its rules. Raises ValueError with what is wrong."""
    if config is None:
        config = {}
    if isinstance(config, list):
        config = {"rules": config}
    if found := wrong(config, _CONFIG):
        raise ValueError(found)
    settings = config.get("settings", {})
    lists = settings.get("lists", {})
    return FaultPlan(
        tuple(_rule(index, rule) for index, rule in enumerate(config.get("rules", ()))),
        Conduct(
            settings.get("idempotency", "honour"),
            settings.get("balance"),
            lists.get("lag", 0.0),
            lists.get("cap"),
            settings.get("subscription", True),
            lists.get("keep", "newest"),
            lists.get("lose", 0),
            lists.get("twice", 0),
            settings.get("endless", ""),
            settings.get("status", ""),
            settings.get("withdrawn", ""),
        ),
        config.get("seed", 0),
        config,
    )


def _rule(index: int, rule: Mapping[str, Any]) -> Rule:
    deed = rule["do"]
    kinds = [kind for kind in _KINDS if kind in deed]
    if len(kinds) != 1:
        raise ValueError(f"rules[{index}].do must hold exactly one of {', '.join(_KINDS)}")
    kind = kinds[0]
    value = deed[kind]
    if value is False:
        raise ValueError(f"rules[{index}].do.{kind} must be true")
    when = value if kind == "drop" else _ALWAYS.get(kind) or deed.get("when", "before")
    number = 0.0 if kind in ("drop", "garbage", "truncate", "redirect") else float(value)
    form = value if kind == "redirect" else deed.get("form", "seconds")
    return Rule(
        f"{index}:{kind}",
        Deed(kind, number, when == "after", form),
        rule.get("match", {}),
        rule.get("times"),
        rule.get("every", 1),
        rule.get("skip", 0),
        rule.get("probability", 1.0),
    )


class Faults:
    """Decides for each request, and counts in the world."""

    def __init__(self, world: World, plan: FaultPlan) -> None:
        self._world = world
        self.plan = plan

    @property
    def conduct(self) -> Conduct:
        """The settings that hold now."""
        return self.plan.conduct

    def replace(self, plan: FaultPlan) -> None:
        """Starts anew with another plan, from zero."""
        self.plan = plan
        self._world.set_fact("faults", {})

    def counters(self) -> Mapping[str, list[int]]:
        """Rule → how many requests it matched, and how many of them suffered."""
        counters: dict[str, list[int]] = self._world.facts.get("faults", {})
        return counters

    def decide(self, provider: str, operation: str, method: str, path: str) -> Deed | None:
        """What this request is to suffer: the deed of the first rule that fires."""
        facts = {"provider": provider, "operation": operation, "method": method, "path": path}
        for rule in self.plan.rules:
            if all(
                _meets(name, facts[name], pattern) for name, pattern in rule.match.items()
            ) and self._fires(rule):
                return rule.deed
        return None

    def _fires(self, rule: Rule) -> bool:
        counters = dict(self.counters())
        seen, fired = counters.get(rule.key, [0, 0])
        seen += 1
        fires = (
            seen > rule.skip
            and (rule.times is None or fired < rule.times)
            and (seen - rule.skip) % rule.every == 0
            and (rule.probability >= 1 or share(f"{self.plan.seed}/{rule.key}/{seen}") < rule.probability)
        )
        counters[rule.key] = [seen, fired + fires]
        self._world.set_fact("faults", counters)
        return fires


def _meets(name: str, value: str, pattern: str) -> bool:
    if name == "operation":
        value, pattern = (text.replace("_", "").replace("-", "") for text in (value, pattern))
    if name != "path":
        value, pattern = value.lower(), pattern.lower()
    return fnmatchcase(value, pattern)
