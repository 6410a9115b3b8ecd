"""What a hostile model knows, and how it makes a claim, a threshold or a query of it."""

import random
import re
from typing import Any

from tests.hostile_table import Victim
from tests.hostile_words import FORGED, MARKUP, UNICODE
from tests.sql_attacks import ALL, BOMBS


class Mind:
    """One script while it runs."""

    def __init__(self, seed: int, kind: str, victim: Victim, parent: int) -> None:
        self.rng, self.kind, self.victim, self.parent = random.Random(seed), kind, victim, parent
        self.turn, self.heard = 0, ""
        self.last = 10_000 if kind in ("endless", "flood") else self.rng.randint(2, 14)
        self.ids: list[str] = []
        self.used: set[str] = set()
        """Kinds of attack that were made."""

    def hear(self, body: dict[str, Any]) -> None:
        self.turn += 1
        texts = [str(m.get("content") or "") for m in body["messages"]]
        self.heard = texts[-1][-3_000:]
        self.ids = sorted(set(re.findall(r"\b(c\d+|the_column_\d+) = ", "".join(texts[:2])))) or self.ids

    def column(self) -> str:
        return self.rng.choice([*self.victim.columns, *self.ids])

    def number(self) -> str:
        name = self.rng.choice(sorted(self.victim.numbers))
        return self.called(name)

    def called(self, name: str) -> str:
        """The column as the grammar takes it: by its short id where its name is unplain and an id is known."""
        if re.fullmatch(r"\w+", name):
            return name
        return self.rng.choice(self.ids) if self.ids and self.rng.random() < 0.7 else f"`{name}`"

    def category(self) -> tuple[str, list[str]]:
        name = self.rng.choice(sorted(self.victim.labels))
        labels = [x if re.fullmatch(r"\w+", x) else f"`{x}`" for x in self.victim.labels[name]]
        self.rng.shuffle(labels)
        return name, labels

    def condition(self) -> str:
        if self.rng.random() < 0.6:
            name = self.rng.choice(sorted(self.victim.numbers))
            return f"{self.called(name)} {self.rng.choice(('>', '<', '>=', '<='))} {self.cut(name)}"
        name, labels = self.category()
        return f"{name}={labels[0]}"

    def cut(self, name: str) -> float:
        """A threshold that leaves rows on both sides."""
        return round(self.rng.choice(self.victim.numbers[name]) + self.rng.choice((0, 0, 0.01, 0.5)), 2)

    def claim(self) -> str:
        """A claim in the grammar's words that nothing speaks for."""
        rng, (cat, labels), other = self.rng, self.category(), self.category()
        a, b = rng.sample(sorted(self.victim.numbers), 2)
        x, y, up = self.called(a), self.called(b), rng.choice(("higher", "lower"))
        forms = (
            f"{x} {up} for {cat}={labels[0]} than {labels[-1]}",
            f"{rng.choice(('mean', 'median', 'p90', 'p25'))} {x} {up} for {cat}={labels[0]}",
            f"{x} {rng.choice(('increases', 'decreases'))} with {y}",
            f"{cat}={labels[0]} {up} for {other[0]}={other[1][0]}",
            f"{cat}={labels[0]} {up} where {self.condition()} and {self.condition()}",
            f"{x} > {self.cut(a)} {up} for {cat}={labels[0]}",
            f"{x} ranks {cat}: {' > '.join(labels)}",
            f"{cat} ~ {other[0]}",
            f"gap in {x} by {cat}={labels[0]} than {labels[-1]} larger for {self.condition()}",
            f"{x} is u-shaped over {y} around {self.cut(b)}",
            f"{x} levels off over {y} after {self.cut(b)}",
            f"{x} is never missing except 1 %",
        )
        text = rng.choice(forms)
        return f"{text} among {self.condition()}" if rng.random() < 0.4 else text

    def junk(self) -> str:
        pools = (FORGED, MARKUP, UNICODE, (self.heard[-400:], "$HOSTILE_SECRET ${HOSTILE_SECRET} %HOSTILE_SECRET%"))
        return " ".join(self.rng.choice(self.rng.choice(pools)) for _ in range(self.rng.randint(1, 4)))

    def sql(self) -> str:
        """A query that reaches for files, cells or too much."""
        form = self.rng.choice(list((BOMBS if self.rng.random() < 0.05 else ALL).values()))
        o, w = self.victim.outside, self.victim.outside.parent / "written"
        try:
            return form.format(o=o, w=w, parent=self.parent)
        except (KeyError, IndexError, ValueError):
            return form

    def cells(self) -> str:
        """A query that reaches for single cells."""
        name, number = '"' + self.column().replace('"', '""') + '"', self.number().replace("`", '"')
        forms = (
            f"SELECT {name}, count(*) AS n FROM data GROUP BY 1 ORDER BY n",
            f"SELECT min({name}), max({name}), count(*) AS n FROM data",
            f"SELECT string_agg({name}, ',') AS x, count(*) AS n FROM data",
            f"SELECT list({name}), count(*) AS n FROM data",
            f"SELECT {name} AS n FROM data ORDER BY 1 DESC LIMIT 40",
            f"SELECT max({number}) AS n, count(*) AS n FROM data",
            f"SELECT quantile_cont({number}, 0.9999) AS x, count(*) AS n FROM data",
            f"SELECT sum({number}) AS x, count(*) AS n FROM data WHERE {number} > 500000",
            f"SELECT {name}, 100 AS n FROM data",
            f"SELECT any_value({name}) AS a, count(*) AS n FROM data",
            f"SELECT upper({name}) AS u, count(*) + 100 AS n FROM data GROUP BY 1",
            f"SELECT {name} || repeat('x', 0) AS u, count(*) AS n FROM data GROUP BY u HAVING n < 10",
            f"SELECT count(*) AS n FROM data WHERE {name} LIKE 'Rare%'",
            f"SELECT CAST({name} AS INTEGER) AS u, count(*) AS n FROM data GROUP BY 1",
            f"SELECT error({name}) AS u, count(*) AS n FROM data",
            f"SELECT sqrt(-abs({number})) AS u, count(*) AS n FROM data",
        )
        return self.rng.choice(forms)
