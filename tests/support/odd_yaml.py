"""YAML texts that are hard to read, for whoever reads YAML without a whole parser."""

import random
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TEXTS = [
    file.read_text(encoding="utf-8")
    for file in sorted([*ROOT.glob("schemas/providers/*.yaml"), *ROOT.glob("manifests/*/*.yaml")])
]
PIECES = [
    *" :-#'\"{}[]|>&*!?,\n\\%@`", "\n  ", "\n    ", " #", "- ", ": ", "  ", "\t", "~", "0", "<<: ", "<<: *x",
    "&x ", "*x", ": {", "}", ": [a, ", "]", ": >-\n", ": |\n", ", b: ", "${{ each.x }}", " ${{ a # b }}", "${{",
    "'", '"', "\n\n", "null",
]  # fmt: skip

TRICKY = """\
a: 1
'b c': "two: 2"   # said
"c": 'it''s'
/path/{id}: {get: [x, "y: z"]}
200:
- one
-   k: v

    l:  [1,
      2]
-
  m: n
-
text: goes
  on and

  on
block: |-
  # no comment
    deeper

  - no item
folded: >
  one
  two

  three


  four
kept: |
  a

  b

flow: {a: {b: [c, d e, 'f''g', "h: i"], j: null}, k: http://x/y#z, "l m": -5,   # said

    n: [],  # said too
    o: {}, p: it's, q: a:b, r: 0.5, -s: t/u}
empty:
named: &x {a: 1, b: [2]}
again: *x   # said
more: {b: 3, <<: *x}
merged:
  c: 4
  <<: *x
named_block: &y
  one: &z two
  two: [*z, &w v, *w]
named_list: &v
  - *y
date: 2020-01-01
off: off
octal: 012
url: http://x/y#z
last: -5
"""


def same(one: Any, other: Any) -> bool:
    """Equal, with the same types and the same order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def damaged(text: str, chance: random.Random) -> str:
    """A part of a text that begins in the first column, with some characters more or less."""
    lines = text.split("\n")
    start = chance.randrange(max(1, len(lines) - 30))
    while start > 0 and (not lines[start] or lines[start][0] in " #-"):
        start -= 1
    made = "\n".join(lines[start : start + chance.randrange(3, 60)])
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(made) + 1)
        if chance.random() < 0.6:
            made = made[:place] + chance.choice(PIECES) + made[place:]
        else:
            made = made[:place] + made[place + chance.randrange(1, 4) :]
    return made
