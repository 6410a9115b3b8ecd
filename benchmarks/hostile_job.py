"""The whole job with a model of its own, without one, and with a list of claims that somebody else committed.

Used by the benchmark of the hostile model and, small, by the tests.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from heldout.agent.commitment import committed, request_of
from heldout.agent.draft import Batch, Draft
from heldout.agent.folders import run_folder
from heldout.agent.looking import look_at
from heldout.agent.model_settings import ModelSettings
from heldout.agent.outlook import Focus
from heldout.agent.report.explanation import Explanation
from heldout.agent.report.result import Result
from heldout.agent.sealing import How, sealed
from heldout.agent.summary import Settings, summarise
from heldout.tools.explore.structure import structural_pairs
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.verify import verify


class Job(NamedTuple):
    """What one run came to."""

    result: Result
    sealed: list[dict[str, Any]]
    """Bodies of the ledger's seals."""
    committed: list[dict[str, Any]]
    """Of each commitment the rule and the ids of its claims."""
    report: Explanation | None = None


def _ledger(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    entries = [json.loads(line) for line in text.splitlines()]
    seals = [e["body"] for e in entries if e["kind"] == "seal"]
    commits = [e["body"] for e in entries if e["kind"] == "commit"]
    told = [{"rule": c["rule"], "ids": [parse(h).content_id() for h in c["hypotheses"]]} for c in commits]
    return seals, told


def whole(source: Path, folder: Path, model: ModelSettings | None = None) -> Job:
    """The whole job, with or without a model; a second call with the same folder and model is a replay."""
    import heldout

    path = folder / f"ledger-{'clean' if model is None else 'model'}.jsonl"
    report = heldout.explain(source, ledger=path, threads=1, model=model)
    return Job(report.result, *_ledger(path.read_text()), report)


def alone(source: Path, result: Result, folder: Path) -> Job:
    """The claims of a report, committed and judged with no model near."""
    settings = Settings(make_rule(), Focus(), False, 1)
    book = Ledger(folder / "ledger-alone.jsonl")
    # Whose claims they are moves the order of the first screen (picks come first), and must move nothing else.
    drafts = tuple(Draft(parse(f.hypothesis), 0.0, f.source) for f in result.findings)
    with run_folder() as work, book.locked():
        opened, split = sealed(source, How(), settings, work, _silent)
        plan = record_seal(book, opened.fingerprint, split.plan)
        split.plan = plan
        explored = look_at(split.explore(), settings, _silent, {})
        batch, judged, number = Batch(drafts, len(drafts), 0), None, None
        if drafts:
            request = request_of(settings, opened, False)
            session, kept, receipt = committed(book, opened, plan, settings.rule, request, None, batch)
            tied = structural_pairs(explored.structure)
            judged, number = verify(split, book, receipt, kept, explored.rows, structural=tied), session.number
        told = summarise(opened, plan, book, settings, explored, judged, batch, number, {})
    return Job(told, *_ledger(book.path.read_text()))


def _silent(_: str) -> None:
    return None
