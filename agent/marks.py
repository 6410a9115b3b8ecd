"""What the user says about columns: which are asked about, which come first and which come after.

Knows names and the opened table's columns. Must never know a value; marks change no claim and no verdict, only which
columns a verified claim is held against.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..tools.data.schema import Column
from ..tools.errors import UsageError
from ..tools.verify.adjustment import Marks
from .outlook import Focus
from .roles import is_code

if TYPE_CHECKING:
    from .summary import Opened


def make_marks(causes: Sequence[str], consequences: Sequence[str], later: Sequence[str]) -> Marks:
    """The user's marks, each list sorted and without repeats.

    Raises:
        UsageError: if a column is marked as a cause and also as a consequence or later.
    """
    marks = Marks(
        causes=tuple(sorted(set(causes))),
        consequences=tuple(sorted(set(consequences))),
        later=tuple(sorted(set(later))),
    )
    both = sorted(set(marks.causes) & {*marks.consequences, *marks.later})
    if both:
        raise UsageError(
            f"Column {both[0]!r} is marked as a cause and as a consequence or later: a column that is always held "
            "fixed cannot also be left out. Name it once."
        )
    return marks


def with_codes(marks: Marks, columns: Iterable[Column], focus: Focus) -> Marks:
    """The marks with the columns that only name things (zip codes, flight numbers), unless they were asked about."""
    asked = {focus.outcome, *focus.about, *marks.causes}
    codes = tuple(c.name for c in columns if is_code(c) and c.name not in asked)
    return marks.model_copy(update={"codes": codes})


def check_named(focus: Focus, marks: Marks, opened: "Opened") -> None:
    """Refuse names that are no analysed column.

    Raises:
        UsageError: that says which, why, and what was perhaps meant.
    """
    import difflib

    known = [c.name for c in opened.columns if c.analysed]
    wanted = [*([focus.outcome] if focus.outcome else []), *focus.about]
    wanted += [*marks.causes, *marks.consequences, *marks.later]
    unknown = [name for name in wanted if name not in known]
    if not unknown:
        return
    left_out = next((n for n in opened.notes if n.column in unknown and n.kind == "left_out"), None)
    if left_out:
        raise UsageError(
            f"Column {left_out.column!r} is not analysed: {left_out.text} Name another: "
            f"{', '.join(map(repr, known[:12]))}."
        )
    close = [c for name in unknown for c in difflib.get_close_matches(name, known, 1, 0.5)]
    hint = f"Did you mean {', '.join(map(repr, close))}? " if close else ""
    names = ", ".join(map(repr, unknown))
    what = f"Column {names} is" if len(unknown) == 1 else f"Columns {names} are"
    raise UsageError(f"{what} not in '{opened.name}'. {hint}Columns: {', '.join(map(repr, known[:20]))}.")
