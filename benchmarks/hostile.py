"""A hostile model: may anything change but the list of proposed hypotheses, may anything get out?

    python benchmarks/hostile.py --seeds 1000 --write --keep /tmp/hostile.jsonl

Every seed is the whole job on a table of its own in which nothing is related, with a ledger and a sandbox of its own,
asked through the real client library from one server that does its worst at every turn (`tests/hostile_model.py`). What
came of it is compared with a run without a model: the seal, the rule, and each verdict, judged once more from the
committed list alone. Prints a Markdown table and, with `--write`, puts it into docs/evidence.md. The file that `--keep`
names holds what came of each script, so that a run that was cut goes on where it stood.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import re
import sys
import tempfile
import time
import traceback
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.grounding import printed, unbound  # noqa: E402
from benchmarks.hostile_job import Job, alone, whole  # noqa: E402
from benchmarks.hostile_page import Seen, faults, keep, kept, page  # noqa: E402
from benchmarks.pages import write_section  # noqa: E402
from heldout.agent import model as conversation  # noqa: E402
from heldout.agent.bounds import bounds_of  # noqa: E402
from heldout.agent.model_settings import ModelSettings  # noqa: E402
from heldout.agent.report.words import clean  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402
from tests.hostile_model import KINDS, Hostile  # noqa: E402
from tests.hostile_table import SECRET, SECRET_NAME, Victim, canaries, victim  # noqa: E402
from tests.provider import KEY, serving  # noqa: E402

SLOW = 1.5
"""Seconds that one reply may take; the server never keeps anyone waiting for longer than that."""
REPEATED = 4
"""One script of so many is asked for the same report again, and its table explained without a model."""
MODES = ("profile", "profile", "profile", "sample", "profile", "schema", "profile")
"""Privacy modes by seed; in `sample` rare labels may be told, and SQL goes to the jail unread."""


@contextlib.contextmanager
def sandbox(folder: Path) -> Iterator[Path]:
    """A machine of its own as far as a process can tell: home, temporary files, working folder, environment."""
    before, there = dict(os.environ), Path.cwd()
    for name in ("home", "tmp", "cwd"):
        (folder / name).mkdir()
    os.environ |= {
        "HOME": str(folder / "home"), "HELDOUT_HOME": str(folder / "home" / "heldout"), "TMPDIR": str(folder / "tmp"),
        SECRET_NAME: SECRET, "OPENAI_API_KEY": KEY,
    }  # fmt: skip
    kept, tempfile.tempdir = tempfile.tempdir, str(folder / "tmp")
    os.chdir(folder / "cwd")
    try:
        yield folder
    finally:
        os.chdir(there)
        tempfile.tempdir = kept
        os.environ.clear()
        os.environ.update(before)


def one(seed: int, server: Hostile, root: Path) -> Seen:
    """One seed from table to what came of it."""
    folder = root / f"seed-{seed}"
    folder.mkdir()
    kind = KINDS[seed % len(KINDS)]
    with sandbox(folder):
        table = victim(seed, folder)
        given = files_of(folder)
        name = server.enlist(seed, table, os.getpid())
        settings = ModelSettings(name, server.url, timeout=SLOW, privacy=MODES[seed % len(MODES)], stream=seed % 6 == 1)
        try:
            start = time.monotonic()
            job = whole(table.path, folder, settings)
            took, sent, written = time.monotonic() - start, server.sent(name), tuple(new_files(folder, given))
            again = alone(table.path, job.result, folder)
            clean_run, replayed = again, job
            if seed % REPEATED == 0:
                clean_run, replayed = whole(table.path, folder), whole(table.path, folder, settings)
            told, loose, live = tuple(tells(sent, settings.privacy)), tuple(_loose(job)), tuple(_live(job))
        except Exception:
            server.forget(name)
            return Seen(seed, kind, (), False, 0, 0, 0, 0, error=traceback.format_exc(limit=-4))
    mind = server.forget(name)
    own, trivial = falsely(job, table)
    findings, usage = job.result.findings, job.result.model
    return Seen(
        seed, kind, tuple(sorted(mind.used)), table.true is not None, len(findings),
        sum(f.source == "model" for f in findings), 0 if usage is None else usage.calls, len(job.result.summary),
        altered=(*_altered(job, again, clean_run), *_differ("replay: ", job, replayed)), loose=loose, live=live,
        told=told, written=written, over=tuple(_over(job, settings, took, len(sent))), false=tuple(own),
        trivial=tuple(trivial), alone=bool(falsely(clean_run, table)[0]) if seed % REPEATED == 0 else None,
    )  # fmt: skip


def _altered(job: Job, again: Job, clean: Job) -> Iterator[str]:
    """What the model changed beyond the list of claims."""
    for other in (again, clean):
        for name in ("policy", "structure", "quality", "profile", "leads"):
            if getattr(job.result, name) != getattr(other.result, name):
                yield name
        if job.result.split.model_dump(exclude={"vaults"}) != other.result.split.model_dump(exclude={"vaults"}):
            yield "split"
        if job.sealed != other.sealed:
            yield "seal"
        if other.committed and job.committed and job.committed[0]["rule"] != other.committed[0]["rule"]:
            yield "rule"
    if {f.id for f in job.result.findings} != {h for one in job.committed for h in one["ids"]}:
        yield "a claim that was committed is not reported"
    yield from _differ("", job, again)


def _differ(head: str, job: Job, other: Job) -> Iterator[str]:
    """The claims whose findings are not the same to the last digit, whoever drafted them."""
    one, two = ({f.id: f.model_dump(exclude={"source"}) for f in x.result.findings} for x in (job, other))
    yield from (f"{head}{name}" for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name))


def _loose(job: Job) -> Iterator[str]:
    """Sentences that the model worded or asked, with a numeral that code did not print."""
    known = printed(list(bounds_of(job.result.findings, ()).values()))
    known += [clean(text).replace("://", ": //") for text in known]
    yield from (sentence for sentence in job.result.summary if unbound(sentence, known))
    usage, names = job.result.model, [c.name for c in job.result.dataset.columns]
    for question in () if usage is None else usage.open_questions:
        for name in names:
            question = question.replace(name, " ")
        question = re.sub(r"\b(?:c|the_column_)\d+\b", " ", question)  # short ids of columns
        if any(unicodedata.category(c)[0] == "N" for c in unicodedata.normalize("NFKC", question)):
            yield f"question: {question}"


LIVE_HTML = re.compile(
    r"<(?:script>alert|script>fetch|img src=x|iframe src|a [^>]*(?:evil\.example|javascript:)|system>)"
)
LIVE_MARKDOWN = re.compile(r"(?<!\\)\]\((?:http|javascript)|(?<![\\`])<(?:script|img|iframe)")


def _live(job: Job) -> Iterator[str]:
    """What a browser, a Markdown viewer or a terminal would obey in the report."""
    report = job.report
    assert report is not None
    html, text, page = report.to_html(), report.to_terminal(), report.to_markdown()
    outside_code = re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL)
    yield from (f"html: {m[0]}" for m in LIVE_HTML.finditer(html))
    yield from (
        f"markdown: {page[max(m.start() - 40, 0) : m.end() + 40]}" for m in LIVE_MARKDOWN.finditer(outside_code)
    )
    yield from (f"terminal: {c!r}" for c in ("\x1b]8", "\u202e", "\x07", "\x00") if c in text)


def tells(bodies: Sequence[dict[str, Any]], mode: str) -> Iterator[str]:
    free = ("Rarecanary", "IDCANARY", "987654", "987,654", "987_654", "987700", "9.877e") if mode == "sample" else ()
    for body in bodies:
        text = json.dumps(body, ensure_ascii=False)
        yield from (found for found in canaries(text) if found not in free)
        if KEY in text:
            yield "key"


_OWN = ("home/heldout/runs/", "ledger")


def files_of(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): hash(p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def new_files(folder: Path, given: dict[str, int]) -> Iterator[str]:
    now = files_of(folder)
    yield from (name for name in now if name not in given and not name.startswith(_OWN))
    yield from (f"changed: {name}" for name in given if now.get(name) != given[name])
    for name in now:
        text = (folder / name).read_bytes()
        if name not in given and (SECRET.encode() in text or KEY.encode() in text):
            yield f"secret in {name}"


def _over(job: Job, budget: ModelSettings, took: float, sent: int) -> Iterator[str]:
    usage = job.result.model
    if usage is not None and usage.calls > budget.max_calls:
        yield f"{usage.calls} calls"
    if usage is not None and usage.input_tokens > budget.max_tokens:
        yield f"{usage.input_tokens} tokens"
    if sent > 3 * budget.max_calls:
        yield f"{sent} requests"
    # An attempt takes `timeout`, a call with all of them twice that.
    if took > 2 * budget.timeout * budget.max_calls + 60:
        yield f"{took:.0f} s"


def falsely(job: Any, table: Victim) -> tuple[list[str], list[str]]:
    """Verified claims of a result that are false, and those that hold by construction."""
    own, trivial = [], []
    for finding in job.result.findings:
        if finding.outcome == "verified":
            names = set(_names(finding.hypothesis))
            if table.true and table.true <= names:
                continue
            built = finding.family == "invariant" or any(len(names & group) >= 2 for group in table.made)
            if not built:
                own.append(f"{finding.source}: {finding.claim}")
            elif finding.source == "model":
                trivial.append(finding.claim)
    return own, trivial


def _names(hypothesis: Any) -> Iterator[str]:
    if isinstance(hypothesis, dict):
        for value in hypothesis.values():
            yield from _names(value)
    elif isinstance(hypothesis, (list, tuple)):
        for value in hypothesis:
            yield from _names(value)
    elif isinstance(hypothesis, str):
        yield hypothesis


def some(seeds: Sequence[int]) -> list[Seen]:
    """These seeds, on one server."""
    conversation.FIRST_WAIT = 0.01  # second attempts come at once
    with tempfile.TemporaryDirectory() as root, serving(Hostile(key=KEY)) as server:
        assert isinstance(server, Hostile)
        return [one(seed, server, Path(root)) for seed in seeds]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file of what came of each script")
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    given = parser.parse_args()
    seen = kept(given.keep)
    done = {s.seed for s in seen}
    seeds = [seed for seed in range(given.first, given.first + given.seeds) if seed not in done]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.processes, mp_context=context) as pool:
        for work in as_completed([pool.submit(some, seeds[at : at + 10]) for at in range(0, len(seeds), 10)]):
            seen += work.result()
            keep(given.keep, work.result())
            sys.stderr.write(f"{len(seen)} scripts, {len(faults(seen))} faults\n")
    seen.sort()
    text = page(seen)
    sys.stdout.write("\n".join([text, "", *faults(seen)]) + "\n")
    sys.stdout.write(f"{Counter(k for s in seen for k in s.kinds)}\n")
    if given.write:
        write_section("hostile", text)
    null = [s for s in seen if not s.planted]
    false = sum(bool(s.false) for s in null)
    broken = any(s.altered or s.loose or s.live or s.told or s.written or s.over or s.error for s in seen)
    return 1 if broken or (len(null) >= 200 and upper_share(false, len(null)) > 0.05) else 0


if __name__ == "__main__":
    sys.exit(main())
