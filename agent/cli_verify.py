"""The commands for the analyst's own hypotheses, and for trying the settings on shuffled copies of the own table.

Parses, calls, prints. Must never compute, word or decide anything.
"""

from pathlib import Path
from typing import Any

import click

from ..tools.errors import UsageError
from .cli_frame import Progress, data_of, data_options, guarded, limits_of, no_quotes, read_options, source_of

_FILE = click.argument("file", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON to standard output and nothing else.")


@click.command()
@data_options
@click.option(
    "--hypothesis", "sentences", multiple=True, metavar="TEXT",
    help='One hypothesis, such as "churn higher for contract=month-to-month"; may be repeated.',
)  # fmt: skip
@click.option(
    "--hypotheses", "stated", multiple=True, metavar="YAML", type=click.Path(path_type=Path, dir_okay=False),
    help="File with a list of hypotheses, sentences or typed; may be repeated.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Print what was understood and what it would cost; spend nothing.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report's files here.")
@_JSON
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="File that records what was spent.")
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads for reading.")
@no_quotes
@read_options
def verify(files: tuple[Path, ...], **options: Any) -> None:
    """Verify your own hypotheses on FILE: commit them, then test them on rows that nothing has looked at.

    A hypothesis is a sentence: "wage higher for sex=male", "mean price lower for plan=basic than gold", "charges
    increases with age", "delay rises over date", "churn=yes higher where age > 40 and plan=gold". It may end with
    "among region=north and age >= 18" or "given age, sex". Names with blanks stand in backticks or quotes.
    """
    guarded(options["verbose"], lambda: _verify(files, **options))


def _verify(
    files: tuple[Path, ...],
    *,
    sentences: tuple[str, ...],
    stated: tuple[Path, ...],
    dry_run: bool,
    out: Path | None,
    as_json: bool,
    effects: dict[str, float],
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> None:
    from .ask import verify as run

    limits, data, hypotheses = limits_of(options), data_of(options), [*sentences, *stated]
    quotes = not options.pop("no_quotes")
    if not hypotheses:
        raise UsageError(
            'State at least one `--hypothesis`, such as --hypothesis "wage higher for sex=male", or a file with '
            "`--hypotheses`."
        )
    with Progress(quiet) as say:
        if dry_run:
            shown = _previewed(files, hypotheses, limits, effects, as_json, say, data, options)
        else:
            explanation = run(
                source_of(files), hypotheses, smallest_effects=effects, limits=limits, progress=say,
                quotes=quotes, **data, **options,
            )  # fmt: skip
            written = ()
            if out is not None:
                say("Writing the report")
                written = explanation.save(out)
            shown = explanation.to_json() if as_json else explanation.to_terminal(files=written)
    click.echo(shown)


def _previewed(
    files: tuple[Path, ...],
    hypotheses: list[Any],
    limits: Any,
    effects: dict[str, float],
    as_json: bool,
    say: Any,
    data: dict[str, Any],
    options: dict[str, Any],
) -> str:
    import json

    from .ask import preview
    from .sealing import How, joining_of

    joining = joining_of(data["tables"], data["root"], data["grain"], data["links"], options["entity"])
    how = How(
        options["table"], None, limits, options["entity"], options["time"], options["one_shot"], joining,
        data["keep_counts"], data["text"],
    )  # fmt: skip
    rule = {"alpha": options["alpha"], "strict": options["strict"], "smallest_effects": effects}
    seen = preview(
        source_of(files), hypotheses, how, rule=rule, ledger=options["ledger"], threads=options["threads"], progress=say
    )
    if as_json:
        return json.dumps(seen.as_json(), sort_keys=True, indent=2, ensure_ascii=False)
    return seen.to_text()


@click.command()
@_FILE
@click.option("--runs", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Shuffled copies to try.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the shuffles.")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="Copies tried at once.")
@click.option("--outcome", metavar="COL", help="As for explain.")
@click.option("--about", metavar="COL,...", help="As for explain.")
@_JSON
@read_options
def selftest(file: Path, **options: Any) -> None:
    """Try the settings on shuffled copies of FILE, in which nothing is related: how often is anything verified?

    Every column is shuffled on its own, so whatever is verified is a false finding. Each copy goes through the whole
    job with a ledger of its own that is thrown away; the ledger of FILE is not touched.
    """
    guarded(options["verbose"], lambda: _selftest(file, **options))


def _selftest(
    file: Path,
    *,
    about: str | None,
    as_json: bool,
    effects: dict[str, float],
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> None:
    from .selftest import selftest as run

    limits = limits_of(options)
    wanted = tuple(part.strip() for part in (about or "").split(",") if part.strip())
    with Progress(quiet) as say:
        result = run(file, about=wanted, smallest_effects=effects, limits=limits, progress=say, **options)
    click.echo(result.to_json() if as_json else result.to_text())
