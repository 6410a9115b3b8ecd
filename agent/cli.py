"""The command line: parses, calls, prints; the one place that turns our errors into exit codes.

Exit codes: 0 done, 2 usage or unreadable data, 4 internal. Must never compute, word or decide anything.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from heldout.version import __version__

from ..tools.errors import HeldoutError

USAGE, INTERNAL = 2, 4


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="heldout")
def cli() -> None:
    """Explain a data set; every finding is verified on rows that nothing has looked at."""


def _guarded(verbose: bool, work: Callable[[], None]) -> None:
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


def _effects(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    out = {}
    for value in values:
        name, _sep, number = value.partition("=")
        try:
            out[name.strip()] = float(number)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, such as rate_difference=0.05.") from None
    return out


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--outcome", metavar="COL", help="Explain this column: it is the outcome of every claim.")
@click.option("--about", metavar="COL,...", help="Only claims in which one of these columns takes part.")
@click.option("--cause", metavar="COL,...", help="Always held fixed when verified claims are checked against others.")
@click.option("--consequence", metavar="COL,...", help="Never held fixed: follows from what is looked at.")
@click.option("--later", metavar="COL,...", help="Never held fixed: was not known yet.")
@click.option("--entity", metavar="COL", help="Rows of one value belong together (a customer, a patient).")
@click.option("--time", metavar="COL", help="Rows depend on their neighbours in the order of this column.")
@click.option("--table", metavar="NAME", help="Table or sheet, where the file holds several.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report's files here.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json to standard output and nothing else.")
@click.option("--strict", is_flag=True, help="Control the chance of any false finding (Holm), not their share.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Error level.")
@click.option(
    "--smallest-effect", "effects", multiple=True, metavar="FAMILY=VALUE", callback=_effects,
    help="Smallest effect of interest of a family, on its scale; may be repeated.",
)  # fmt: skip
@click.option("--one-shot", is_flag=True, help="Spend all held-out rows on this one batch.")
@click.option("--explore-only", is_flag=True, help="Look without verdicts: no sealed row is read or spent.")
@click.option("--keep-counts", is_flag=True, help="Read a table of counts as it stands, not one row a counted unit.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="File that records what was spent.")
@click.option("--max-rows", type=int, help="Read tables of up to this many rows.")
@click.option("--max-columns", type=int, help="Read tables of up to this many columns.")
@click.option("--max-bytes", type=int, help="Read up to this many bytes once decompressed.")
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads for reading.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
def explain(file: Path, **options: Any) -> None:
    """Explain FILE: explore one part, commit hypotheses, verify them on rows that nothing has looked at."""
    _guarded(options["verbose"], lambda: _explain(file, **options))


def _explain(
    file: Path,
    *,
    out: Path | None,
    as_json: bool,
    about: str | None,
    cause: str | None,
    consequence: str | None,
    later: str | None,
    effects: dict[str, float],
    quiet: bool,
    verbose: bool,
    max_rows: int | None,
    max_columns: int | None,
    max_bytes: int | None,
    **options: Any,
) -> None:
    from ..tools.data.schema import Limits
    from .pipeline import explain as run

    given = {"max_rows": max_rows, "max_columns": max_columns, "max_bytes": max_bytes}
    limits = Limits(**{k: v for k, v in given.items() if v is not None})
    named = {"about": about, "causes": cause, "consequences": consequence, "later": later}
    lists = {key: _listed(value) for key, value in named.items()}
    with _progress(quiet) as say:
        explanation = run(file, **lists, smallest_effects=effects, limits=limits, progress=say, **options)
        written: tuple[Path, ...] = ()
        if out is not None:
            say("Writing the report")
            written = explanation.save(out)
    if as_json:
        click.echo(explanation.to_json())
        return
    click.echo(explanation.to_terminal(files=written))


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (names or "").split(",") if part.strip())


class _progress:
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


@cli.group()
def ledger() -> None:
    """What was sealed, committed, opened and revealed."""


_FILE = click.argument("file", type=click.Path(path_type=Path))
_LEDGER = click.option("--ledger", "book", type=click.Path(path_type=Path), help="Another ledger than the default.")
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")


@ledger.command("show")
@_FILE
@_LEDGER
@_VERBOSE
def show(file: Path, book: Path | None, verbose: bool) -> None:
    """What was spent on FILE (a data file, or a ledger file ending in .jsonl) and what is left."""
    from .books import describe

    _guarded(verbose, lambda: click.echo(describe(file, book)))


@ledger.command("check")
@_FILE
@_LEDGER
@_VERBOSE
def check(file: Path, book: Path | None, verbose: bool) -> None:
    """Verify the chain of hashes of the ledger of FILE."""
    from .books import check as run

    _guarded(verbose, lambda: click.echo(run(file, book)))


def main() -> None:
    """Entry point of the `heldout` command."""
    cli(prog_name="heldout")


if __name__ == "__main__":
    main()
