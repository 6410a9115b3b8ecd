"""Rules learned on one half of a real table and checked on the other: how often is a rule of nothing broken?

    python benchmarks/invariant_halves.py --runs 200

Each run cuts a table at random. One half is what claims are learned from (its own halves being explored and held out),
the other half is the delivery; nothing has happened to it, so that every broken rule is a false alarm. Then the same
delivery is damaged in one way at a time, and counted is how often a rule on that column is broken. Prints Markdown.
Needs ../shared/data. Known limit: halves of one table differ by chance alone, deliveries of a year do not.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from heldout.tools.data.dataset import open_dataset  # noqa: E402
from heldout.tools.data.readers_binary import quoted  # noqa: E402
from heldout.tools.data.rows import Rows  # noqa: E402
from heldout.tools.data.schema import Column  # noqa: E402
from heldout.tools.explore.structure import find_structure  # noqa: E402
from heldout.tools.review.invariants import ProposedRule, check_rules, confirm_rules, learn_rules, says  # noqa: E402
from heldout.tools.review.invariants_sql import columns_of  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
TABLES = {
    "bikeshare": "dat8/bikeshare.csv", "taxis": "seaborn/taxis.csv", "flights": "drift/flights_autumn.csv",
    "churn": "rdatasets/modeldata/wa_churn.csv", "movies": "fivethirtyeight/bechdel/movies.csv",
    "titanic": "seaborn/titanic.csv", "gapminder": "rdatasets/gapminder/gapminder.csv",
    "incidents": "insightbench/csvs/flag-1.csv",
}  # fmt: skip
SHARE = 0.02
"""Of the rows of a delivery that are damaged."""


class Damage(NamedTuple):
    """One way in which the rows of a column go wrong."""

    name: str
    fits: Callable[[Column], bool]
    sql: str
    """What damaged cells of the column `{c}` become."""


DAMAGES = (
    Damage("cells lost", lambda c: c.missing == 0, "NULL"),
    Damage("numbers x 1,000", lambda c: c.type == "number" and c.distinct > 20, "{c} * 1000"),
    Damage("numbers below zero", lambda c: c.type == "number" and c.distinct > 20, "-abs({c}) - 1"),
    Damage("new label", lambda c: c.type in ("boolean", "category") and c.distinct < 20, "'never seen'"),
    Damage("codes cut", lambda c: c.type == "identifier" and c.storage == "VARCHAR", "left({c}, 2)"),
    Damage("dates of 1900", lambda c: c.type == "datetime", "TIMESTAMP '1900-01-01'"),
)


class Seen(NamedTuple):
    """One run on one table."""

    rules: int
    dropped: int
    broken: tuple[str, ...]
    """Kind and severity of every rule that the other half breaks."""
    caught: tuple[tuple[str, bool], ...]


def rows_of(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Column]) -> Rows:
    """The analysed columns of a table, as exploration sees them."""
    names = [n for n, c in columns.items() if c.analysed]
    cells = ", ".join(quoted(n) for n in names)
    frame = con.execute(f"SELECT {cells} FROM {table} ORDER BY _row").df()
    return Rows.of({n: frame[n].to_numpy() for n in names})


def learned(con: duckdb.DuckDBPyConnection, columns: Mapping[str, Column]) -> tuple[list[ProposedRule], int]:
    """Rules of the tables `explored` and `held`, and how many of them were dropped."""
    n = {t: con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in ("explored", "held")}
    structure = find_structure(rows_of(con, "explored", columns))
    proposed = learn_rules(con, "explored", columns, structure, sum(n.values()))
    kept = confirm_rules(proposed, con, "held", columns, n["held"], learned="explored")
    return kept, len(proposed) - len(kept)


def one_run(path: str, seed: int, told: bool = False) -> Seen:
    """One cut of one table."""
    rng = np.random.default_rng(seed)
    with open_dataset(DATA / path) as data:
        con, columns = data.cursor(), {c.name: c for c in data.columns}
        part = np.zeros(data.rows, np.int64)
        order = rng.permutation(data.rows)
        part[order[: data.rows // 4]], part[order[data.rows // 4 : data.rows // 2]] = 1, 2
        at = con.execute("SELECT _row FROM data ORDER BY _row").fetchnumpy()["_row"]
        con.register("parts", {"_row": at, "part": part})
        for number, name in enumerate(("delivered", "explored", "held")):
            con.execute(
                f"CREATE TABLE {name} AS SELECT d.* FROM data d JOIN parts p USING (_row) WHERE part = {number} "
                "ORDER BY _row"
            )
        rules, dropped = learned(con, columns)
        rows = int((part == 0).sum())
        seen = check_rules([(p.rule, p.tolerance) for p in rules], con, "delivered", columns, rows, unread=())
        if told:
            for p, v in zip(rules, seen, strict=True):
                print(f"{v.state:12} {p.severity:6} {says(p.rule, p.tolerance, columns)}")
        broken = tuple(f"{p.rule.rule} ({p.severity})" for p, v in zip(rules, seen, strict=True) if v.state == "broken")
        return Seen(len(rules), dropped, broken, tuple(_damaged(con, columns, rules, rows, rng)))


def _damaged(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, Column], rules: list[ProposedRule], rows: int,
    rng: np.random.Generator,
) -> list[tuple[str, bool]]:  # fmt: skip
    """For each damage, whether a rule on a column drawn at random is broken by it."""
    out = []
    for damage in DAMAGES:
        fitting = [c for c in columns.values() if damage.fits(c) and not c.derived_from]
        if fitting:
            column = fitting[int(rng.integers(len(fitting)))]
            name = quoted(column.name)
            worse = damage.sql.format(c=name)
            con.execute(
                f"CREATE OR REPLACE TABLE damaged AS SELECT * REPLACE (CASE WHEN row_number() OVER (ORDER BY _row) <= "
                f"{SHARE * rows} THEN {worse} ELSE {name} END AS {name}) FROM delivered"
            )
            own = [(p.rule, p.tolerance) for p in rules if column.name in columns_of(p.rule)]
            seen = check_rules(own, con, "damaged", columns, rows)
            out.append((damage.name, any(v.state == "broken" for v in seen)))
    repeated = [p for p in rules if p.rule.rule == "unique"]
    if repeated:
        con.execute(
            "CREATE OR REPLACE TABLE damaged AS FROM delivered UNION ALL (FROM delivered ORDER BY _row LIMIT 5)"
        )
        seen = check_rules([(p.rule, p.tolerance) for p in repeated], con, "damaged", columns, rows + 5)
        out.append(("five rows twice", all(v.rows == 5 for v in seen)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--table", choices=list(TABLES), help="print the rules of one table instead")
    arguments = parser.parse_args()
    if arguments.table:
        one_run(TABLES[arguments.table], 0, told=True)
        return
    print(
        "| table | rules | not confirmed | runs with a broken rule | with an error | which |\n|---|---|---|---|---|---|"
    )
    caught: dict[str, list[bool]] = {}
    with ProcessPoolExecutor(arguments.workers) as pool:
        for name, path in TABLES.items():
            seen = list(pool.map(one_run, [path] * arguments.runs, range(arguments.runs)))
            kinds = Counter(kind for s in seen for kind in s.broken)
            for damage, found in (c for s in seen for c in s.caught):
                caught.setdefault(damage, []).append(found)
            any_, error = (np.mean([any(word in k for k in s.broken) for s in seen]) for word in ("(", "(error)"))
            rules, dropped = np.mean([s.rules for s in seen]), np.mean([s.dropped for s in seen])
            which = ", ".join(f"{k} {n}" for k, n in kinds.most_common()) or "none"
            print(f"| {name} | {rules:.1f} | {dropped:.2f} | {any_:.1%} | {error:.1%} | {which} |", flush=True)
    print(f"\n| damage of {SHARE:.0%} of the rows of one column | tried | a rule breaks |\n|---|---|---|")
    for damage, found in caught.items():
        print(f"| {damage} | {len(found):,} | {np.mean(found):.0%} |")


if __name__ == "__main__":
    main()
