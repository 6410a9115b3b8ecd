"""What every command of the command line shares: errors become exit codes, progress becomes one line, options repeat.

Knows exit codes and options. Must never compute, word or decide anything.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..tools.errors import HeldoutError
from .inert import inert

USAGE, INTERNAL = 2, 4
STOPPED = "Stopped. What the ledger holds stands, and replies of a model that came are kept."


def guarded(verbose: bool, work: Callable[[], None]) -> None:
    """Run `work`; errors become one or two sentences and an exit code, with `-v` the traceback too."""
    try:
        work()
    except HeldoutError as err:
        if verbose:
            _traceback()
        click.echo(inert(str(err)), err=True)  # it may quote a name or a cell
        sys.exit(USAGE)
    except KeyboardInterrupt:
        click.echo(f"\n{STOPPED} The same command goes on from there.", err=True)
        sys.exit(130)
    except BrokenPipeError:
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
        self.stop()

    def stop(self) -> None:
        """Leave the terminal to a question or an answer."""
        if self.status is not None:
            self.status.stop()
            self.status = None

    def say(self, line: str) -> None:
        """Show a stage."""
        if self.status is not None:
            from rich.markup import escape

            self.status.update(escape(line))
        elif self.plain:
            click.echo(inert(line) + " …", err=True)

    def note(self, line: str) -> None:
        """Say what must be read: above the moving line, which would wipe it out, and also when asked to be quiet."""
        if self.status is not None:
            self.status.console.print(inert(line), markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(inert(line), err=True)


def given(leave: tuple[str, ...]) -> list[str]:
    """The options of the running command as they were typed, for a command to paste; those named in `leave` are not."""
    context, out = click.get_current_context(), []
    for option in context.command.params:
        typed = context.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
        if not isinstance(option, click.Option) or option.name in leave or not typed:
            continue
        value = context.params[option.name or ""]
        if option.is_flag:
            out.append(option.opts[-1])
            continue
        many = [f"{k}={v}" for k, v in value.items()] if isinstance(value, dict) else value
        for one in many if option.multiple else [many]:
            out += [option.opts[-1], str(one)]
    return out


def read_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options on how a file is read, what a unit is, and how errors are controlled."""
    for option in reversed(_READ):
        command = option(command)
    return command


def data_options(command: Callable[..., None]) -> Callable[..., None]:
    """The files, how several tables belong together, and what the user knows of the columns."""
    return FILES(table_options(command))


def table_options(command: Callable[..., None]) -> Callable[..., None]:
    """What is said of several tables and of columns, for commands that name their files otherwise."""
    for option in reversed(_DATA):
        command = option(command)
    return command


def listed(text: str | None) -> tuple[str, ...]:
    """`a,b` as names."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def data_of(options: dict[str, Any]) -> dict[str, Any]:
    """What `data_options` brought, taken out of the options and named as the library names it."""
    named = {"tables": "tables", "cause": "causes", "consequence": "consequences", "later": "later", "text": "text"}
    out: dict[str, Any] = {ours: listed(options.pop(theirs)) for theirs, ours in named.items()}
    return out | {name: options.pop(name) for name in ("root", "grain", "links", "keep_counts")}


def source_of(files: tuple[Path, ...]) -> Any:
    """One file as it is, several as the tables of one data set."""
    return files[0] if len(files) == 1 else list(files)


def limits_of(options: dict[str, Any]) -> Any:
    """The declared limits, taken out of the options."""
    from ..tools.data.schema import Limits

    names = ("max_rows", "max_columns", "max_bytes")
    given = {name: options.pop(name) for name in names}
    return Limits(**{k: v for k, v in given.items() if v is not None})


no_quotes = click.option(
    "--no-quotes", is_flag=True, help="No document of a text, nor a piece of one, in the report or its files."
)
FILES = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
"""One file, or several that are the tables of one data set."""
_DATA = (
    click.option("--tables", metavar="NAME,...", help="Take these tables of one database together."),
    click.option("--root", metavar="TABLE", help="Of several tables: its rows are independent of each other."),
    click.option("--grain", metavar="TABLE", help="Of several tables: its rows are analysed (default: the root's)."),
    click.option(
        "--link", "links", multiple=True, metavar="CHILD.COL=PARENT.COL",
        help="Of several tables: a column that names rows of another; may be repeated.",
    ),
    click.option("--cause", metavar="COL,...", help="Always held fixed when claims are checked against other columns."),
    click.option("--consequence", metavar="COL,...", help="Never held fixed: follows from what is looked at."),
    click.option("--later", metavar="COL,...", help="Never held fixed: was not known yet."),
    click.option("--text", metavar="COL,...", help="Read these columns as text, whatever their cells look like."),
    click.option("--keep-counts", is_flag=True, help="Read a table of counts as it stands, not a row a counted unit."),
)  # fmt: skip
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
