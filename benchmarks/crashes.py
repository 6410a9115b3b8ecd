"""Runs that are killed, that find no room, no right to write or another clock, and four at once: what is left of them?

    nice -n 5 python benchmarks/crashes.py --points 200 --seed 7 --write

`heldout explain`, `learn` and `review` (with its history) are killed by SIGKILL at random places: one half in time, one
half at a step that could do harm (before or after a write, a rename, a read of sealed rows; every other such write is
torn). Then the same command runs again in the same place. Counted is every way in which it could fail: a ledger or a
history that cannot be read or is none of a run that was stopped, a file of a report that is not whole, a sealed row
that was read before the ledger said so, another answer than that of a run that nothing disturbed, rubbish left behind.
A disk that fills up is a small tmpfs where one may be mounted, else a limit on the size of files; a folder that may
not be written is a tmpfs mounted read-only. Writes the section `crashes` of docs/evidence.md. Known limits: a kill is
not a power cut (what the system had not written yet is not lost), and runs are forked from one process that has
imported the package, so that kills within the first second of imports are not among them.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.crashing import Place, kills, run, steps_of, warm  # noqa: E402
from benchmarks.loads import Tried, no_right, no_room, other_clock, side_by_side  # noqa: E402
from benchmarks.pages import write_section  # noqa: E402
from heldout.tools.review.history import History  # noqa: E402
from heldout.tools.verify.ledger import Ledger  # noqa: E402

WHOLE_RUN = ["seal", "commit", "open", "reveal"]
DAY = "2026-01-31"
_AGAIN = re.compile(rb" The same content was reviewed before, as delivery \d+: it counts once\.")
"""What a second review of a delivery says in truth: the first one was killed after the history had its entry."""


class Job(NamedTuple):
    """A command that is killed, and what it has to leave."""

    name: str
    command: Callable[[Place], list[object]]
    prepare: Callable[[Place], None]
    """What has to be in its place before: such as the claims that a delivery is held to."""


class Tally(NamedTuple):
    """What came of one job."""

    name: str
    runs: int
    killed: Counter[str]
    """Where runs were killed, by the last step that they had made."""
    problems: tuple[str, ...]
    spent_once: int = 0
    """Kills after the vault was recorded as opened: the second run told the same verdicts and opened nothing more."""


def table(file: Path, rows: int = 400, seed: int = 7) -> Path:
    """A table with three truths and a column of noise."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    plan, visits = rng.choice(["basic", "plus", "pro"], rows), rng.poisson(4, rows)
    spend = np.round(10 + 5 * (plan == "pro") + 2.0 * visits + rng.normal(0, 3, rows), 2)
    churned = (rng.random(rows) < np.where(plan == "basic", 0.5, 0.2)).astype(int)
    noise = np.round(rng.normal(size=rows), 3)
    frame = pd.DataFrame({"plan": plan, "visits": visits, "spend": spend, "churned": churned, "noise": noise})
    frame.to_csv(file, index=False)
    return file


def jobs(folder: Path) -> tuple[Job, ...]:
    """The commands that are killed, on tables made in `folder`."""
    learned, next_one = table(folder / "learned.csv"), table(folder / "delivery.csv", seed=8)
    kept = Place(folder / "kept")

    def claims(place: Place) -> None:
        place.out.mkdir(parents=True, exist_ok=True)
        for file in kept.out.iterdir():
            shutil.copy(file, place.out)

    if run(["learn", learned, "--out", kept.out / "claims.yml", "-q"], kept):
        raise SystemExit(kept.said.read_text())
    for number in range(2):
        earlier = table(folder / f"earlier-{number}.csv", seed=20 + number)
        run(["review", earlier, "--claims", kept.out / "claims.yml", "--when", DAY, "-q"], kept)
    return (
        Job("explain", lambda p: ["explain", learned, "--out", p.out, "-q"], lambda p: None),
        Job("learn", lambda p: ["learn", learned, "--out", p.out / "claims.yml", "-q"], lambda p: None),
        Job(
            "review",
            lambda p: ["review", next_one, "--claims", p.out / "claims.yml", "--when", DAY, "--out", p.out, "-q"],
            claims,
        ),
    )


def answers(place: Place, out: Path | None = None) -> dict[str, str]:
    """Every finished file of a run by name, as a digest of what has to be the same: no times of writing, no durations.

    The paths of the place, which a review tells, are taken out, and that a delivery had been reviewed before.
    """
    found, folder = {}, out or place.out
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not file.name.startswith(".") and file.suffix != ".lock":
            found[file.name] = hashlib.sha256(_constant(file, place)).hexdigest()
    return found


def _constant(file: Path, place: Place) -> bytes:
    raw = _AGAIN.sub(b"", file.read_bytes().replace(str(place.folder).encode(), b"PLACE"))
    if file.name == "ledger.jsonl":
        return "\n".join(e.hash for e in Ledger(file).entries()).encode()
    if file.suffix == ".json":
        data = json.loads(raw)
        data.pop("timing", None)
        return json.dumps(data, sort_keys=True).encode()
    return raw


def left_by_kill(place: Place, whole: dict[str, str], before: dict[str, str]) -> Iterator[str]:
    """What is wrong with the things that a killed run left."""
    for name, content in answers(place).items():
        if content != whole[name] and content != before.get(name) and not name.endswith(".history.jsonl"):
            yield f"{name} is not whole"
    kinds = ledger_kinds(place)
    if kinds != WHOLE_RUN[: len(kinds)]:
        yield f"the ledger holds {kinds}"
    for file in place.out.glob("*.history.jsonl"):
        History(file).entries()
    if any("UNRECORDED" in step for step in steps_of(place)):
        yield "sealed rows were read before the ledger said so"


def left_by_rerun(place: Place, job: Job, code: int, whole: dict[str, str], expected: int) -> Iterator[str]:
    """What is wrong once the command ran again."""
    done = job.name == "learn" and code == 2 and "is there already" in place.said.read_text()
    if code != expected and not done:
        yield f"the second run ended with {code}: {place.said.read_text()[-300:]}"
    now = answers(place)
    for name in sorted(whole.keys() | now.keys()):
        if now.get(name) != whole.get(name) and not _learned_twice(job, name, place):
            yield f"{name} differs after the second run"
    if job.name != "review" and ledger_kinds(place) != WHOLE_RUN:
        yield f"the ledger holds {ledger_kinds(place)} after the second run"
    rubbish = [f.name for f in (*place.out.glob(".*"), *place.temporary.iterdir())]
    if rubbish:
        yield f"left behind: {rubbish}"


def _learned_twice(job: Job, name: str, place: Place) -> bool:
    """Whether a history only holds the learned data a second time: the first run was killed before its claims stood."""
    if job.name != "learn" or not name.endswith(".history.jsonl"):
        return False
    entries = History(place.out / name).entries()
    return all(e == entries[0] for e in entries) and len(entries) <= 2


def ledger_kinds(place: Place) -> list[str]:
    """The kinds of entry in the only ledger of a place; none where there is no ledger yet."""
    files = list(place.home.glob("ledgers/*.jsonl"))
    return [e.kind for e in Ledger(files[0]).entries()] if files else []


def undisturbed(job: Job, folder: Path) -> tuple[dict[str, str], int, int, float]:
    """Of a run that nothing disturbs: its answers, its exit code, its steps and its seconds."""
    import time

    place = Place(folder / f"{job.name}-whole")
    job.prepare(place)
    start = time.monotonic()
    code = run(job.command(place), place)
    seconds = time.monotonic() - start
    return answers(place), code, len(steps_of(place)), seconds


def killed(job: Job, folder: Path, points: int, seed: int, progress: Callable[[str], None] = print) -> Tally:
    """Kill a command at so many places, run it again each time, and count what is wrong."""
    whole, expected, steps, seconds = undisturbed(job, folder)
    problems, where, once = [], Counter[str](), 0
    for number, kill in enumerate(kills(steps, seconds, points, seed)):
        place = Place(folder / f"{job.name}-{number}")
        job.prepare(place)
        before = answers(place)
        ended = run(job.command(place), place, kill)
        done = steps_of(place)
        where[_told(done, ended)] += 1
        found = [f"killed at {kill}: {p}" for p in left_by_kill(place, whole, before)]
        once += "open" in ledger_kinds(place)
        found += [
            f"killed at {kill}: {p}" for p in left_by_rerun(place, job, run(job.command(place), place), whole, expected)
        ]
        problems += found
        for line in found:
            progress(f"{job.name}: {line}")
        shutil.rmtree(place.folder)
    return Tally(job.name, points, where, tuple(problems), once)


def _told(steps: Sequence[str], ended: int) -> str:
    """Where a run was killed, in words."""
    if ended != -9:
        return "after its end"
    if not steps:
        return "before anything was written"
    last = steps[-1]
    if "LEDGER" in last:
        return "at the ledger or its head"
    if last.startswith("vault read"):
        return "while sealed rows were open"
    return "at the history" if "history" in last else "at the claims file" if "claims" in last else "at the report"


def as_text(tallies: Sequence[Tally]) -> str:
    """The section of the page on kills."""
    lines = ["| command | kills | where | vault open by then | anything wrong |", "| --- | --- | --- | --- | --- |"]
    for t in tallies:
        where = ", ".join(f"{n} {what}" for what, n in sorted(t.killed.items()))
        lines.append(f"| `heldout {t.name}` | {t.runs} | {where} | {t.spent_once} | {len(t.problems)} |")
    return "\n".join(lines)


def loads(folder: Path, seed: int) -> tuple[Tried, ...]:
    """No room, no right to write, another clock, four at once."""
    explain, _, review = jobs(folder)
    whole, _, steps, seconds = undisturbed(explain, folder)
    at = [k for k in kills(steps, seconds, 40, seed) if k.step is not None][:8]
    return (
        no_room(folder, explain.command, answers, whole),
        no_right(folder, explain.command, answers, whole),
        other_clock(folder, explain.command, answers, whole, at),
        *four(folder, explain, review),
    )


def four(folder: Path, explain: Job, review: Job) -> Iterator[Tried]:
    """Four runs at once: apart, with one ledger and one question, with four questions, with one history."""
    whole = undisturbed(explain, folder)[0]
    apart = [Place(folder / f"apart-{n}") for n in range(4)]
    codes = side_by_side(apart, [explain.command(p) for p in apart])
    wrong = [f"{p.folder.name} ended with {c}" for p, c in zip(apart, codes, strict=True) if c or answers(p) != whole]
    yield Tried("four runs at once, each with a ledger of its own", 4, 0, tuple(wrong))

    shared = Place(folder / "one-question").ready()
    outs = [folder / f"one-question/out-{n}" for n in range(4)]
    command = [[*explain.command(shared)[:-3], "--out", out, "-q"] for out in outs]
    codes = side_by_side([shared] * 4, command)
    told = [answers(Place(folder / "one-question"), out) for out in outs]
    wrong = [f"out-{n} ended with {c}" for n, c in enumerate(codes) if c or told[n] != whole]
    wrong += [] if ledger_kinds(shared) == WHOLE_RUN else [f"the ledger holds {ledger_kinds(shared)}"]
    yield Tried(
        "four runs at once of one question on one table: one opens, three are told its verdicts", 4, 0, tuple(wrong)
    )
    yield _four_questions(folder)
    yield _four_deliveries(folder, review)


def _four_questions(folder: Path) -> Tried:
    """Four questions at once on a table with three vaults: three open one each, the fourth is refused."""
    place = Place(folder / "four-questions").ready()
    big = table(folder / "big.csv", rows=3_000)
    codes = side_by_side(
        [place] * 4, [["explain", big, "--outcome", c, "-q"] for c in ("plan", "visits", "spend", "churned")]
    )
    (book,) = [Ledger(f) for f in place.home.glob("ledgers/*.jsonl")]
    opened = [e.body["vault"] for e in book.entries() if e.kind == "open"]
    wrong = [] if sorted(codes) == [0, 0, 0, 2] else [f"ended with {codes}: {place.said.read_text()[-300:]}"]
    wrong += [] if sorted(opened) == [1, 2, 3] else [f"vaults opened: {opened}"]
    wrong += ["read unrecorded"] if any("UNRECORDED" in s for s in steps_of(place)) else []
    return Tried(
        "four questions at once on a table with three vaults: each vault opened once, the fourth refused",
        4,
        1,
        tuple(wrong),
    )


def _four_deliveries(folder: Path, review: Job) -> Tried:
    """Four deliveries at once with one history: each is in it once."""
    place = Place(folder / "four-deliveries").ready()
    review.prepare(place)
    files = [table(folder / f"four-{n}.csv", seed=40 + n) for n in range(4)]
    claims = place.out / "claims.yml"
    codes = side_by_side([place] * 4, [["review", f, "--claims", claims, "--when", DAY, "-q"] for f in files])
    entries = History(place.out / "claims.history.jsonl").entries()
    wrong = [f"ended with {codes}"] if set(codes) - {0, 1} else []
    wrong += [] if [e.number for e in entries] == list(range(7)) else [f"numbers {[e.number for e in entries]}"]
    wrong += [] if {f.name for f in files} <= {e.name for e in entries} else ["a delivery is missing"]
    return Tried("four deliveries reviewed at once with one history: each in it once", 4, 0, tuple(wrong))


def loads_text(tried: Sequence[Tried]) -> str:
    """The section of the page on loads."""
    lines = ["| trouble | runs | refused, with the way out | anything wrong |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {t.name} | {t.runs} | {t.refused} | {len(t.problems)} |" for t in tried)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200, help="kills of each command")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["explain", "learn", "review", "load"])
    parser.add_argument("--write", action="store_true", help="write the sections of docs/evidence.md")
    options = parser.parse_args()
    warm()
    with tempfile.TemporaryDirectory(prefix="crashes-") as name:
        folder = Path(name)
        for what in ("explain", "learn", "review", "load") if options.only is None else (options.only,):
            text, problems = _measured(what, folder, options.points, options.seed)
            print(text, flush=True)
            print("\n".join(problems), file=sys.stderr)
            if options.write:
                write_section(f"crashes-{what}", text)


def _measured(what: str, folder: Path, points: int, seed: int) -> tuple[str, tuple[str, ...]]:
    place = folder / f"all-{what}"
    place.mkdir()
    if what == "load":
        tried = loads(place, seed)
        return loads_text(tried), tuple(p for t in tried for p in t.problems)
    (job,) = [j for j in jobs(place) if j.name == what]
    tally = killed(job, place, points, seed, lambda line: print(line, file=sys.stderr, flush=True))
    return as_text([tally]), tally.problems


if __name__ == "__main__":
    main()
