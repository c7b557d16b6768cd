"""`docs/reference`, made from the provider documents: `python -m runner.cli.reference_pages docs/reference`."""

import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Writes every page, and removes those of providers that are gone."""
    from runner.api.catalogue import Catalogue
    from runner.report.explain_markdown import reference_pages

    pages = reference_pages(Catalogue())
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.md"):
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
