"""From a manifest and a CSV to a plan: validate, expand and plan, against reading the same CSV and writing it as JSON.

Every duration is one of CPU, taken in an interpreter of its own, from before anything of `runner` is imported. Only for
the costs per instance the same interpreter first plans a single instance, which brings the imports, and then that one
again: what a manifest and a document of a provider cost, which is subtracted.
"""

import csv
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import RUNS, Figure, medians_in_time

MANIFEST = """\
version: 1
name: season
vars: {cdn: https://media.example.com/season-one}
data: {dubs: {file: dubs.csv}}
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.dubs }}
    with:
      name: ${{ each.id }} ${{ each.lang }}
      source_lang: ${{ each.source }}
      target_lang: ${{ each.lang }}
      source_video_url: ${{ vars.cdn }}/${{ each.video }}
      mixing_mode: voiceover_without_original_voice
      source_script_content: ${{ each.script | default("") }}
    cost: {minutes: "${{ (each.seconds | number) / 60 }}"}
    labels: {title: "${{ each.title }}", voice: "${{ each.voice }}"}
    save: {video: "out/${{ each.key }}.mp4"}
"""
COLUMNS = ("id", "title", "source", "lang", "video", "seconds", "voice", "script")
LANGUAGES = ("fr-FR", "de-DE", "es-ES", "pt-BR", "ja-JP", "pl-PL", "it-IT", "uk-UA")
SCRIPT = "Der Leuchtturm steht still über dem Hafen, und niemand löscht das Licht, {} Mal seit {}."
SIZES = (1_000, 10_000, 100_000)
YAML_SIZE = 10 * 1024 * 1024


def measure(quick: bool) -> Iterator[Figure]:
    """Ratios at three sizes, the growth between the first and the last, and the loading of a large manifest."""
    sizes = SIZES[:2] if quick else SIZES
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        yield from _plans(folder, sizes, quick)
        yield _manifest(folder, YAML_SIZE // 10 if quick else YAML_SIZE, 1 if quick else RUNS)


def _plans(folder: Path, sizes: Sequence[int], quick: bool) -> Iterator[Figure]:
    each: dict[int, float] = {}
    for size in sizes:
        runs = 1 if quick else RUNS
        (planned, read, warm), often = _taken(_written(folder, size), ("planned", "read", "warm"), runs)
        each[size] = warm["seconds"] / (size - 1)
        detail = {
            "seconds": planned["seconds"],
            "seconds_reading": read["seconds"],
            "microseconds_each": each[size] * 1e6,
            "peak_mib": planned["peak_mib"],
            "runs": often,
        }
        target = 5.0 if size == SIZES[-1] else None
        yield Figure(f"plan of {size:,}", planned["seconds"] / read["seconds"], target, detail=detail)
    least, most = sizes[0], sizes[-1]
    detail = {"microseconds_each_first": each[least] * 1e6, "microseconds_each_last": each[most] * 1e6}
    yield Figure(f"per instance, {most:,} to {least:,}", each[most] / each[least], 1.3, detail=detail)


def _manifest(folder: Path, size: int, runs: int) -> Figure:
    place = folder / "large"
    place.mkdir()
    (place / "season.yaml").write_text(_large(size), "utf-8")
    (loaded, plain), often = _taken(place, ("loaded", "plain"), runs)
    detail = {
        "mib": size / 2**20,
        "seconds": loaded["seconds"],
        "seconds_of_csafeloader": plain["seconds"],
        "runs": often,
    }
    return Figure("a large manifest loaded", loaded["seconds"] / plain["seconds"], 0.5, detail=detail)


def _taken(place: Path, kinds: Sequence[str], runs: int) -> tuple[list[dict[str, float]], int]:
    """The medians of each kind of work over what `place` holds, each time in a new interpreter; of how many runs."""
    peaks = dict.fromkeys(kinds, 0.0)

    def one(kind: str) -> Callable[[], float]:
        def run() -> float:
            said = subprocess.run(
                [sys.executable, __file__, kind, str(place)], check=True, capture_output=True
            )
            found = json.loads(said.stdout)
            peaks[kind] = max(peaks[kind], found["peak_mib"])
            taken: float = found["seconds"]
            return taken

        return run

    taken, often = medians_in_time([one(kind) for kind in kinds], runs)
    made = [{"seconds": seconds, "peak_mib": peaks[kind]} for kind, seconds in zip(kinds, taken, strict=True)]
    return made, often


def _written(folder: Path, size: int) -> Path:
    place = folder / str(size)
    _written_into(place, size)
    _written_into(place / "one", 1)
    return place


def _written_into(place: Path, size: int) -> None:
    place.mkdir()
    (place / "season.yaml").write_text(MANIFEST, "utf-8")
    with (place / "dubs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(number) for number in range(size))


def _row(number: int) -> tuple[object, ...]:
    lang = LANGUAGES[number % len(LANGUAGES)]
    return (
        f"s01e{number:06}-{lang}",
        f"The Harbour at Night, part {number}",
        "en",
        lang,
        f"masters/2026/s01e{number:06}.mp4",
        300 + number % 3600,
        f"narrator {number % 40}",
        SCRIPT.format(number, 1900 + number % 120),
    )


def _large(size: int) -> str:
    """A manifest whose items stand in it, about `size` bytes long."""
    head = MANIFEST.replace("data: {dubs: {file: dubs.csv}}\n", "")
    lines = [head, "data:\n  dubs:\n"]
    left, number = size, 0
    while left > 0:
        pairs = zip(COLUMNS, _row(number), strict=True)
        item = "".join(f"{'    - ' if at == 0 else '      '}{k}: {v}\n" for at, (k, v) in enumerate(pairs))
        lines.append(item)
        left -= len(item.encode())
        number += 1
    return "".join(lines)


def planned(place: Path) -> None:
    """The whole way of `runner plan --offline`, but for what it prints."""
    from runner.compile.checks.check import check_file
    from runner.compile.checks.moves import moved_state, moves
    from runner.compile.instances.surroundings import Surroundings
    from runner.engine.run import make_plan
    from runner.engine.running.desk import RunOptions
    from runner.engine.state.states import read_state

    work, problems = check_file(place / "season.yaml", {}, Surroundings({}, offline=True))
    assert work is not None, problems
    held = read_state(work.state_place, work.manifest.name)
    state = moved_state(held, moves(work.manifest, work.graph, held))
    plan, _ = make_plan(work, state, RunOptions(command="plan"), offline=True)
    assert len(plan.changes) == len(work.graph)


def warm(place: Path) -> float:
    """The seconds of planning all beyond those of planning one, in an interpreter that has done it before."""
    planned(place / "one")
    alone = statistics.median(seconds(lambda: planned(place / "one")) for _ in range(RUNS))
    return seconds(lambda: planned(place)) - alone


def read(place: Path) -> None:
    """What planning is compared with."""
    with (place / "dubs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            json.dumps(row)


def loaded(place: Path) -> None:
    """A manifest with its shape checked."""
    from runner.compile.text.load import load

    assert load(place / "season.yaml").manifest is not None


def plain(place: Path) -> None:
    """The same text by PyYAML's own fast loader."""
    import yaml

    assert yaml.load((place / "season.yaml").read_text("utf-8"), yaml.CSafeLoader)


def seconds(work: Callable[[], object]) -> float:
    """Seconds of CPU of one call: all of this only computes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _child(kind: str, place: Path) -> dict[str, float]:
    from resource import RUSAGE_SELF, getrusage

    works = {"planned": planned, "read": read, "loaded": loaded, "plain": plain}
    taken = warm(place) if kind == "warm" else seconds(lambda: works[kind](place))
    return {"seconds": taken, "peak_mib": getrusage(RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(_child(sys.argv[1], Path(sys.argv[2]))))
