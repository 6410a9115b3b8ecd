"""A hostile model that answers questions: may a thread say anything that code did not, or get anything out?

    python benchmarks/hostile_ask.py --seeds 400 --write --keep /tmp/hostile_ask.jsonl

Every seed is a conversation of seven questions and the commands between them (`heldout chat`), and in one of two a
command of the shell (`heldout ask`), on a table of its own in which nothing is related, asked through the real client
library from one server that does its worst at every turn (`tests/hostile_asks.py`). The thread is closed at the end.
The claims that it committed are asked again in a thread without a model; what else must hold stands in
`hostile_ask_oracle.py`. Prints a Markdown table and, with `--write`, puts it into docs/evidence.md.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import hostile_ask_oracle as oracle  # noqa: E402
from benchmarks.hostile import MODES, SLOW, falsely, files_of, new_files, sandbox  # noqa: E402
from benchmarks.hostile_ask_job import QUESTIONS, Asked, alone, conversation  # noqa: E402
from benchmarks.hostile_ask_page import Seen, broken, faults, page  # noqa: E402
from benchmarks.hostile_page import keep, kept  # noqa: E402
from benchmarks.pages import write_section  # noqa: E402
from heldout.agent import model as conversing  # noqa: E402
from heldout.agent.model_settings import ModelSettings  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402
from tests.hostile_model import ASK_KINDS, Hostile  # noqa: E402
from tests.hostile_table import Victim, victim  # noqa: E402
from tests.provider import KEY, serving  # noqa: E402


def one(seed: int, server: Hostile, root: Path, length: int) -> Seen:
    """One seed from table to what came of its thread."""
    folder = root / f"seed-{seed}"
    folder.mkdir()
    kind = ASK_KINDS[seed % len(ASK_KINDS)]
    with sandbox(folder):
        table = victim(seed, folder)
        given = files_of(folder)
        name = server.enlist(seed, table, os.getpid())
        settings = ModelSettings(name, server.url, timeout=SLOW, privacy=MODES[seed % len(MODES)], stream=seed % 6 == 1)
        try:
            asked = conversation(table, folder, settings, seed, lambda: server.sent(name), length)
            files = tuple(oracle.written(new_files(folder, given)))
            seen = _seen(seed, kind, asked, table, settings, folder)
        except Exception:
            server.forget(name)
            return Seen(seed, kind, error=traceback.format_exc(limit=-4))
    return seen._replace(kinds=tuple(sorted(server.forget(name).used)), written=files)


def _seen(seed: int, kind: str, asked: Asked, table: Victim, settings: ModelSettings, folder: Path) -> Seen:
    verdicts, report = alone(table, folder, asked.entries)
    answers = [a for _, _, own in asked.lines for a in own]
    own, trivial = falsely(asked.report, table) if asked.report is not None else ([], [])
    kinds = [e["kind"] for e in asked.entries]
    return Seen(
        seed, kind, planted=table.true is not None,
        questions=sum(not line.startswith("/") for line, _, _ in asked.lines[1:]),
        calls=sum(map(len, asked.sent)), facts=sum(a.fact is not None for a in answers),
        claims=kinds.count("thread_claim"), ways=sum(bool(a.ways) for a in answers),
        worded=sum(len(a.words) + len(a.exploratory_words) for a in answers),
        dropped=sum(a.model.dropped_sentences for a in answers if a.model),
        altered=tuple(oracle.altered(asked, verdicts, report)), loose=tuple(oracle.loose(asked, table)),
        live=tuple(oracle.live(asked, folder)), told=tuple(oracle.leaked(asked, table, settings.privacy)),
        own=tuple(oracle.own_constants(asked)),
        over=tuple(oracle.over(asked, settings.max_calls, settings.max_tokens)), false=tuple(own),
        trivial=tuple(trivial),
    )  # fmt: skip


def some(seeds: Sequence[int], length: int = QUESTIONS) -> list[Seen]:
    """These seeds, on one server, with so many questions each."""
    conversing.FIRST_WAIT = 0.01  # second attempts come at once
    with tempfile.TemporaryDirectory() as root, serving(Hostile(key=KEY, asks=True)) as server:
        assert isinstance(server, Hostile)
        return [one(seed, server, Path(root), length) for seed in seeds]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file of what came of each script")
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    given = parser.parse_args()
    seen = kept(given.keep, Seen)
    done = {s.seed for s in seen}
    seeds = [seed for seed in range(given.first, given.first + given.seeds) if seed not in done]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.processes, mp_context=context) as pool:
        for work in as_completed([pool.submit(some, seeds[at : at + 5]) for at in range(0, len(seeds), 5)]):
            seen += work.result()
            keep(given.keep, work.result())
            sys.stderr.write(f"{len(seen)} scripts, {len(faults(seen))} faults\n")
    seen.sort()
    text = page(seen)
    sys.stdout.write("\n".join([text, "", *faults(seen)]) + "\n")
    if given.write:
        write_section("hostile-ask", text)
    null = [s for s in seen if not s.planted]
    false = sum(bool(s.false) for s in null)
    return 1 if any(map(broken, seen)) or (len(null) >= 200 and upper_share(false, len(null)) > 0.05) else 0


if __name__ == "__main__":
    sys.exit(main())
