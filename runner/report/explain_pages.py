"""The pages of `runner explain` as values."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen
from runner.report.explain_fields import Field


@frozen
class UsePage:
    """A name that a job's `uses` can have. `facts` are sentences of money and safety; `downloads` name → formats;
    `outputs` None: the document does not tell them all."""

    uses: str
    kind: str
    summary: str
    description: str = ""
    calls: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Field, ...] = ()
    outputs: tuple[str, ...] = ()
    more_outputs: bool = False
    downloads: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "uses": self.uses, "kind": self.kind, "summary": self.summary, "description": self.description,
            "calls": dict(self.calls), **self.facts,
            "with": [one.json() for one in self.inputs], "outputs": list(self.outputs),
            "more_outputs": self.more_outputs, "downloads": dict(self.downloads),
        }  # fmt: skip


@frozen
class ProviderPage:
    """An API. `credentials` are the sets of names that `auth` takes; `uses` are (kind, uses, summary)."""

    name: str
    title: str
    description: str
    base_url: str
    credentials: tuple[tuple[str, ...], ...]
    uses: tuple[tuple[str, str, str], ...]

    def json(self) -> dict[str, Any]:
        """For programs."""
        uses = [{"uses": name, "kind": kind, "summary": summary} for kind, name, summary in self.uses]
        return {
            "provider": self.name, "title": self.title, "description": self.description, "base_url": self.base_url,
            "auth": [list(names) for names in self.credentials], "uses": uses,
        }  # fmt: skip


@frozen
class FieldPage:
    """One input, and what is inside of it."""

    path: str
    held: Field
    inside: tuple[Field, ...]

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {"path": self.path, **self.held.json(), "with": [one.json() for one in self.inside]}


@frozen
class IndexPage:
    """All providers, the built-in uses among them: (name, title, uses)."""

    providers: tuple[tuple[str, str, tuple[str, ...]], ...]

    def json(self) -> dict[str, Any]:
        """For programs."""
        held = [
            {"provider": name, "title": title, "uses": list(uses)} for name, title, uses in self.providers
        ]
        return {"providers": held}


Page = IndexPage | ProviderPage | UsePage | FieldPage
