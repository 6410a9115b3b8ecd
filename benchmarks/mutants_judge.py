"""Judges faults in one module: each in a fork of a process that has collected the tests, so that none pays for imports.

Knows mutmut's mutated module and pytest's collected tests. Must never know which modules there are, or a score.

Run by `benchmarks/mutants.py` in the folder that it laid out, as

    python mutants_judge.py SOURCE RESULT TEST... [--sample 60 --seed 1] [--keys FILE]

RESULT is written as JSON: how many faults there are, and for each that was tried `killed`, `survived`, `untested` (no
test reaches its function) or `stopped` (by its limit of processor time, or by the clock).
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
import random
import resource
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest

_CLOCK = 300
"""Seconds on the clock after which a fault is stopped; of processor time a minute."""


def mutated(source: Path) -> list[str]:
    """Put every fault into a module, switched by the environment; returns their names."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    text = source.read_text(encoding="utf-8")
    made = mutate_file_contents(str(source), text)
    source.write_text(made.code, encoding="utf-8")
    module = ".".join(source.with_suffix("").parts)
    return [f"{module}.{name}" for name in made.mutant_names]


class Judge:
    """A pytest plugin that runs the collected tests once as they are, and then for each fault those that reach it."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = list(keys)
        self.results: dict[str, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests."""
        if session.testsfailed:
            raise SystemExit("the tests cannot be collected")
        places = Places(session)
        told = told_by_child(lambda: reached_by(session.items), places)
        if told is None:
            raise SystemExit("the tests fail without a fault")
        reached, modules = told
        made_ready(modules)
        for at, key in enumerate(self.keys):
            function = key.partition("__mutmut_")[0]
            items = [i for i in session.items if function in reached[i.nodeid][1]]
            items.sort(key=lambda i: reached[i.nodeid][0])
            self.results[key] = judged(key, items, places) if items else "untested"
            print(at + 1, "of", len(self.keys), key, self.results[key], file=sys.__stderr__, flush=True)
        return True


class Places:
    """A folder of its own for each child, so that no child looks through the folders of all before it."""

    def __init__(self, session: pytest.Session) -> None:
        self.factory: Any = session.config._tmp_path_factory  # pyright: ignore[reportAttributeAccessIssue]
        self.root = self.factory.getbasetemp()
        self.at = 0

    def take(self) -> Path:
        self.at += 1
        place = self.root / f"child{self.at}"
        place.mkdir()
        return place


def made_ready(modules: list[str]) -> None:
    """Import what the tests imported on their way, and keep it apart, so that no child pays for it again."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def reached_by(items: list[pytest.Item]) -> tuple[dict[str, tuple[float, list[str]]], list[str]] | None:
    """For each test what it costs and which functions of the module it reaches, and what was imported.

    None where one fails.
    """
    from mutmut.mutation.trampoline import set_mutant_under_test
    from mutmut.state import state

    set_mutant_under_test("stats")
    out, known = {}, set(sys.modules)
    for at, item in enumerate(items):
        before = os.times().user
        if not passes(item, items[at + 1] if at + 1 < len(items) else None):
            print(item.nodeid, "fails", file=sys.__stderr__)
            return None
        out[item.nodeid] = os.times().user - before, sorted(state()._stats)
        state()._stats.clear()
    return out, sorted(set(sys.modules) - known)


def judged(key: str, items: list[pytest.Item], places: Places) -> str:
    """What became of one fault, in a child of this process."""

    def run() -> str:
        from mutmut.mutation.trampoline import set_mutant_under_test

        resource.setrlimit(resource.RLIMIT_CPU, (60, 61))
        set_mutant_under_test(key)
        following = [*items[1:], None]
        return "survived" if all(passes(i, after) for i, after in zip(items, following, strict=True)) else "killed"

    return told_by_child(run, places) or "stopped"


def passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether a test passes, or is skipped."""
    from _pytest.runner import runtestprotocol

    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def told_by_child(work: Any, places: Places) -> Any:
    """What a piece of work returns in a child of this process; None where the child ended without a word."""
    place = places.take()
    told = place / "told.json"
    child = os.fork()
    if child == 0:
        _in_child(work, places, place, told)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(_CLOCK)
    os.waitpid(child, 0)
    signal.alarm(0)
    out = json.loads(told.read_text()) if told.is_file() and told.stat().st_size else None
    shutil.rmtree(place, ignore_errors=True)
    return out


def _in_child(work: Any, places: Places, place: Path, told: Path) -> NoReturn:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    places.factory._basetemp = place
    try:
        told.write_text(json.dumps(work()))
    except BaseException as err:  # a fault may end the process in any way: it was noticed
        told.write_text(json.dumps("killed" if isinstance(err, SystemExit | KeyboardInterrupt) else None))
    os._exit(0)


def main() -> None:
    """Put the faults in, judge those asked for, and write what became of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keys", type=Path, help="file with the names of the faults to try, one a line")
    options = parser.parse_args()
    every = asked = mutated(options.source)
    if options.keys:
        wanted = set(options.keys.read_text().split())
        asked = [key for key in every if key in wanted]
    if options.sample is not None and options.sample < len(asked):
        asked = random.Random(options.seed).sample(sorted(asked), options.sample)
    sys.path.insert(0, str(Path.cwd()))
    judge = Judge(asked)
    # A failure is neither explained nor told: most of a fault's time would go into that.
    pytest.main(["-q", "--tb=native", "--assert=plain", *options.tests], plugins=[judge])
    if len(judge.results) == len(asked):
        options.result.write_text(json.dumps({"count": len(every), "results": judge.results}))


if __name__ == "__main__":
    main()
