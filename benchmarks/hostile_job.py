"""The whole job with a model of its own, without one, and with a list of claims that somebody else committed.

Used by the benchmark of the hostile model and, small, by the tests.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from heldout.agent.callbook import CallBook
from heldout.agent.commitment import committed, request_of
from heldout.agent.draft import Batch, Draft
from heldout.agent.draft_model import draft_by_model
from heldout.agent.model import ModelSettings, talk
from heldout.agent.outlook import Focus
from heldout.agent.pipeline import How, _draft, left_out_of, look_at, sealed
from heldout.agent.privacy import Privacy
from heldout.agent.prose import catalogue, summary_of
from heldout.agent.report.result import Result
from heldout.agent.summary import Settings, summarise
from heldout.agent.toolbox import Bench, Fact
from heldout.agent.usage import ModelUsage
from heldout.prompts import load
from heldout.tools.data.jail import Jail
from heldout.tools.explore.structure import structural_pairs
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import record_seal
from heldout.tools.verify.verify import verify

MOST = 50


class Job(NamedTuple):
    """What one run came to."""

    result: Result
    sealed: list[dict[str, Any]]
    """Bodies of the ledger's seals."""
    committed: list[dict[str, Any]]
    """Of each commitment the rule and the ids of its claims."""
    facts: tuple[Fact, ...] = ()
    sentences: tuple[str, ...] = ()
    """The summary, worded by the model as far as it is grounded."""
    usage: ModelUsage = ModelUsage(id="none")
    settings: ModelSettings = ModelSettings("none:none")


def _ledger(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    entries = [json.loads(line) for line in text.splitlines()]
    seals = [e["body"] for e in entries if e["kind"] == "seal"]
    commits = [e["body"] for e in entries if e["kind"] == "commit"]
    told = [{"rule": c["rule"], "ids": [parse(h).content_id() for h in c["hypotheses"]]} for c in commits]
    return seals, told


def whole(source: Path, folder: Path) -> Job:
    """The same table without a model."""
    import heldout

    path = folder / "ledger-clean.jsonl"
    report = heldout.explain(source, ledger=path, threads=1)
    return Job(report.result, *_ledger(path.read_text()))


def alone(source: Path, result: Result, folder: Path) -> Job:
    """The claims of a report, committed and judged with no model near."""
    claims = [parse(f.hypothesis) for f in result.findings]
    return _by_hand(source, folder, folder / "ledger-alone.jsonl", claims, None)


def attacked(source: Path, name: str, url: str, folder: Path, *, privacy: Privacy, timeout: float) -> Job:
    """The whole job with the model of that name; its calls lie in `run`."""
    settings = ModelSettings(name, url, timeout=timeout, privacy=privacy)
    return _by_hand(source, folder, folder / "ledger.jsonl", None, settings)


def _by_hand(
    source: Path, folder: Path, ledger: Path, claims: list[Hypothesis] | None, model: ModelSettings | None
) -> Job:
    from heldout.agent.folders import run_folder

    settings = Settings(make_rule(), Focus(), False, 1)
    book = Ledger(ledger)
    with run_folder() as work, book.locked():
        opened, split = sealed(source, How(), settings, work, _silent)
        plan = record_seal(book, opened.fingerprint, split.plan)
        split.plan = plan
        explored = look_at(split.explore(), settings, _silent, {})
        drafts, facts, usage = _drafts(claims, None), (), ModelUsage(id="none")
        calls = CallBook(folder / "run", "none" if model is None else model.privacy)
        if model is not None:
            with Jail(explored.rows) as jail:
                bench = Bench.of(explored, privacy=model.privacy, jail=jail, left_out=left_out_of(opened, split))
                draft = draft_by_model(bench, model, calls, _silent)
            facts, usage = tuple(bench.facts.values()), draft.usage
            rule = _draft(split, explored, settings, plan.vaults[0].number, False, ()).drafts
            drafts = _drafts(list(draft.hypotheses), rule)
        batch = Batch(tuple(drafts), len(drafts), 0)
        judged = session = None
        if drafts:
            request = request_of(settings, opened, False)
            session, kept, receipt = committed(book, opened, plan, settings.rule, request, None, batch)
            tied = structural_pairs(explored.structure)
            judged = verify(split, book, receipt, kept, explored.rows, structural=tied)
        number = None if session is None else session.number
        result = summarise(opened, plan, book, settings, explored, judged, batch, number, {})
    sentences: tuple[str, ...] = ()
    if model is not None and usage.calls < model.max_calls:
        sentences, usage = _worded(result, facts, model, calls, bench, usage)
    return Job(result, *_ledger(ledger.read_text()), facts, sentences, usage, model or ModelSettings("none:none"))


def _drafts(claims: list[Hypothesis] | None, rule: tuple[Draft, ...] | None) -> list[Draft]:
    """The model's claims, and those of the rule that are not among them, at most fifty."""
    made = [Draft(h, 0.0, "model" if rule is not None else "user") for h in claims or ()]
    known = {d.hypothesis.content_id() for d in made}
    return [*made, *(d for d in rule or () if d.hypothesis.content_id() not in known)][:MOST]


def _worded(
    result: Result, facts: tuple[Fact, ...], model: ModelSettings, calls: CallBook, bench: Bench, usage: ModelUsage
) -> tuple[tuple[str, ...], ModelUsage]:
    """The summary as the model words it, and the account with what that took."""
    left = model._replace(max_calls=1, max_tokens=model.max_tokens - usage.input_tokens)
    prompt = load("summary")
    user = prompt.user(findings=list(catalogue(result.findings, facts, model.privacy)), facts=[])
    told = talk(left, prompt.system, user, (), bench, reply=None, book=calls, say=_silent)
    both = {"calls": usage.calls + told.calls, "input_tokens": usage.input_tokens + told.input_tokens}
    return summary_of(result.findings, facts, told.text).sentences, usage.model_copy(update=both)


def _silent(_: str) -> None:
    return None
