"""What earlier batches found on a data set, in words: for who asks the ledger, or asks when no vault is left.

Knows committed claims, their outcomes and what is asked now. Must never open a vault, change the ledger or read a row.
"""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..tools.data.split_plan import Plan
from ..tools.verify.families import FAMILIES
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.ledger import Ledger
from ..tools.verify.sessions import Session, outcomes, sessions
from ..tools.verify.transcript import open_thread
from .report.words import OUTCOMES, many, plain
from .sealing import default_ledger
from .summary import Settings

_MOST = 10
"""Claims told in an error; the command beside them shows all."""


class Told(NamedTuple):
    """One claim that was tested before, and what became of it."""

    vault: int
    outcome: str
    claim: Hypothesis

    def text(self) -> str:
        """The claim as its family words it, without backticks."""
        return plain(FAMILIES[self.claim.family].claim(self.claim))


def told(ledger: Ledger, dataset: str) -> tuple[Told, ...]:
    """Every claim whose outcome was revealed, verified ones first, then in the order of the vaults."""
    known = outcomes(ledger, dataset)
    found = [
        Told(s.vault, known[s.number][h.content_id()], h)
        for s in sessions(ledger, dataset) if s.number in known
        for h in s.claims() if h.content_id() in known[s.number]
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda x: (OUTCOMES.index(x.outcome), x.vault)))


def counted(session: Session, found: Sequence[Told]) -> str:
    """`50 hypotheses: 40 verified, 1 refuted, 9 inconclusive`, or how far a batch came that was never revealed."""
    what = many(len(session.hypotheses), "hypothesis", "hypotheses")
    if session.verified is None:
        return f"{what}, " + ("opened, not revealed" if session.opened else "committed, not opened")
    by = {o: sum(1 for x in found if x.vault == session.vault and x.outcome == o) for o in OUTCOMES}
    return f"{what}: " + ", ".join(f"{n} {o}" for o, n in by.items() if n or o == "verified")


def known_before(ledger: Ledger, dataset: str, settings: Settings, command: str) -> str:
    """What the ledger can say to a question that no vault is left for, and the command that shows all of it."""
    found = (*told(ledger, dataset), *_so_far(ledger, dataset))
    asked = _asked(settings)
    near = [x for x in found if any(pair <= set(x.claim.columns) for pair in asked)]
    if settings.asking is None:
        near = [x for x in near if x.outcome == "verified"]
    return "\n".join(_lines(near, found, settings, command))


def known_from(book: Ledger, plan: Plan, settings: Settings) -> str:
    """When the table was sealed that these rows are known from, and what was found there; empty for a new table."""
    if plan.lineage is None:
        return ""
    own = plan.lineage.dataset
    ledger = book if book.entries(own) else Ledger(default_ledger(own))
    when = next((e.time for e in ledger.entries(own) if e.kind == "seal"), None)
    if when is None:
        return ""
    found = known_before(ledger, own, settings, show_command(None, None, ledger.path, table=None, tables=()))
    return f"`{plan.lineage.name}` was sealed {when[:10]}. {found}"


def _so_far(ledger: Ledger, dataset: str) -> tuple[Told, ...]:
    """What an open thread verified: its verdicts are known, its numbers are not revealed."""
    thread = open_thread(ledger, dataset)
    return tuple(Told(thread.vault, "verified", q.claim()) for q in thread.questions if q.verified) if thread else ()


def _lines(near: Sequence[Told], found: Sequence[Told], settings: Settings, command: str) -> Iterator[str]:
    what = "Tested" if settings.asking is not None else "Verified"
    about = "these columns" if settings.asking is not None else _focused(settings)
    on = f" on {about}" if about else ""
    if not near:
        yield f"{what} before{on}: nothing."
    else:
        yield f"{what} before{on}:"
        for x in near[:_MOST]:
            yield "- " + (f"{x.outcome}: " if settings.asking is not None else "") + x.text()
        if len(near) > _MOST:
            yield f"  and {len(near) - _MOST:,} more"
    yield f"All that was found ({many(len(found), 'hypothesis', 'hypotheses')}): `{command}`"


def _focused(settings: Settings) -> str:
    """The columns in focus, in words; empty where everything is."""
    names = [settings.focus.outcome] if settings.focus.outcome is not None else list(settings.focus.about)
    return " or ".join(plain(f"`{n}`") for n in names)


def _asked(settings: Settings) -> list[frozenset[str]]:
    """Sets of columns of which one must take part whole in a claim that speaks of what is asked."""
    if settings.asking is not None:
        return [frozenset((r.fields["outcome"], r.fields["predictor"])) for r in settings.asking.readings]
    if settings.focus.outcome is not None:
        return [frozenset((settings.focus.outcome,))]
    return [frozenset((name,)) for name in settings.focus.about] or [frozenset()]


def show_command(
    source: object, ledger: str | Path | None, place: Path, *, table: str | None, tables: Sequence[str]
) -> str:
    """`heldout ledger show …` for a source: by its files where it is of files, else by the ledger itself."""
    given = [source] if isinstance(source, (str, Path)) else source
    files = [str(x) for x in given if isinstance(x, (str, Path))] if isinstance(given, (list, tuple)) else []
    if not files or not isinstance(given, (list, tuple)) or len(files) != len(given):
        return shlex.join(["heldout", "ledger", "show", str(place)])
    options = [*(["--table", table] if table else []), *(["--tables", ",".join(tables)] if tables else [])]
    options += ["--ledger", str(ledger)] if ledger is not None else []
    return shlex.join(["heldout", "ledger", "show", *files, *options])
