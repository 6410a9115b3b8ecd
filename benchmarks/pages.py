"""Writes a measured section of docs/evidence.md between its two markers."""

from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "evidence.md"


def write_section(name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`, adding the section where it is missing."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else "# Evidence\n"
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    body = f"{start}\nMeasured on {datetime.now(UTC):%Y-%m-%d}.\n\n{text.strip()}\n{end}"
    if start in page and end in page:
        page = page[: page.index(start)] + body + page[page.index(end) + len(end) :]
    else:
        page = page.rstrip() + f"\n\n{body}\n"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
