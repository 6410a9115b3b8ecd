"""The closed-form questions of ../shared/data/gold.jsonl, answered from SQL as a model would write it.

    python benchmarks/closed_form.py            # each question: the query, the answer, the label
    python benchmarks/closed_form.py --write    # the same, and the table goes into docs/evidence.md

The queries are written by hand from the question alone. Each goes the whole way of a fact: the guard, the exposure in a
ledger, all rows in a process of their own. What SQL cannot compute is refused, with the reason.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from heldout.agent.questions import inquiry
from heldout.tools.errors import HeldoutError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
BEGIN, END = "<!-- closed form -->", "<!-- /closed form -->"


class Query(NamedTuple):
    sql: str
    keys: tuple[str, ...]
    """The gold key of each cell, row by row; empty for a cell that is no answer."""
    refused: str = ""
    """Why a part of the question has no answer here."""


_FENCES = (
    "WITH q AS (SELECT quantile_cont(charges, 0.25) AS a, quantile_cont(charges, 0.75) AS b FROM data) "
    "SELECT count(*) AS total, avg(charges) AS mean, median(charges) AS median FROM data, q "
    "WHERE charges < a - 1.5 * (b - a) OR charges > b + 1.5 * (b - a)"
)
_HAPPY = ", ".join(
    f"corr(\"Happiness Score\", \"{name}\") AS \"{name}\""
    for name in (
        "Happiness Rank", "Standard Error", "Economy (GDP per Capita)", "Family", "Health (Life Expectancy)", "Freedom",
        "Trust (Government Corruption)", "Generosity", "Dystopia Residual",
    )
)  # fmt: skip
_AGES = (
    'SELECT "Sex", "Pclass", avg("Age") AS mean FROM data WHERE "Age" IS NOT NULL GROUP BY "Sex", "Pclass" '
    'ORDER BY "Sex", "Pclass"'
)
QUERIES = {
    "G002": Query("SELECT avg(age) AS mean_age FROM data", ("mean_age",)),
    "G003": Query("SELECT corr(charges, children) AS r FROM data", ("correlation_coefficient",)),
    "G004": Query(_FENCES, ("total_outliers", "mean_charges_outliers", "median_charges_outliers")),
    "G010": Query(f"SELECT {_HAPPY} FROM data", ("strongest_correlation_variable",)),
    "G013": Query(
        "SELECT median(\"Age\") AS median_age FROM data WHERE \"Sex\" = 'male' AND \"Survived\"::VARCHAR = '1' AND "
        '"Fare" > (SELECT avg("Fare") FROM data)',
        ("median_age",),
    ),
    "G014": Query(
        "SELECT corr(\"Age\", \"Fare\") AS r FROM data WHERE \"Survived\"::VARCHAR = '1' AND \"Pclass\" = 1",
        ("correlation_coefficient",),
    ),
    "G020": Query('SELECT corr("Pclass", "Fare") AS r FROM data', ("correlation_pclass_fare",)),
    "G021": Query('SELECT corr("Pclass", "Fare") AS r FROM data', ("correlation_coefficient",)),
    "G022": Query(
        _AGES, tuple(k for s in ("female", "male") for c in (1, 2, 3) for k in ("", "", f"average_age_{s}_class{c}"))
    ),
    "G036": Query("SELECT avg(mpg) AS mean, median(mpg) AS median FROM data", ("mean_mpg", "median_mpg")),
    "G037": Query("SELECT corr(mpg, weight) AS r FROM data", ("correlation_coefficient",)),
    "G038": Query(
        "SELECT corr(pop, gdppercap) AS r FROM data", ("correlation_coefficient",),
        "a p-value is no fact of the rows: the claim `pop ~ gdppercap` asks for it, on sealed rows",
    ),
    "G039": Query(
        'SELECT avg("Income") AS mean, stddev_samp("Income") AS sd FROM data', ("mean_income", "std_dev_income")
    ),
    "G040": Query('SELECT corr("Limit", "Balance") AS r FROM data', ("correlation_coefficient",)),
}  # fmt: skip


def questions() -> list[dict]:
    lines = (DATA / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    return [g for g in map(json.loads, lines) if g["task_type"] == "closed_form"]


def answered(question: dict, query: Query, folder: Path) -> dict[str, object]:
    """Gold key to the value that the fact gave."""
    with inquiry(DATA / question["file"], ledger=folder / f"{question['id']}.jsonl") as asked:
        answer = asked.fact(question["question"], query.sql, "the answer")
    if answer.fact is None or answer.fact.rows_read != "all":
        raise HeldoutError("not answered from all rows")
    if query.keys == ("strongest_correlation_variable",):
        pairs = zip(answer.fact.cells[0], answer.fact.columns, strict=True)
        return {query.keys[0]: max(pairs, key=lambda pair: abs(pair[0]))[1]}
    flat = [value for row in answer.fact.cells for value in row]
    return {key: value for key, value in zip(query.keys, flat, strict=True) if key}


def is_right(value: object, label: str) -> bool:
    """Equal as rounded in the label, or within .006 or 0.2 %: the tolerance of the labels."""
    if not isinstance(value, (int, float)):
        return str(value) == label
    gold = float(label)
    places = len(label.partition(".")[2])
    return round(value, places) == gold or abs(value - gold) <= max(0.006, 0.002 * abs(gold))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    arguments = parser.parse_args()
    rows, right, refused, wrong = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for question in questions():
            query = QUERIES[question["id"]]
            found = answered(question, query, Path(folder))
            states = []
            for key, label in question["gold"].items():
                if key not in found and query.refused:
                    refused += 1
                    states.append(f"{key}: refused ({query.refused})")
                    continue
                good = is_right(found.get(key), label)
                right, wrong = right + good, wrong + (not good)
                value = found.get(key)
                shown = f"{value:.6g}" if isinstance(value, float) else str(value)
                states.append(f"{key} {shown} ({'label ' + label if good else 'WRONG, label ' + label})")
            name = Path(question["file"]).name
            rows.append(f"| {question['id']} | {name} | {'; '.join(states)} |")
            print(rows[-1], flush=True)
    head = "| question | table | answer |\n| --- | --- | --- |"
    said = f"{len(rows)} questions, {right} figures right, {wrong} wrong, {refused} refused with the reason."
    print(said)
    if arguments.write:
        page = ROOT / "docs" / "evidence.md"
        text = page.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{said}\n\n{head}\n" + "\n".join(rows) + f"\n{END}{after}", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
