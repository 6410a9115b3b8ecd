"""What every report in a terminal is made of: the screen, lines of cleaned text, and items with their mark.

Knows texts and widths. Must never know which report they stand in; it prints nothing. Data reach the screen as cleaned
text, so that no cell can move the cursor or set a colour.
"""

from io import StringIO
from typing import TYPE_CHECKING

from . import words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text


def console(width: int | None, color: bool | None) -> tuple["Console", StringIO]:
    """A console that writes into text, and that text.

    Args:
        width: Columns; those of the terminal, at most 100, when None, and never under 40.
        color: Whether to send colour codes; None sends them to a terminal only, and never where NO_COLOR is set.
    """
    import os
    import shutil
    import sys

    from rich.console import Console

    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") if color is None else color
    columns = width or min(shutil.get_terminal_size((100, 24)).columns, 100)
    screen = StringIO()
    made = Console(
        file=screen, width=max(columns, 40), force_terminal=wanted, color_system="standard" if wanted else None,
        highlight=False, emoji=False, markup=False, legacy_windows=False,
    )  # fmt: skip
    return made, screen


def line(text: str, style: str = "") -> "Text":
    """Cleaned text; names lose their backticks. A leading space, which joins two texts, is kept."""
    from rich.text import Text

    return Text((" " if text.startswith(" ") else "") + words.plain(text), style=style)


def cut(text: str) -> "Text":
    """Text that is cut to one line with an ellipsis."""
    short = line(text)
    short.no_wrap, short.overflow = True, "ellipsis"
    return short


def item(mark: str, text: "Text") -> "RenderableType":
    """A line with its number or dash, the rest of a long one indented below it."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=2, no_wrap=True)
    # A long line is folded and never cut: what would be lost of it is a figure.
    grid.add_column(ratio=1, overflow=text.overflow or "fold")
    grid.add_row(mark, text)
    return grid
