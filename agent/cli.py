"""The command line: parses, calls, prints. `cli_frame` is the one place that turns our errors into exit codes.

Exit codes: 0 done, 2 usage or unreadable data, 4 internal. Must never compute, word or decide anything.
"""

from pathlib import Path
from typing import Any

import click

from heldout.version import __version__

from .cli_ask import ask, chat
from .cli_frame import (
    FILES,
    INTERNAL,
    USAGE,
    Progress,
    data_of,
    data_options,
    guarded,
    limits_of,
    listed,
    no_quotes,
    read_options,
    source_of,
)
from .cli_model import embeddings_option, model_options, settings_of
from .cli_verify import selftest, verify
from .review.cli_edit import rebaseline, suppress
from .review.cli_review import learn, review

__all__ = ["INTERNAL", "USAGE", "cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="heldout")
def cli() -> None:
    """Explain a data set; every finding is verified on rows that nothing has looked at."""


@cli.command()
@data_options
@click.option("--outcome", metavar="COL", help="Explain this column: it is the outcome of every claim.")
@click.option("--about", metavar="COL,...", help="Only claims in which one of these columns takes part.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report's files here.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json to standard output and nothing else.")
@click.option("--explore-only", is_flag=True, help="Look without verdicts: no sealed row is read or spent.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="File that records what was spent.")
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads for reading.")
@no_quotes
@read_options
@model_options
@embeddings_option
def explain(files: tuple[Path, ...], **options: Any) -> None:
    """Explain FILE: explore one part, commit hypotheses, verify them on rows that nothing has looked at.

    Several files are several tables of one data set, such as orders.csv customers.csv: they are joined by their keys.
    """
    guarded(options["verbose"], lambda: _explain(files, **options))


def _explain(
    files: tuple[Path, ...],
    *,
    out: Path | None,
    as_json: bool,
    about: str | None,
    effects: dict[str, float],
    quiet: bool,
    verbose: bool,
    show_prompts: bool,
    **options: Any,
) -> None:
    from .pipeline import explain as run

    limits, data, model = limits_of(options), data_of(options), settings_of(options)
    options["quotes"] = not options.pop("no_quotes")
    if show_prompts:
        with Progress(quiet) as say:
            text = _shown(source_of(files), options | data, model, limits, listed(about), effects, say)
        click.echo(text)
        return
    with Progress(quiet) as say:
        explanation = run(
            source_of(files), about=listed(about), smallest_effects=effects, limits=limits, progress=say, model=model,
            **data, **options,
        )  # fmt: skip
        written: tuple[Path, ...] = ()
        if out is not None:
            say("Writing the report")
            written = explanation.save(out)
    if as_json:
        click.echo(explanation.to_json())
        return
    click.echo(explanation.to_terminal(files=written))


def _shown(
    source: Any, options: dict[str, Any], model: Any, limits: Any, about: tuple[str, ...], effects: Any, say: Any
) -> str:
    from .pipeline import described
    from .prompts_shown import prompts_shown

    book = options.pop("ledger")
    how, settings = described(
        **options, about=about, model=model, show=True, limits=limits, smallest_effects=effects
    )  # fmt: skip
    return prompts_shown(source, how, settings, book, say)


@cli.group()
def ledger() -> None:
    """What was sealed, committed, opened and revealed."""


_TABLE = click.option("--table", metavar="NAME", help="Table or sheet, where the file holds several.")
_TABLES = click.option("--tables", metavar="NAME,...", help="Tables of one database that were explained together.")
_LEDGER = click.option("--ledger", "book", type=click.Path(path_type=Path), help="Another ledger than the default.")
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")


@ledger.command("show")
@FILES
@_TABLE
@_TABLES
@_LEDGER
@_VERBOSE
def show(files: tuple[Path, ...], table: str | None, tables: str | None, book: Path | None, verbose: bool) -> None:
    """What was found in FILE (a data file, or a ledger file ending in .jsonl), what it cost and what is left."""
    from .books import describe

    guarded(verbose, lambda: click.echo(describe(files, book, listed(tables), table)))


@ledger.command("check")
@FILES
@_TABLE
@_TABLES
@_LEDGER
@click.option("--head", metavar="HASH", help="A head that a report printed: refuse a ledger that does not hold it.")
@_VERBOSE
def check(
    files: tuple[Path, ...], table: str | None, tables: str | None, book: Path | None, head: str | None, verbose: bool
) -> None:
    """Verify the chain of hashes of the ledger of FILE, and that nothing was cut off."""
    from .books import check as run

    guarded(verbose, lambda: click.echo(run(files, book, listed(tables), table, head)))


cli.add_command(ask)
cli.add_command(chat)
cli.add_command(verify)
cli.add_command(selftest)
cli.add_command(learn)
cli.add_command(review)
cli.add_command(rebaseline)
cli.add_command(suppress)


def main() -> None:
    """Entry point of the `heldout` command."""
    cli(prog_name="heldout")


if __name__ == "__main__":
    main()
