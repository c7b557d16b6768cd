"""The graph of a manifest as a drawing: Mermaid for Markdown pages, dot for Graphviz.

Mermaid's syntax: https://mermaid.js.org/syntax/flowchart.html; dot's: https://graphviz.org/doc/info/lang.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.model.graph import Graph, Instance, Need
from runner.model.manifest import READY, Job


@dataclass(frozen=True, slots=True)
class Node:
    """A box: `name` is a job or an address, `lines` is what stands in it."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from what is waited for to who waits; `label` where it is not waited until ready."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and arrows, each once, in the order of the graph."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def job_drawing(graph: Graph, jobs: Mapping[str, Job]) -> Drawing:
    """A box for each job with the number of its instances."""
    nodes = [
        Node(name, (name, job.uses, *_count(len(graph.jobs.get(name, ()))))) for name, job in jobs.items()
    ]
    edges = dict.fromkeys(
        Edge(_job_of(graph, need), instance.job, _label(need))
        for instance in graph
        for need in instance.needs
    )
    return Drawing(tuple(nodes), tuple(edges))


def instance_drawing(graph: Graph, jobs: Mapping[str, Job], only: Iterable[str] | None = None) -> Drawing:
    """A box for each instance, of `only` these addresses where they are given."""
    wanted = graph.instances.keys() if only is None else set(only)
    shown = [instance for instance in graph if instance.address in wanted]
    nodes = [Node(one.address, (one.address, jobs[one.job].uses)) for one in shown]
    edges = dict.fromkeys(edge for one in shown for edge in _edges(graph, one) if edge.source in wanted)
    return Drawing(tuple(nodes), tuple(edges))


def mermaid(drawing: Drawing) -> str:
    """A flowchart as GitHub and GitLab show it in Markdown."""
    names = {node.name: f"n{number}" for number, node in enumerate(drawing.nodes)}
    lines = ["flowchart LR"]
    lines += [
        f'    {names[node.name]}["{"<br/>".join(map(_escaped, node.lines))}"]' for node in drawing.nodes
    ]
    for edge in drawing.edges:
        arrow = f"-->|{edge.label}|" if edge.label else "-->"
        lines.append(f"    {names[edge.source]} {arrow} {names[edge.target]}")
    return "\n".join(lines)


def dot(drawing: Drawing) -> str:
    """A digraph for Graphviz: `runner graph --format dot | dot -Tsvg`."""
    lines = ["digraph {", "    rankdir=LR;", "    node [shape=box];"]
    lines += [f"    {_quoted(node.name)} [label={_quoted(*node.lines)}];" for node in drawing.nodes]
    for edge in drawing.edges:
        label = f" [label={_quoted(edge.label)}]" if edge.label else ""
        lines.append(f"    {_quoted(edge.source)} -> {_quoted(edge.target)}{label};")
    return "\n".join([*lines, "}"])


def drawing_json(drawing: Drawing) -> dict[str, Any]:
    """The same for programs."""
    return {
        "version": 1,
        "nodes": [{"name": node.name, "lines": list(node.lines)} for node in drawing.nodes],
        "edges": [
            {"from": edge.source, "to": edge.target, "until": edge.label or READY} for edge in drawing.edges
        ],
    }


def _edges(graph: Graph, instance: Instance) -> Iterable[Edge]:
    for need in instance.needs:
        for target in graph.targets(need):
            yield Edge(target, instance.address, _label(need))


def _job_of(graph: Graph, need: Need) -> str:
    return need.target if need.gather else graph.instances[need.target].job


def _label(need: Need) -> str:
    return "" if need.until == READY else need.until


def _count(instances: int) -> tuple[str, ...]:
    return () if instances == 1 else (f"× {instances:,}",)


def _escaped(text: str) -> str:
    """Mermaid's own entities for what would end a label or begin markup."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _quoted(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
