"""A problem in what the user wrote: what is wrong, where, and what to do."""

from runner.model.frozen import frozen


@frozen(order=True)
class Place:
    """A place in a file: a line and column of a text (both from 1; 0 means the whole file), or a cell of a table."""

    file: str
    line: int = 0
    column: int = 0
    sheet: str = ""
    cell: str = ""

    def __str__(self) -> str:
        if self.cell or self.sheet:
            cell = f"!{self.cell}" if self.cell else ""
            return f"{self.file}[{self.sheet}]{cell}" if self.sheet else f"{self.file}{cell}"
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@frozen
class Problem:
    """One thing that is wrong with a manifest, a provider document or a data file.

    `code` is a stable kebab-case word (`unknown-key`); `message` says what is wrong; `hint` what to do;
    `source` is the line of text at `where`, when there is one. A warning does not stop a run.
    """

    code: str
    message: str
    where: Place
    hint: str = ""
    source: str = ""
    warning: bool = False

    @property
    def told(self) -> str:
        """What is wrong and what to do, without the place."""
        return f"{self.message} — {self.hint}" if self.hint else self.message

    def __str__(self) -> str:
        return f"{self.where}: {self.told}"
