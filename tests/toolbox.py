"""Benches for the tests of the toolbox: a table with known relations and canaries, and a jail made of DuckDB alone."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd

from heldout.agent.looking import look_at
from heldout.agent.outlook import Focus
from heldout.agent.privacy import Privacy
from heldout.agent.summary import Settings
from heldout.agent.toolbox import TOOLS, Bench, call, told
from heldout.agent.toolbox.bench import Jail
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HeldoutError
from heldout.tools.verify.policy import make_rule

CITY, TOWN, RANK, HIGH, LOW, DAY, CELL = (
    "CanaryVille", "Canary-on-Sea", "77", 987_654.25, -123_456.75, "1911-03-04", "canary cell text",
)  # fmt: skip
CANARIES = ("canaryville", "canary-on-sea", "987654", "987700", "9.877e", "123456", "123500", "1911-03", CELL)
LONG = "How satisfied are you with the service that you received from us in the last twelve months?"
ODD = "sp\u200bend\u202e (EUR)\n"
VERBOSE = "strongly agree that the service was delivered on time and in full, as promised by the agent"


class Result(NamedTuple):
    """What a query gave."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    truncated: bool


class OwnJail:
    """SQL on the rows in this process: for the tool's own rules, which must hold wherever SQL runs."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.connection = duckdb.connect()
        self.connection.register("given", frame)
        self.connection.execute("CREATE TABLE data AS SELECT * FROM given")

    def query(self, sql: str) -> Result:
        try:
            answer = self.connection.execute(sql)
            return Result([d[0] for d in answer.description], answer.fetchall(), False)
        except duckdb.Error as err:
            raise HeldoutError(f"The query failed: {type(err).__name__}.") from None


def table(n: int = 900, seed: int = 11) -> pd.DataFrame:
    """`pay` is higher for gold, `left` likelier without a contract; three rows hold what must not be told."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus", "gold"], n, p=[0.5, 0.3, 0.2])
    contract = np.where(rng.random(n) < 0.5, "yes", "no")
    visits = rng.poisson(8, n).astype(float)
    pay = (20 + 9 * (plan == "gold") + 1.5 * visits + rng.normal(0, 10, n)).round(2)
    left = np.where(rng.random(n) < np.where(contract == "yes", 0.15, 0.45), "yes", "no")
    city = rng.choice(["Bonn", "Kiel", "Jena"], n).astype(object)
    rank = rng.integers(1, 5, n).astype(float)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1_200, n), unit="D")
    opinion = np.where(rng.random(n) < 0.6, VERBOSE, "disagree")
    pay[5], pay[6], city[7], city[8], rank[9] = HIGH, LOW, CITY, TOWN, float(RANK)
    frame = pd.DataFrame(
        {"plan": plan, "contract": contract, "visits": visits, "pay": pay, "left": left, "city": city, "rank": rank}
    )
    frame["day"] = day
    frame.loc[10, "day"] = pd.Timestamp(DAY)
    frame[LONG], frame[ODD] = opinion, rng.normal(50, 5, n).round(3)
    return frame


def rows_of(frame: pd.DataFrame) -> Rows:
    return Rows.of({name: frame[name].to_numpy() for name in frame.columns})


def bench_of(
    source: pd.DataFrame | Rows, privacy: Privacy = "profile", *, focus: Focus | None = None, jail: Jail | None = None
) -> Bench:
    """The bench of these rows, explored as a run explores them."""
    rows = source if isinstance(source, Rows) else rows_of(source)
    focus = focus or Focus()
    settings = Settings(make_rule(), focus, True, 1)
    explored = look_at(rows, settings, lambda _: None, {})
    left_out = {"note": f"`note` is left out: it is free text such as '{CELL}' (31 words a cell)."}
    return Bench.of(explored, focus=focus, privacy=privacy, jail=jail, left_out=left_out)


def ask(bench: Bench, name: str, **arguments: Any) -> dict[str, Any]:
    """The answer of one tool."""
    return call(next(t for t in TOOLS if t.name == name), bench, arguments)


def text_of(bench: Bench, name: str, arguments: Mapping[str, Any]) -> str:
    """The answer of one tool as a model would get it."""
    return told(call(next(t for t in TOOLS if t.name == name), bench, arguments))


def proposed(bench: Bench, *claims: Any) -> list[dict[str, Any]]:
    """What became of claims that were proposed together."""
    return ask(bench, "propose", claims=[{"claim": c, "why": "it may matter"} for c in claims])["claims"]
