"""What every command of the command line shares: errors become exit codes, progress becomes one line, options repeat.

Knows exit codes and options. Must never compute, word or decide anything.
"""

import sys
from collections.abc import Callable
from typing import Any

import click

from ..tools.errors import HeldoutError

USAGE, INTERNAL = 2, 4


def guarded(verbose: bool, work: Callable[[], None]) -> None:
    """Run `work`; errors become one or two sentences and an exit code, with `-v` the traceback too."""
    try:
        work()
    except HeldoutError as err:
        if verbose:
            _traceback()
        click.echo(str(err), err=True)
        sys.exit(USAGE)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
    except Exception as err:
        if verbose:
            _traceback()
        click.echo(
            f"Something went wrong inside heldout ({type(err).__name__}: {err}). No report was written; "
            "run again with `-v` and report the traceback.",
            err=True,
        )
        sys.exit(INTERNAL)


def _traceback() -> None:
    import traceback

    click.echo(traceback.format_exc(), err=True)


def smallest_effects(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """`NAME=VALUE` options as a mapping."""
    out = {}
    for value in values:
        name, _sep, number = value.partition("=")
        try:
            out[name.strip()] = float(number)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, such as rate_difference=0.05.") from None
    return out


class Progress:
    """One line on standard error that says what is being done; nothing at all when asked to be quiet."""

    def __init__(self, quiet: bool) -> None:
        self.live = not quiet and sys.stderr.isatty()
        self.plain = not quiet and not self.live
        self.status: Any = None

    def __enter__(self) -> Callable[[str], None]:
        if self.live:
            from rich.console import Console

            self.status = Console(stderr=True).status("Starting")
            self.status.start()
        return self.say

    def __exit__(self, *_: object) -> None:
        if self.status is not None:
            self.status.stop()

    def say(self, line: str) -> None:
        """Show a stage."""
        if self.status is not None:
            from rich.markup import escape

            self.status.update(escape(line))
        elif self.plain:
            click.echo(line + " …", err=True)


def read_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options on how a file is read, what a unit is, and how errors are controlled."""
    for option in reversed(_READ):
        command = option(command)
    return command


def limits_of(options: dict[str, Any]) -> Any:
    """The declared limits, taken out of the options."""
    from ..tools.data.schema import Limits

    names = ("max_rows", "max_columns", "max_bytes")
    given = {name: options.pop(name) for name in names}
    return Limits(**{k: v for k, v in given.items() if v is not None})


_READ = (
    click.option("--entity", metavar="COL", help="Rows of one value belong together (a customer, a patient)."),
    click.option("--time", metavar="COL", help="Rows depend on their neighbours in the order of this column."),
    click.option("--table", metavar="NAME", help="Table or sheet, where the file holds several."),
    click.option("--strict", is_flag=True, help="Control the chance of any false finding (Holm), not their share."),
    click.option("--alpha", type=float, default=0.05, show_default=True, help="Error level."),
    click.option(
        "--smallest-effect", "effects", multiple=True, metavar="FAMILY=VALUE", callback=smallest_effects,
        help="Smallest effect of interest of a family, on its scale; may be repeated.",
    ),
    click.option("--one-shot", is_flag=True, help="Spend all held-out rows on this one batch."),
    click.option("--max-rows", type=int, help="Read tables of up to this many rows."),
    click.option("--max-columns", type=int, help="Read tables of up to this many columns."),
    click.option("--max-bytes", type=int, help="Read up to this many bytes once decompressed."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error."),
)  # fmt: skip
"""Every command that runs the whole job has these."""
