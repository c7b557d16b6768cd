"""The text of a file that a person named."""

from pathlib import Path

from runner.compile.nearby import nearest
from runner.compile.text.source import LARGEST, too_large
from runner.model.problem import Place, Problem


def read_text(file: Path) -> str | Problem:
    """The text of a file in UTF-8, without a byte order mark; a Problem when it cannot be had."""
    where = Place(str(file))
    if file.is_dir():
        return Problem("no-file", "this is a folder, not a manifest", where, "name the YAML file in it")
    try:
        size = file.stat().st_size
        if size > LARGEST:
            return too_large(size, "bytes", where)
        raw = file.read_bytes()
    except FileNotFoundError:
        near = nearest(file.name, _yaml_files(file.parent))
        hint = f"did you mean `{file.parent / near}`?" if near else "name the manifest with `-f FILE`"
        return Problem("no-file", "there is no such file", where, hint)
    except OSError as error:
        return Problem("no-file", f"the file cannot be read: {error.strerror or error}", where)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf8(raw, error.start, str(file))


def _not_utf8(raw: bytes, at: int, file: str) -> Problem:
    begin = raw.rfind(b"\n", 0, at) + 1
    end = raw.find(b"\n", at)
    line = raw[begin : end if end >= 0 else len(raw)].decode("utf-8", "replace")
    where = Place(file, raw.count(b"\n", 0, at) + 1, len(raw[begin:at].decode("utf-8", "replace")) + 1)
    return Problem("bad-encoding", "this character is not UTF-8", where, "save the file as UTF-8", line)


def _yaml_files(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.suffix in (".yaml", ".yml"))
