"""The commands of a pipeline: `learn` and `review`. Here alone the clock is asked, for the day of the review.

Parses, calls, prints. Must never compute, word or decide anything; the exit code is the review's own.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...tools.errors import UsageError
from ..cli_frame import Progress, guarded, limits_of, listed, read_options

if TYPE_CHECKING:
    from .reviewed import DeliveryReview

UNCHANGED = 99
"""Exit code for content that was reviewed before and stopped nothing, where `--skip-if-unchanged` asks for it."""


@click.command()
@click.argument("file")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("claims.yml"), show_default=True,
              help="The claims file to write.")  # fmt: skip
@click.option("--key", metavar="COL,...", help="Columns that name a row: of rows with the same key the latest counts.")
@click.option("--replace", is_flag=True, help="Write over a claims file that is there.")
@click.option(
    "--past", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
    help="An earlier delivery, reviewed at once to calibrate by; may be repeated, oldest first.",
)  # fmt: skip
@click.option("--outcome", metavar="COL", help="Learn findings on this column alone.")
@click.option("--about", metavar="COL,...", help="Only findings in which one of these columns takes part.")
@click.option("--text", metavar="COL,...", help="Read these columns as text, whatever their cells look like.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="File that records what was spent.")
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads for reading.")
@read_options
def learn(file: str, **options: Any) -> None:
    """Learn what holds in FILE, and write it as claims that its next deliveries are held to.

    FILE may be a folder of Parquet or delimited files too, or postgresql://…. Findings are verified on sealed rows,
    rules are checked on rows that they were not learned on.
    """
    guarded(options["verbose"], lambda: _learn(file, **options))


def _learn(
    file: str, *, out: Path, key: str | None, replace: bool, past: tuple[Path, ...], about: str | None,
    text: str | None, effects: dict[str, float], quiet: bool, verbose: bool, **options: Any,
) -> None:  # fmt: skip
    from .learn import learn as run
    from .review import review as check

    limits = limits_of(options)
    with Progress(quiet) as say:
        learned = run(
            file, out, key=listed(key), replace=replace, progress=say, about=listed(about), text=listed(text),
            smallest_effects=effects, limits=limits, keep_counts=True, **options,
        )  # fmt: skip
        lines = [learned.to_text()]
        for earlier in past:
            found = check(earlier, out, limits=limits, progress=say).result
            lines.append(f"Calibrated with {earlier.name}: {found.message}")
    click.echo("\n".join(lines))


@click.command()
@click.argument("delivery", nargs=-1, required=True, metavar="DELIVERY...")
@click.option(
    "--claims", type=click.Path(path_type=Path, dir_okay=False), default=Path("claims.yml"), show_default=True,
    help="What `heldout learn` wrote.",
)  # fmt: skip
@click.option("--baseline", metavar="OLD", help="Compare distributions with this delivery, not with the learned data.")
@click.option("--history", type=click.Path(path_type=Path, dir_okay=False), help="File of earlier deliveries' sketches "
              "(default: beside the claims).")  # fmt: skip
@click.option("--no-record", is_flag=True, help="Leave the history as it is.")
@click.option("--name", help="What the delivery is called; a second one of that name takes the first one's place.")
@click.option("--table", metavar="NAME", help="Table or sheet, where the source holds several.")
@click.option("--since", metavar="DAY", help="Only rows from this day on, by the claims file's `time` column.")
@click.option("--when", metavar="DAY", help="Day of the review (default: today).")
@click.option("--fail-on", type=click.Choice(["error", "warn", "never"]), default="error", show_default=True,
              help="What makes the exit code 1.")  # fmt: skip
@click.option("--skip-if-unchanged", is_flag=True, help="Exit with 99 where the same content was reviewed before.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write page, Markdown, JSON, JUnit and "
              "SARIF here.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON to standard output and nothing else.")
@click.option("--github", is_flag=True, help="Print annotations, and add the step summary where GitHub wants it.")
@click.option("--webhook", metavar="'${NAME}'", help="Send a message on change to the address in this variable.")
@click.option("--link", default="", metavar="URL", help="Where the page is to be read, for that message.")
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads for reading.")
@click.option("--max-rows", type=int, help="Read tables of up to this many rows.")
@click.option("--max-columns", type=int, help="Read tables of up to this many columns.")
@click.option("--max-bytes", type=int, help="Read up to this many bytes once decompressed.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
def review(delivery: tuple[str, ...], **options: Any) -> None:
    """Hold DELIVERY (a file, a folder, a partition, or postgresql://…) to learned claims.

    Exit codes: 0 nothing at or above --fail-on, 1 something, 2 wrong use, 3 could not decide, 4 internal error.
    """
    code = [0]
    guarded(options["verbose"], lambda: code.__setitem__(0, _review(delivery, **options)))
    sys.exit(code[0])


def _review(
    delivery: tuple[str, ...], *, no_record: bool, skip_if_unchanged: bool, out: Path | None, as_json: bool,
    github: bool, webhook: str | None, link: str, quiet: bool, verbose: bool, when: str | None, **options: Any,
) -> int:  # fmt: skip
    from .review import review as run

    _checked(webhook)
    limits = limits_of(options)
    day = when or datetime.now(UTC).date().isoformat()
    with Progress(quiet) as say:
        found = run(
            delivery[0] if len(delivery) == 1 else list(delivery), when=day, record=not no_record, limits=limits,
            progress=say, **options,
        )  # fmt: skip
        files = found.save(out) if out is not None else ()
    click.echo(found.to_json() if as_json else found.to_terminal(files=files), nl=not as_json)
    if github:
        _for_github(found, as_json)
    _sent(found, webhook, link)
    if skip_if_unchanged and found.again and not found.exit_code:  # a retry must not pass what stopped the first run
        return UNCHANGED
    return found.exit_code


def _for_github(found: "DeliveryReview", as_json: bool) -> None:
    click.echo(found.annotations(), err=as_json)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(found.step_summary() + "\n")
        except OSError as err:
            raise UsageError(f"The step summary cannot be written: {err.strerror}.") from err


def _checked(webhook: str | None) -> None:
    """Refuse a wrong address before anything is read."""
    if webhook is not None:
        from .webhook import address_of

        address_of(webhook)


def _sent(found: "DeliveryReview", webhook: str | None, link: str) -> None:
    """Send the message where there is one; that it did not go through is said, and changes no exit code."""
    message = found.message(link) if webhook is not None else None
    if webhook is None or message is None:
        return
    from .webhook import send

    problem = send(message, webhook)
    if problem is not None:
        click.echo(problem, err=True)
