"""A first manifest: from nothing, or from a table that is there already. It runs on the sandbox as it stands."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.model.errors import WrongUsage
from runner.workbook.template import Template, folded
from runner.workbook.templates import load_template

_NOWHERE = Path()  # shipped templates need no folder
_PLAIN = re.compile(r"[A-Za-z_]\w*")
_KEY = re.compile(r"[^\W_](?:[\w.\-+@:]{0,126}\w)?")
_URL = re.compile(r"https?://\S+")
_LANGUAGE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")

_GROUPS = ("episode", "reel", "scene", "batch")
_VIDEOS = ("sourcevideourl", "videourl", "video", "url", "source", "file", "media")
_LANGUAGES = ("targetlang", "targetlanguage", "language", "lang")

HEAD = """\
# Try it without an account and without paying:   runner apply {file} --sandbox --auto-approve
# See what it would do with the real APIs:        runner plan {file}
version: 1
name: {name}
"""

DUBFORMER = 'providers:\n  dubformer: {auth: {token: "${{ env.DUBFORMER_API_KEY }}"}}\n'
REVOICE = """\
providers:
  revoice: {auth: {client_id: "${{ env.REVOICE_ID }}", client_secret: "${{ env.REVOICE_SECRET }}"}}
"""
PUBLISH = """\
# The API fetches workbooks by URL: they are written to this folder, and the folder is served at this URL.
publish: {directory: published, base_url: "https://files.example.com/runner/"}
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A table that a manifest is to be made of. `spec` is its entry under `data:` as YAML (`{file: script.xlsx}`)."""

    spec: Mapping[str, Any]
    headings: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]

    def column(self, *names: str) -> str:
        """The first heading that is one of these names, compared without regard to case, spaces and underscores."""
        return next((one for name in names for one in self.headings if folded(one) == name), "")

    def values(self, heading: str) -> list[str]:
        """The cells under a heading, as text."""
        return [str(row.get(heading) or "") for row in self.rows]


def starter(name: str, file: str) -> dict[str, str]:
    """Files by name: a manifest of dubs, and the table of its episodes."""
    manifest = f"""{HEAD.format(name=name, file=file)}
vars:
  languages: [fr-FR, de-DE]

data:
  episodes: {{file: episodes.csv}}          # a row an episode: `each.id`, `each.video`, `each.minutes`

# Secrets come from the environment; the sandbox needs none.
{DUBFORMER}
jobs:
  dub:
    uses: dubformer.project               # `runner explain dubformer.project` tells what it takes
    for_each: {{product: {{episode: "${{{{ data.episodes }}}}", lang: "${{{{ vars.languages }}}}"}}}}
    with:
      name: ${{{{ each.episode.id }}}} ${{{{ each.lang }}}}
      source_lang: en
      target_lang: ${{{{ each.lang }}}}
      source_video_url: ${{{{ each.episode.video }}}}
    cost: {{minutes: "${{{{ each.episode.minutes | number }}}}"}}
    save: {{video: "out/${{{{ each.key }}}}.mp4"}}
"""
    rows = "id,video,minutes\nep01,https://media.example.com/ep01.mp4,12\nep02,https://media.example.com/ep02.mp4,14\n"
    return {file: manifest, "episodes.csv": rows}


def starter_of(name: str, file: str, source: Source) -> dict[str, str]:
    """A manifest for a table: bulk orders and scripts in the vendor's columns as such, anything else as dubs.

    Raises WrongUsage when no column tells its rows apart.
    """
    head = HEAD.format(name=name, file=file)
    if source.column("batchname") and source.column("scriptpath", "videopath"):
        return {file: head + _bulk(source)}
    if source.column("id", "lineid") and any(folded(one).startswith("text") for one in source.headings):
        return {file: head + _script(name, source)}
    return {file: head + _dubs(source)}


def _bulk(source: Source) -> str:
    """Orders in ReVoice's own bulk columns."""
    fields: dict[str, Any] = {}
    for heading, field in _filled(source, load_template("revoice-bulk", _NOWHERE)):
        group, _, rest = field.partition(".")
        if rest:
            fields.setdefault(group, {})[rest] = _cell(heading)
        else:
            fields[field] = _cell(heading)
    with_ = _mapping({"projectId": "${{ vars.project }}", **fields}, 6)
    return f"""
vars: {{project: 6f1c2b1e}}                 # your ReVoice project

data:
  orders: {_flow(source.spec)}

{PUBLISH}
{REVOICE}
jobs:
  batch:
    uses: revoice.batch
    bulk: true                            # all rows in one request; each has its own outcome
    for_each: {_each("orders", source)}
    with:
{with_}"""


def _script(name: str, source: Source) -> str:
    """Lines of a script, a batch for each episode where a column tells it."""
    template = load_template("revoice-production", _NOWHERE)
    group, line = source.column(*_GROUPS), source.column("id", "lineid")
    met = {heading for heading, _ in _met(source, template)}
    renamed = folded(line) != "id"
    ignored = [one for one in source.headings if one not in met and not (renamed and one == line)]
    with_ = {
        "template": "revoice-production",
        "rows": "${{ each.value }}" if group else "${{ data.lines }}",
        "columns": {"ID": _path("row", line)} if renamed else None,
        "ignore": ignored or None,
    }
    key = " ${{ each.key }}" if group else ""
    item = "[each.key]" if group else ""
    batch = {
        "projectId": "${{ vars.project }}",
        "name": f"{name}{key}",
        "scriptPath": f"${{{{ jobs.script{item}.outputs.url }}}}",
    }
    each = "    for_each: ${{ data.lines }}\n" if group else ""
    follow = "    for_each: ${{ jobs.script }}\n" if group else ""
    return f"""
vars: {{project: 6f1c2b1e}}                 # your ReVoice project

data:
  lines: {_flow(_grouped(source, group, line))}

{PUBLISH}
{REVOICE}
jobs:
  script:
    uses: workbook.file                   # the lines in the form that ReVoice takes
{each}    with:
{_mapping(with_, 6)}
  batch:
    uses: revoice.batch
{follow}    with:
{_mapping(batch, 6)}"""


def _grouped(source: Source, group: str, line: str) -> dict[str, Any]:
    """The table's entry: cells that mean "as above" are filled, rows without a line's id are remarks."""
    lines = [row for row in source.rows if row.get(line)]
    spec = dict(source.spec)
    if group and not all(row.get(group) for row in lines):
        holes = [one for one in (group, source.column("character")) if one]
        spec["fill_down"] = [one for one in holes if not all(row.get(one) for row in lines)]
    if len(lines) < len(source.rows):
        spec["where"] = _path("row", line)
    return {**spec, **({"group_by": group} if group else {})}


def _dubs(source: Source) -> str:
    """A dub for each row, into the row's language or into those of `vars`."""
    language = source.column(*_LANGUAGES)
    language = language if language and all(map(_LANGUAGE.fullmatch, source.values(language))) else ""
    key = _each("rows", source)
    each = "each" if language else "each.row"
    video = source.column(*_VIDEOS) or _with_urls(source)
    is_url = bool(video) and all(map(_URL.match, source.values(video)))
    place = _path(each, video) if video else "${{ each.key }}.mp4"
    with_ = {
        "name": "${{ each.key | replace('/', ' ') }}",
        "source_lang": "en",
        "target_lang": _path("each", language) if language else "${{ each.lang }}",
        "source_video_url": place if is_url else f"${{{{ vars.cdn }}}}/{place}",
    }
    variables = ([] if language else ["  languages: [fr-FR, de-DE]"]) + (
        [] if is_url else ["  cdn: https://media.example.com"]
    )
    head = "\nvars:\n" + "\n".join(variables) + "\n" if variables else ""
    items = key if language else f'{{product: {{row: {key}, lang: "${{{{ vars.languages }}}}"}}}}'
    return f"""{head}
data:
  rows: {_flow(source.spec)}

{DUBFORMER}
jobs:
  dub:
    uses: dubformer.project
    for_each: {items}
    with:
{_mapping(with_, 6)}    save: {{video: "out/${{{{ each.key }}}}.mp4"}}
"""


def _each(table: str, source: Source) -> str:
    """`for_each` of a table, with the column that tells its rows apart."""
    quoted = f'"${{{{ data.{table} }}}}"'
    if source.column("id") in ("id",) and _apart(source.values("id")):
        return quoted
    for heading in sorted(
        source.headings, key=lambda one: folded(one) not in ("id", "batchname", "name", "title")
    ):
        values = source.values(heading)
        if _apart(values):
            return f"{{in: {quoted}, key: {_quoted(_path('item', heading))}}}"
        made = [value.replace(" ", "-") for value in values]
        if _apart(made):
            expression = _path("item", heading).removesuffix(" }}") + " | replace(' ', '-') }}"
            return f"{{in: {quoted}, key: {_quoted(expression)}}}"
    raise WrongUsage(
        "no column of the table tells its rows apart",
        "give it one with an id for each row, of letters and digits",
    )


def _apart(values: Iterable[str]) -> bool:
    values = list(values)
    unique = len({value.casefold() for value in values}) == len(values)
    return bool(values) and unique and all(_KEY.fullmatch(value) for value in values)


def _with_urls(source: Source) -> str:
    return next(
        (one for one in source.headings if source.rows and all(map(_URL.match, source.values(one)))), ""
    )


def _filled(source: Source, template: Template) -> list[tuple[str, str]]:
    return [(heading, field) for heading, field in _met(source, template) if field]


def _met(source: Source, template: Template) -> list[tuple[str, str]]:
    """The headings that are columns of a template, each with the input that it fills."""
    found = []
    for heading in source.headings:
        for column in template.columns:
            stem = folded(column.heading.partition("<")[0])
            same = folded(heading) == folded(column.heading)
            if same or ("<" in column.heading and folded(heading).startswith(stem)):
                found.append((heading, column.field))
                break
    return found


def _cell(heading: str) -> str:
    return _path("each", heading)


def _path(name: str, heading: str) -> str:
    """An expression for the cell under a heading."""
    if _PLAIN.fullmatch(heading):
        return f"${{{{ {name}.{heading} }}}}"
    return f"${{{{ {name}[{heading!r}] }}}}"


def _mapping(fields: Mapping[str, Any], indent: int) -> str:
    told = {name: value for name, value in fields.items() if value is not None}
    return "".join(f"{' ' * indent}{name}: {_flow(value)}\n" for name, value in told.items())


def _flow(value: Any) -> str:
    """A value as YAML on one line; texts that are safe stay bare."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_inside(child)}" for name, child in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inside(child) for child in value) + "]"
    text = str(value)
    return text if text.startswith("${{") or re.fullmatch(r"[\w./-]+", text) else _quoted(text)


def _inside(value: Any) -> str:
    """The same within braces, where an expression must be quoted."""
    text = _flow(value)
    return _quoted(text) if text.startswith("${{") else text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
