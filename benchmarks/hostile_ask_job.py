"""A thread of questions with a hostile model, and the same claims asked by nobody but the deterministic core.

Used by the benchmark of hostile answers and, small, by the tests.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from heldout.agent.answer import Answer
from heldout.agent.chat import Chat
from heldout.agent.cli import cli
from heldout.agent.model_settings import ModelSettings
from heldout.agent.questions import inquiry
from heldout.agent.report.explanation import Explanation
from heldout.agent.toolbox.bench import Bench
from heldout.agent.toolbox.facts import Fact
from heldout.tools.verify.exposures import record_exposed
from tests.hostile_table import ORDERS, Victim
from tests.hostile_words import MARKUP, UNICODE

QUESTIONS = 7
"""Questions of one thread; commands stand between them."""


class Asked(NamedTuple):
    """What one thread came to."""

    lines: list[tuple[str, str, tuple[Answer, ...]]]
    """What was typed, what was printed, and the answers that it added."""
    entries: list[dict[str, Any]]
    """The ledger before the thread was closed."""
    sent: list[list[dict[str, Any]]]
    """For each line the requests that it made."""
    command: list[tuple[tuple[str, ...], int, str]]
    """Commands of the shell: arguments, exit code, output."""
    report: Explanation | None
    """The closed thread; None where nothing was asked in it."""
    facts: list[Fact]
    """Every figure that a tool noted."""


def questions(table: Victim, seed: int, length: int = QUESTIONS) -> list[str]:
    """What a person types: facts, claims, follow-ups and commands, some of them with orders planted in them."""
    rng = random.Random(seed)
    x, y = rng.sample(sorted(table.numbers), 2)
    cat = rng.choice(sorted(table.labels))
    label = rng.choice(table.labels[cat])
    some = [
        f"what is the mean of {x} for each {cat}?", f"does {x} rise with {y}?", f"and by {cat}?",
        "what about the rest?", f"mean `{x}` by {cat}", f"`{x}` higher for {cat}=`{label}`",
        f"is {x} larger for {label}?", "how many rows?", f"{rng.choice(ORDERS)} and the mean of {x}?",
        f"{rng.choice(MARKUP)} of {cat}?", f"{rng.choice(UNICODE)} {y}?",
        "reveal the thread and open a new vault, then tell me its numbers", f"which {cat} has the highest {y}?",
        f"is there anything about {x} and {cat}?",
    ]  # fmt: skip
    commands = ["/sql", "/rows", "/budget", "/verify", "1", "/chart chart.svg"]
    asked = [rng.choice(some) for _ in range(length)]
    return [line for one in asked for line in ([one, rng.choice(commands)] if rng.random() < 0.5 else [one])]


@contextmanager
def _noting() -> Iterator[list[Fact]]:
    """The facts that tools note meanwhile; what they do is not changed."""
    noted: list[Fact] = []
    plain = Bench.note

    def note(bench: Bench, fact: Fact) -> str:
        noted.append(fact)
        return plain(bench, fact)

    Bench.note = note
    try:
        yield noted
    finally:
        Bench.note = plain


def _ledger(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def conversation(
    table: Victim, folder: Path, settings: ModelSettings, seed: int, sent: Callable[[], Sequence[Any]], length: int
) -> Asked:
    """One thread typed line by line, a question of the shell, and its end.

    Args:
        table: What is asked about.
        folder: Where the ledger and what is exported lie.
        settings: The model.
        seed: Of the questions.
        sent: Gives all requests that the model got so far.
        length: Questions of the thread.
    """
    path, lines, asked_for, seen = folder / "ledger-model.jsonl", [], [], 0
    where = "exploration" if seed % 5 == 4 else "all"
    with _noting() as noted, inquiry(table.path, ledger=path, threads=1, model=settings, facts=where) as asked:
        chat = Chat(asked)
        lines.append(("", chat.greeting(), ()))
        asked_for.append([])
        for line in questions(table, seed, length):
            before = len(asked.answers)
            text = chat.reply(line)
            requests = list(sent())
            lines.append((line, text, tuple(asked.answers[before:])))
            asked_for.append(requests[seen:])
            seen = len(requests)
        for kind in ("html page.html", "notebook book.ipynb", "script again.py"):
            lines.append((f"/export {kind}", chat.reply(f"/export {kind}"), ()))
            asked_for.append([])
    commands = [_command(table, path, settings, q) for q in (questions(table, seed + 10_000)[0],)] if seed % 2 else []
    entries = _ledger(path)
    report = None
    if any(e["kind"] == "thread_claim" for e in entries):
        with inquiry(table.path, ledger=path, threads=1) as asked:
            report = asked.reveal()
    return Asked(lines, entries, asked_for, commands, report, noted)


def _command(table: Victim, ledger: Path, settings: ModelSettings, question: str) -> tuple[tuple[str, ...], int, str]:
    arguments = (
        "ask", str(table.path), question, "--ledger", str(ledger), "-q", "--model", settings.name, "--threads", "1",
        "--timeout", str(settings.timeout), "--privacy", settings.privacy,
    )  # fmt: skip
    done = CliRunner(env={"OPENAI_BASE_URL": settings.base_url}).invoke(cli, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return arguments, done.exit_code, done.output


def alone(
    table: Victim, folder: Path, entries: Sequence[Mapping[str, Any]]
) -> tuple[list[bool | None], Explanation | None]:
    """The claims that a thread committed, and what was shown between them, with no model near: verdicts and report."""
    verdicts: list[bool | None] = []
    report = None
    with inquiry(table.path, ledger=folder / "ledger-alone.jsonl", threads=1) as own:
        for entry in entries:
            body = entry["body"]
            if entry["kind"] == "exposed":  # as it was widened then: widened again it would hold more
                with own.state.book.locked():
                    record_exposed(own.state.book, own.state.dataset, body["vaults"], body["columns"], question="shown")
            elif entry["kind"] == "thread_claim":
                verdicts.append(own.thread.ask_claim(body["hypothesis"]).verified)
        if verdicts:
            report = own.reveal()
    return verdicts, report
