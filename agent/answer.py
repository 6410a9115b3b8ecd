"""The answer to one question as a value, with its renderings: text, JSON, a page.

Knows which renderings there are. Must never compute or word anything.
"""

import json

from .answer_fields import Answered


class Answer(Answered):
    """One question, answered, and every way to show it."""

    def to_text(self, *, most: int = 40) -> str:
        """The answer as plain text.

        Args:
            most: Rows of a result that are printed; the rest is counted.
        """
        from .answer_text import to_text

        return to_text(self, most=most)

    def to_json(self) -> str:
        """The answer as JSON with sorted keys; every row of the result that it carries is in it."""
        return json.dumps(self.as_json(), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)

    def to_html(self) -> str:
        """The answer as one offline page without scripts."""
        from .answer_html import to_html

        return to_html([self])

    def _repr_html_(self) -> str:
        from .report.html import to_frame

        return to_frame(self.to_html())

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Answer {self.kind}: {self.understood}>"
