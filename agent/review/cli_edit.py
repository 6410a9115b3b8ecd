"""The commands that change a claims file: `suppress` and `rebaseline`.

Parses, asks, calls, prints. Must never compute, word a claim, or decide anything. Here alone the clock is asked.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...tools.errors import UsageError
from ..cli_frame import guarded
from ..inert import inert

if TYPE_CHECKING:
    from ...tools.review.learned import LearnedClaim
    from .rebaseline import Proposal, Rebaseline

_CLAIMS = click.option(
    "--claims", "path", metavar="YAML", type=click.Path(path_type=Path, dir_okay=False), default=Path("claims.yml"),
    show_default=True, help="The file that `heldout learn` wrote.",
)  # fmt: skip
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@_CLAIMS
@click.option("--reason", metavar="TEXT", required=True, help="Why, for those who meet it later.")
@click.option("--owner", metavar="WHO", required=True, help="Who will have looked at it by then.")
@click.option("--expires", metavar="DAY", required=True, help="Last day on which it holds, such as 2026-12-31.")
@_VERBOSE
def suppress(ids: tuple[str, ...], path: Path, reason: str, owner: str, expires: str, verbose: bool) -> None:
    """Silence a claim until a day: still computed and shown in grey, it counts for nothing.

    The entry is changed in place; comments and layout of the file stay.
    """
    guarded(verbose, lambda: _suppress(ids, path, reason, owner, expires))


def _suppress(ids: tuple[str, ...], path: Path, reason: str, owner: str, expires: str) -> None:
    from .suppress import suppress as run

    today = datetime.now(UTC).date().isoformat()
    click.echo(inert(run(path, ids, reason=reason, owner=owner, expires=expires, today=today)))


@click.command()
@_CLAIMS
@click.option(
    "--history", type=click.Path(path_type=Path, dir_okay=False),
    help="History of the reviews (default: beside the claims).",
)  # fmt: skip
@click.option("--claim", "ids", metavar="ID", multiple=True, help="Only this claim; may be repeated.")
@click.option(
    "--last",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    help="Deliveries that the new figures rest on.",
)
@click.option("--yes", is_flag=True, help="Accept the claims that are named by `--claim` without being asked.")
@_VERBOSE
def rebaseline(
    path: Path, history: Path | None, ids: tuple[str, ...], last: int, yes: bool, verbose: bool
) -> None:  # fmt: skip
    """Accept new data as normal: print old against new for each claim, and write what you confirm one by one.

    Where nobody can be asked and `--yes` is not given, it only prints.
    """
    guarded(verbose, lambda: _rebaseline(path, history, ids, last, yes))


def _rebaseline(path: Path, history: Path | None, ids: tuple[str, ...], last: int, yes: bool) -> None:
    from .rebaseline import Rebaseline

    if yes and not ids:
        raise UsageError("`--yes` accepts only claims that are named: add `--claim ID` for each, or leave `--yes` out.")
    work = Rebaseline(path, history, ids, last)
    click.echo(inert(work.title))
    accepted = [proposal.claim for proposal in work.proposals if _accepted(work, proposal, yes)]
    if accepted:
        work.save()
    open_ = [proposal.claim.id for proposal in work.proposals if proposal.values]
    click.echo(inert(_outcome(path, accepted, open_)))


def _accepted(work: "Rebaseline", proposal: "Proposal", yes: bool) -> bool:
    """Print one proposal, and accept it where that was confirmed."""
    claim = proposal.claim
    click.echo(inert(f"\n{claim.id}  {' '.join(claim.says.split())}\n  old  {proposal.old}"))
    for name, text in (("new", proposal.new), ("note", proposal.note)):
        if text:
            click.echo(inert(f"  {name:4} {text}"))
    if not proposal.values or not (yes or _asked(proposal)):
        return False
    work.accept(proposal)
    return True


def _asked(proposal: "Proposal") -> bool:
    if not sys.stdin.isatty():
        return False
    what = "Retire it?" if "state" in proposal.values else "Write it?"
    return click.confirm(f"  {what}", default=False)


def _outcome(path: Path, accepted: "list[LearnedClaim]", open_: list[str]) -> str:
    if accepted:
        old = " Figures in a finding's `says` are still those that it was learned with."
        words = old if any(claim.kind == "finding" for claim in accepted) else ""
        ids = ", ".join(claim.id for claim in accepted)
        return f"\nWritten to '{path}': {ids}. Look at the difference before you commit it.{words}"
    if not open_:
        return "\nNothing to write."
    way = "" if sys.stdin.isatty() else " Accept a claim with `--claim ID --yes`, or run it in a terminal to be asked."
    return f"\nNothing was written.{way}"
