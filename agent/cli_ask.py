"""The commands for questions: one at a time, or a conversation.

Parses, calls, prints. Must never compute, word or decide anything.
"""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..tools.errors import UsageError
from .cli_frame import USAGE, Progress, data_of, given, guarded, limits_of, read_options, source_of, table_options
from .cli_model import model_options, settings_of
from .inert import inert

if TYPE_CHECKING:
    from .chat import Chat
    from .consent import Choice

_FACTS = click.option(
    "--facts", type=click.Choice(["all", "exploration"]), default="all", show_default=True,
    help="Rows that answer questions of fact: all (what is shown is recorded), or exploration rows (shows nothing).",
)  # fmt: skip
_EXPLORE = click.option("--explore-only", is_flag=True, help="Exploratory answers without verdicts; spends nothing.")
_YES = click.option(
    "-y", "--yes", is_flag=True, help="Answer from all rows at once: do not ask whether sealed ones may be shown.",
)  # fmt: skip
_LEDGER = click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Another ledger.")
_THREADS = click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="For reading.")


@click.command()
@click.argument("words", metavar="FILE... [QUESTION]", nargs=-1, required=True)
@click.option("--reveal", is_flag=True, help="Close the thread of questions on FILE: all its numbers, as a report.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="With --reveal: write the report here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON to standard output and nothing else.")
@_FACTS
@_EXPLORE
@_YES
@model_options
@table_options
@_LEDGER
@_THREADS
@read_options
def ask(words: tuple[str, ...], **options: Any) -> None:
    """Ask a QUESTION about FILE.

    A question of fact ("mean charges by smoker", "how many where age > 60") is answered from an executed query over all
    rows, with its SQL. A claim ("charges ~ smoker", "churn higher for contract=month-to-month") is committed and tested
    on sealed rows: verified or not, all numbers together with --reveal. With --model a question may be in any words.

    At a terminal you are asked before a fact shows sealed rows for the first time; --yes answers at once, and where
    nobody sits there (a pipe, a script) the cost is printed and the answer given.

    Exit code 2 where the question can be read in two ways: the readings are printed as commands to paste.
    """
    guarded(options["verbose"], lambda: _asked(words, **options))


def _asked(words: tuple[str, ...], **options: Any) -> None:
    from .inquiry import RequestShown

    try:
        _ask(words, **options)
    except RequestShown as request:
        click.echo(str(request))


def _ask(words: tuple[str, ...], *, reveal: bool, out: Path | None, as_json: bool, **options: Any) -> None:
    from .questions import inquiry

    files, question = _parted(words, reveal)
    if out is not None and not reveal:
        raise UsageError("`--out` writes the report of `--reveal`. For an answer use `--json`.")
    progress = Progress(options.pop("quiet"))
    manner = _manner(options, progress)
    with progress as say, inquiry(source_of(files), **manner, progress=say) as asked:
        if reveal:
            explanation, ways = asked.reveal(), ()
            written = explanation.save(out) if out is not None else ()
            shown = explanation.to_json() if as_json else explanation.to_terminal(files=written)
        else:
            answer = asked.ask(question)
            ways = answer.ways
            shown = answer.to_json() if as_json else answer.to_text()
    click.echo(shown)
    if ways and not as_json:
        click.echo("Ask one of these instead:")
        typed = given(leave=("quiet", "verbose", "as_json"))
        for way in ways:
            click.echo(inert(f"  {shlex.join(['heldout', 'ask', *map(str, files), way.question, *typed])}"))
    if ways:
        sys.exit(USAGE)


def _parted(words: tuple[str, ...], reveal: bool) -> tuple[tuple[Path, ...], str]:
    """The files, and the question after them."""
    if reveal:
        if len(words) > 1 and not Path(words[-1]).exists():
            raise UsageError(
                f"`--reveal` closes the thread and takes no question. Ask {words[-1][:80]!r} without it first, or "
                "leave it out."
            )
        return tuple(Path(w) for w in words), ""
    *files, question = words
    if not files:
        raise UsageError(
            f'Ask a question after the file, such as: heldout ask {shlex.quote(question)} "mean fare by class".'
        )
    return tuple(Path(f) for f in files), question


def _manner(options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The options as the library names them; at a terminal with a person to ask."""
    options.pop("verbose")
    there = not options.pop("yes") and sys.stdin.isatty() and sys.stderr.isatty()
    limits, data = limits_of(options), data_of(options)
    effects, model = options.pop("effects"), settings_of(options)
    return {
        **options, **data, "limits": limits, "smallest_effects": effects, "model": model,
        "warn": progress.note,
        "consent": (lambda line: _consent(line, progress)) if there else None,
    }  # fmt: skip


def _consent(line: str, progress: Progress) -> "Choice":
    """Ask on standard error, so that an answer that is piped on stays clean."""
    from .consent import PROMPT, choice_of

    progress.stop()
    click.echo(f"{inert(line)}\n{PROMPT}", err=True, nl=False)
    return choice_of(sys.stdin.readline())


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_FACTS
@_EXPLORE
@_YES
@model_options
@table_options
@_LEDGER
@_THREADS
@read_options
def chat(files: tuple[Path, ...], **options: Any) -> None:
    """Ask one question after another about FILE; /help shows what else can be typed.

    Reads one line a question from the terminal, or from a pipe. At a terminal you are asked before a fact shows sealed
    rows for the first time; --yes answers at once.
    """
    guarded(options["verbose"], lambda: _chat(files, **options))


def _chat(files: tuple[Path, ...], **options: Any) -> None:
    from .chat import Chat
    from .questions import inquiry

    progress = Progress(options.pop("quiet") or sys.stdin.isatty())
    manner = _manner(options, progress)
    with progress as say, inquiry(source_of(files), **manner, progress=say) as asked:
        talk = Chat(asked)
        click.echo(talk.greeting())
        for line in _typed():
            answer = _replied(talk, line)
            if answer:
                click.echo(answer + "\n")
            if talk.done:
                break


def _replied(talk: "Chat", line: str) -> str:
    """The reply; one that is stopped at a terminal leaves the conversation as it was, so that it can be exported."""
    try:
        return talk.reply(line)
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        return "\nStopped. The conversation goes on; /quit leaves it."


def _typed() -> Iterator[str]:
    """The lines that are typed or piped, until they end."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    while True:
        try:
            yield input("heldout> ")
        except EOFError:
            click.echo()
            return
        except KeyboardInterrupt:
            click.echo("\n/quit leaves, and so does Ctrl-D.")
