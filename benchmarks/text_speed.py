"""How long a text corpus takes from file to written report, beside TF-IDF with k-means alone and beside BERTopic.

    pip install bertopic --no-deps && pip install umap-learn hdbscan plotly pandas    # an environment of their own
    python benchmarks/text_speed.py --python peers/bin/python               # prints the tables
    python benchmarks/text_speed.py --python peers/bin/python --runs 3 --write

Documents: airline tweets, of which each document is three joined. The first gives sentiment, reason, airline, date and
about the first third of its words; the others, of the same airline, sentiment and reason, go on with their second and
their last third. So lengths, words, themes and what goes with sentiment are those of the tweets, while two documents
with a third in common share a fifth of their pairs of neighbouring words, and few nearly repeat each other (1 of
1,000 among 20,000, 1 of 100 among 200,000). Ids are numbered. Not kept: real corpora of 200,000 have more different
words.

Every job is a process of its own, start, imports and reading included, and the rounds run all of them one after the
other. Walls lengthen when others use the machine; CPU seconds of all threads and children hardly do. Memory is the
largest sum of the resident sizes of the process and its children, looked at twenty times a second. BERTopic gets TF-IDF
reduced to 50 directions as embeddings and does the rest by its defaults (UMAP, HDBSCAN).
"""

import argparse
import csv
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
THIS = str(Path(__file__).resolve())
TWEETS = ROOT.parent / "shared" / "data" / "text" / "airline_tweets.csv"
NOT_INSTALLED = 77
SMALL, LARGE = 20_000, 200_000
TOPICS, DIRECTIONS = 20, 50
KMEANS, OURS, BERTOPIC = "TF-IDF + k-means", "`explain`, whole", "TF-IDF + SVD + BERTopic"
EVERY = 0.05
CUTS, SHIFT = (1 / 3, 2 / 3), 0.1
"""Parts of a tweet after which another goes on, and by how much they vary."""


class Line(NamedTuple):
    """One line of the table."""

    size: int
    job: str
    command: tuple[str, ...]
    ledger: Path | None = None
    """Removed before each run: a corpus that was verified before would be replayed from it."""


class Cost(NamedTuple):
    """What one process and its children cost; `told` says why there is no figure."""

    wall: float
    cpu: float
    peak: float
    """MB."""
    told: str = ""


# The corpus


def make(target: Path, size: int, seed: int = 1) -> None:
    """Write a corpus of so many documents as CSV."""
    with TWEETS.open(encoding="utf-8", newline="") as file:
        tweets = list(csv.DictReader(file))
    alike: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for tweet in tweets:
        alike.setdefault(_kind(tweet), []).append(tweet)
    draw = random.Random(seed)
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(
            file, ["tweet_id", "airline_sentiment", "negativereason", "airline", "text", "tweet_created"]
        )
        out.writeheader()
        for number in range(size):
            one = draw.choice(tweets)
            parts = [one, *(draw.choice(alike[_kind(one)]) for _ in CUTS)]
            out.writerow({**one, "tweet_id": f"t{number:07d}", "text": _joined([p["text"] for p in parts], draw)})


def _kind(tweet: dict[str, str]) -> tuple[str, ...]:
    return tweet["airline"], tweet["airline_sentiment"], tweet["negativereason"]


def _joined(texts: list[str], draw: random.Random) -> str:
    cuts = [0.0, *(at + draw.uniform(-SHIFT, SHIFT) for at in CUTS), 1.0]
    out: list[str] = []
    for text, first, last in zip(texts, cuts[:-1], cuts[1:], strict=True):
        words = text.split()
        out += words[round(first * len(words)) : round(last * len(words))]
    return " ".join(out)


# What runs in the children


def kmeans(file: str) -> None:
    import pandas as pd
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = pd.read_csv(file)["text"].fillna("").tolist()
    KMeans(n_clusters=TOPICS, random_state=1).fit(TfidfVectorizer().fit_transform(texts))


def bertopic(file: str) -> None:
    import pandas as pd
    from bertopic import BERTopic  # pyright: ignore[reportMissingImports]
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = pd.read_csv(file)["text"].fillna("").tolist()
    vectors = TruncatedSVD(DIRECTIONS, random_state=1).fit_transform(TfidfVectorizer().fit_transform(texts))
    BERTopic().fit_transform(texts, vectors)


PEERS = {"kmeans": kmeans, "bertopic": bertopic}


def work(name: str, file: str) -> int:
    """One peer's work; `NOT_INSTALLED` where this interpreter lacks it."""
    try:
        PEERS[name](file)
    except ModuleNotFoundError as err:
        print(err, file=sys.stderr)
        return NOT_INSTALLED
    return 0


# Measuring


def run(line: Line, most: float) -> Cost:
    """Costs of a process and its children, stopped after `most` seconds."""
    if line.ledger is not None:
        line.ledger.unlink(missing_ok=True)
    start, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(line.command, cwd=ROOT, stdout=output, stderr=output)
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            wall = time.perf_counter() - start
            if pid:
                break
            if wall > most:
                child.kill()
                os.wait4(child.pid, 0)
                child.returncode = -9
                return Cost(wall, 0.0, 0.0, f"not done in {most:.0f} s")
            peak = max(peak, resident(child.pid))
            time.sleep(EVERY)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode == NOT_INSTALLED:
            return Cost(wall, 0.0, 0.0, "not installed")
        if child.returncode:
            output.seek(0)
            told = output.read().decode(errors="replace").strip().splitlines()[-1][:80]
            return Cost(wall, 0.0, 0.0, f"failed: {told}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss / 1024))


def resident(root: int) -> float:
    """MB of a process and all its children."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            found = _stat(entry.name)
            if found is not None:
                parents.setdefault(found, []).append(int(entry.name))
    total, left = 0.0, [root]
    while left:
        pid = left.pop()
        left += parents.get(pid, [])
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return total


def _stat(pid: str) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def lines(folder: Path, python: str) -> list[Line]:
    """The jobs of both sizes, the yardstick first; BERTopic on the small one."""
    out: list[Line] = []
    for size in (SMALL, LARGE):
        file, ledger = str(folder / f"{size}.csv"), folder / f"{size}.jsonl"
        where = ("--out", str(folder / f"{size}-report"), "--ledger", str(ledger), "-q")
        out.append(Line(size, KMEANS, (python, THIS, "--peer", "kmeans", file)))
        out.append(Line(size, OURS, (sys.executable, "-m", "heldout", "explain", file, *where), ledger))
    out.insert(2, Line(SMALL, BERTOPIC, (python, THIS, "--peer", "bertopic", str(folder / f"{SMALL}.csv"))))
    return out


def middle(costs: list[Cost]) -> Cost:
    """Medians over the rounds, or the reason of the first that has no figure."""
    failed = next((c for c in costs if c.told), None)
    return failed or Cost(*(statistics.median(getattr(c, part) for c in costs) for part in ("wall", "cpu", "peak")))


def table(costs: dict[tuple[int, str], Cost]) -> str:
    """The costs of each job as Markdown."""
    out = ["| documents | job | wall, s | CPU, s | peak, MB |", "| ---: | --- | ---: | ---: | ---: |"]
    for (size, job), cost in costs.items():
        figures = f"{cost.told} | | " if cost.told else f"{cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak:,.0f}"
        out.append(f"| {size:,} | {job} | {figures} |")
    return "\n".join(out)


def ratios(costs: dict[tuple[int, str], Cost]) -> str:
    """What was promised, beside what is."""
    asked = (
        (f"ours beside {KMEANS}, {SMALL:,}", (SMALL, OURS), (SMALL, KMEANS), "at most 6 x"),
        (f"{BERTOPIC} beside ours, {SMALL:,}", (SMALL, BERTOPIC), (SMALL, OURS), "at least 4 x"),
        (f"ours, {LARGE:,} beside {SMALL:,}", (LARGE, OURS), (SMALL, OURS), "at most 12 x"),
        (f"ours beside {KMEANS}, {LARGE:,}", (LARGE, OURS), (LARGE, KMEANS), ""),
    )
    out = ["| what | promised | by wall | by CPU |", "| --- | --- | ---: | ---: |"]
    for what, above, below, promised in asked:
        one, two = costs.get(above), costs.get(below)
        if one and two and not one.told and not two.told:
            out.append(f"| {what} | {promised} | {one.wall / two.wall:.1f} x | {one.cpu / two.cpu:.1f} x |")
    large = costs.get((LARGE, OURS))
    if large and not large.told:
        out.append(f"| peak memory, {LARGE:,} | under 4 GB | {large.peak / 1024:.2f} GB | |")
    return "\n".join(out)


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--runs", type=int, default=1, help="rounds")
    parser.add_argument("--most", type=float, default=900, help="seconds after which a process is stopped")
    parser.add_argument("--only", default="", help="only jobs whose name holds this")
    parser.add_argument("--sizes", default=f"{SMALL},{LARGE}", help="which of the two sizes")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/evidence.md")
    parser.add_argument("--make", nargs=2, metavar=("FILE", "DOCUMENTS"), help="only write a corpus")
    parser.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        raise SystemExit(work(*given.peer))
    if not TWEETS.is_file():
        raise SystemExit(f"The tweets are missing: {TWEETS}")
    if given.make:
        make(Path(given.make[0]), int(given.make[1]))
        return
    sizes = {int(s) for s in given.sizes.split(",")}
    with tempfile.TemporaryDirectory() as name:
        wanted = [x for x in lines(Path(name), given.python) if x.size in sizes and given.only in x.job]
        for size in sizes:
            make(Path(name) / f"{size}.csv", size)
        runs: dict[Line, list[Cost]] = {x: [] for x in wanted}
        for _ in range(given.runs):
            for x in wanted:
                runs[x].append(run(x, given.most))
                print(x.size, x.job, runs[x][-1], file=sys.stderr, flush=True)
    costs = {(x.size, x.job): middle(found) for x, found in runs.items()}
    head = f"{given.runs} round(s), {os.cpu_count()} cores, each line a process of its own."
    text = f"{head}\n\n{table(costs)}\n\n{ratios(costs)}"
    print(text)
    if given.write:
        from pages import write_section

        write_section("text speed", text)


if __name__ == "__main__":
    main()
