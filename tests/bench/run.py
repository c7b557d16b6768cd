"""Measures how close `runner` is to its limits: `make bench`.

python tests/bench/run.py [NAME …] [--quick] [--out FILE] [--join FILE …] [--keep "what was changed"]

Each module of this folder that is named in MEASURES has `measure(quick) -> Iterator[Figure]`. `--keep` adds the run to
docs/performance.json, and writes docs/performance.md from it.
"""

import argparse
import importlib
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import history
from figures import Figure

MEASURES = ("chains", "compiling", "unchanged", "books", "starting", "requests", "memory")
ROOT = Path(__file__).parents[2]


def main() -> int:
    options = _options()
    if options.join:
        run = history.joined([json.loads(file.read_text("utf-8")) for file in options.join])
        run["changed"] = options.keep or ""
    else:
        run = _run(options)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    if options.keep:
        history.keep(run, ROOT / "docs")
    print(history.table(run))
    return 0


def _run(options: argparse.Namespace) -> dict[str, object]:
    taken: dict[str, list[Figure]] = {}
    for name in options.names or MEASURES:
        print(f"{name} …", file=sys.stderr, flush=True)
        taken[name] = list(_measured(name, options.quick))
    return history.as_json(taken, _circumstances(options))


def _measured(name: str, quick: bool) -> Iterator[Figure]:
    begun = time.perf_counter()
    for figure in importlib.import_module(name).measure(quick):
        print(f"  {figure.name}: {figure.value:.3g}", file=sys.stderr, flush=True)
        yield figure
    print(f"  ({time.perf_counter() - begun:.0f} s)", file=sys.stderr, flush=True)


def _circumstances(options: argparse.Namespace) -> dict[str, object]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "quick": options.quick,
        "changed": options.keep or "",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ratios inside one run; see docs/performance.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, one run each: does it work at all?"
    )
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument(
        "--join",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="measure nothing: take what --out wrote before, as one run",
    )
    parser.add_argument(
        "--keep", metavar="TEXT", help="add this run to docs/performance.md: what was changed"
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
