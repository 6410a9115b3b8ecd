"""The files of a review: which there are, and how they are saved.

Knows which renderings there are. Must never compute or word anything.
"""

import json
from pathlib import Path

from ....tools.errors import UsageError
from ....tools.writing import write_together
from ..result import Review
from .html import to_html
from .junit import to_junit
from .markdown import to_markdown
from .sarif import to_sarif

NAMES = ("review.html", "review.md", "review.json", "junit.xml", "review.sarif")


def to_json(review: Review, *, timing: bool = True) -> str:
    """The review as JSON with sorted keys; without `timing` it is a function of delivery, claims, history, options."""
    data = review.as_json()
    if not timing:
        data["timing"] = {}
    return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def save(review: Review, folder: str | Path) -> tuple[Path, ...]:
    """Write the review's files into `folder`, made where it is missing: whole, or nothing of it.

    Returns:
        The files written, the page first, in the order of `NAMES`.

    Raises:
        UsageError: if the folder cannot be made or written to.
    """
    target = Path(folder)
    texts = {
        "review.html": to_html(review, saved=NAMES[1:]), "review.md": to_markdown(review),
        "review.json": to_json(review), "junit.xml": to_junit(review), "review.sarif": to_sarif(review),
    }  # fmt: skip
    try:
        target.mkdir(parents=True, exist_ok=True)
        # A lone surrogate, which a file name or a cell may hold, has no UTF-8.
        return write_together({target / name: texts[name].encode("utf-8", "backslashreplace") for name in NAMES})
    except OSError as err:
        raise UsageError(f"The review cannot be written to {str(target)!r}: {err.strerror or err}.") from err
