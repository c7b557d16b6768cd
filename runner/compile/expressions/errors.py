"""What can be wrong with an expression.

ExpressionError         it cannot be read, or its evaluation fails
├── FileMissing         `file("…")` names a file that is not there
└── FieldMissing        it reaches for something that is not there; `default(…)` tolerates it
    ├── EnvUnset        a variable of the environment that is not set
    └── Absent          it reaches into work that was skipped or failed; `or` tolerates it, too
"""

from collections.abc import Sequence

from runner.compile.nearby import did_you_mean


class ExpressionError(Exception):
    """`offset` counts characters of the scalar before the trouble (0: not known)."""

    code = "bad-expression"

    def __init__(self, message: str, hint: str = "", offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} — {self.hint}" if self.hint else self.message


class FieldMissing(ExpressionError):
    """`label` is how the expression spells what was looked into; it is filled in by whoever knows."""

    code = "unknown-field"

    def __init__(self, key: object, options: Sequence[str] = (), why: str = "") -> None:
        self.key = str(key)
        self.label = "this"
        self.why = why
        super().__init__("")
        self._options = () if why else options
        self._tell()

    def labelled(self, label: str) -> "FieldMissing":
        """The same error, saying what was looked into."""
        self.label = f"`{label}`"
        self._tell()
        return self

    @property
    def hint(self) -> str:
        """What was probably meant; looked up only when somebody asks, as there may be many options."""
        return self._hint or did_you_mean(self.key, self._options)

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint

    def _tell(self) -> None:
        self.message = f"{self.label} {self.why}" if self.why else f"{self.label} has no `{self.key}`"


class FileMissing(ExpressionError):
    """`path` is as the expression wrote it."""

    code = "missing-file"

    def __init__(self, path: str) -> None:
        super().__init__(f"there is no file `{path}`", "paths are relative to the manifest")
        self.path = path


class EnvUnset(FieldMissing):
    """The environment has no variable `key`, or an empty one where that is as good as none."""

    code = "unset-env"

    def __init__(self, key: str) -> None:
        super().__init__(key, why="")
        self.message = f"the environment variable `{key}` is not set"
        self.hint = f"set it: `export {key}=…`"

    def labelled(self, label: str) -> "FieldMissing":
        """Itself: the name of the variable says it all."""
        self.label = label
        return self


class Absent(FieldMissing):
    """The outputs of an instance that will have none in this run."""
