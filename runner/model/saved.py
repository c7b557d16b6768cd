"""A saved plan: what a plan was made from, and what the APIs answered then, so that it can be carried out exactly."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen
from runner.model.observation import Observations
from runner.model.wishes import Wishes


@frozen
class Basis:
    """What a plan was made from.

    `manifest` is the digest of the manifest and its vars; `files` and `providers` map what was read, and the documents,
    to their sha256; `inputs` maps the address of each change that sends something to the digest of its inputs, where
    they are known. `lineage` and `sequence` name the state and its last event.
    """

    manifest: str
    files: Mapping[str, str]
    providers: Mapping[str, str]
    inputs: Mapping[str, str]
    lineage: str
    sequence: int


@frozen
class SavedPlan:
    """`id` is random; a plan is applied once. `shown` is the plan as it was printed for programs. `open` are lookups
    whose answers held signed addresses, and were not saved: they are asked again. `file` is the manifest, relative to
    the plan; `variables` are those of `--var` and `--vars`."""

    id: str
    basis: Basis
    wishes: Wishes
    observed: Observations
    shown: Mapping[str, Any]
    open: tuple[str, ...] = ()
    file: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    out_dir: str = ""
    sandbox: bool = False
    made: str = ""
