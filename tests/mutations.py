"""Makes damaged and odd table files from a seed, and says what an honest reader may do with each.

Shared by tests/test_bad_files.py and benchmarks/mutated_files.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.schema import Limits
from heldout.tools.errors import DataError

NAMES = ["city", "when", "price", "count", "kind", "note"]
CITIES = ["Paris", "Lyon", "Nice", "Lille"]
KINDS = ["new", "old", "used"]


@dataclass(frozen=True)
class Result:
    """What opening a mutant came to: opened, refused, or a fault with its reason."""

    outcome: str
    reason: str = ""


def table(rng: random.Random, rows: int) -> list[list[str]]:
    """Cells of a plain table with numbers, dates, labels and free remarks with commas and quotes."""
    out = []
    for i in range(rows):
        day = f"20{rng.randint(10, 23)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        note = rng.choice(["fine", "so, so", 'a "good" one', "late", ""]) + f" {i}"
        price, count = f"{rng.gauss(100, 20):.2f}", str(rng.randint(0, 500))
        out.append([rng.choice(CITIES), day, price, count, rng.choice(KINDS), note.strip()])
    return out


def csv_text(names: list[str], rows: list[list[str]], *, delimiter: str = ",", newline: str = "\n") -> str:
    """A CSV with quotes where a cell needs them."""

    def cell(value: str) -> str:
        if any(sign in value for sign in (delimiter, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value

    return "".join(delimiter.join(cell(v) for v in row) + newline for row in [names, *rows])


def _plain(rng: random.Random) -> tuple[list[list[str]], str]:
    rows = table(rng, rng.randint(30, 300))
    return rows, csv_text(NAMES, rows)


def truncated(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    cut = text[: rng.randint(len(text) // 3, len(text) - 2)]
    return {"data": cut, "names": NAMES, "most": len(rows), "keep": rows, "last": True}


def unbalanced_quote(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    lines = text.split("\n")
    at = rng.randint(1, len(lines) - 3)
    fields = lines[at].split(",")
    which = rng.randrange(5)
    fields[which] = '"' + fields[which]
    lines[at] = ",".join(fields)
    return {"data": "\n".join(lines), "rows": len(rows), "keep": rows, "names": NAMES, "spare": 3}


def header_quote(rng: random.Random) -> dict:
    _, text = _plain(rng)
    return {"data": '"' + text}


def utf16(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    return {
        "data": text.encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be"])),
        "rows": len(rows),
        "keep": rows,
        "names": NAMES,
    }


def nul_bytes(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    raw = bytearray(text.encode())
    for _ in range(rng.randint(1, 3)):
        raw.insert(rng.randrange(len(",".join(NAMES)) + 1, len(raw)), 0)
    return {"data": bytes(raw), "rows": len(rows), "keep": rows, "names": NAMES}


def huge_line(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    at = rng.randint(1, len(rows) - 1)
    rows[at][5] = "x" * 3_000_000
    small = rng.random() < 0.5
    return {"data": csv_text(NAMES, rows), "rows": len(rows), "keep": rows, "names": NAMES,
            "limits": Limits(max_line=1_000_000) if small else Limits(), "refuse": small}  # fmt: skip


def duplicate_headers(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    names = [*NAMES[:3], "price", "PRICE", "note"]
    return {"data": csv_text(names, rows), "rows": len(rows),
            "names": ["city", "when", "price", "price_2", "PRICE_3", "note"]}  # fmt: skip


def empty_columns(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    for row in rows:
        row.insert(2, "")
    return {"data": csv_text([*NAMES[:2], "", *NAMES[2:]], rows), "rows": len(rows),
            "names": ["city", "when", "column_3", *NAMES[2:]]}  # fmt: skip


def all_missing(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    for row in rows:
        row[2] = rng.choice(["NA", "", "null"])
    return {"data": csv_text(NAMES, rows), "rows": len(rows), "names": NAMES, "types": {"price": "empty"}}


def constant(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    for row in rows:
        row[4] = "same"
    return {
        "data": csv_text(NAMES, rows),
        "rows": len(rows),
        "keep": rows,
        "names": NAMES,
        "types": {"kind": "constant"},
    }


def many_columns(rng: random.Random) -> dict:
    width = 10_000
    text = ",".join(f"v{i}" for i in range(width)) + "\n"
    text += "".join(",".join(str(rng.randint(0, 9)) for _ in range(width)) + "\n" for _ in range(3))
    return {"data": text, "refuse": True}


def infinities(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    for row in rng.sample(rows, 2):
        row[2] = rng.choice(["inf", "-inf", "Infinity", "1e999"])
    return {"data": csv_text(NAMES, rows), "rows": len(rows), "names": NAMES, "types": {"price": "number"}}


def far_dates(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    for row in rng.sample(rows, 3):
        row[1] = rng.choice(["9999-12-31", "2999-01-01", "0001-01-01"])
    return {
        "data": csv_text(NAMES, rows),
        "rows": len(rows),
        "keep": rows,
        "names": NAMES,
        "types": {"when": "datetime"},
    }


def byte_flips(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    raw = bytearray(text.encode())
    for _ in range(rng.randint(1, 8)):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return {"data": bytes(raw), "most": len(rows) + 8}


def ragged(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    lines = text.split("\n")
    bad = rng.sample(range(2, len(lines) - 1), rng.choice([1, max(2, len(lines) // 5)]))
    for at in bad:
        lines[at] = rng.choice([lines[at] + ",more,cells", lines[at].split(",")[0]])
    return {"data": "\n".join(lines), "rows": len(rows), "keep": rows, "names": NAMES, "spare": len(bad)}


def empty(rng: random.Random) -> dict:
    return {"data": rng.choice([b"", b"\n\n", b"   \n", b"\xef\xbb\xbf"]), "refuse": True}


def binary(rng: random.Random) -> dict:
    return {
        "data": rng.choice([b"", b"\x89PNG\r\n", b"%PDF-1.4\n", b"PK\x03\x04"]) + rng.randbytes(5000),
        "refuse": True,
    }


def header_only(rng: random.Random) -> dict:
    return {"data": ",".join(NAMES) + rng.choice(["", "\n", "\r\n", "\n\n"]), "refuse": True}


def mixed_newlines(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    lines = text.split("\n")[:-1]
    ends = rng.choice([["\n", "\r\n"], ["\r"], ["\r\n"], ["\n", "\r\n", "\r"]])
    return {"data": "".join(line + rng.choice(ends) for line in lines), "rows": len(rows), "keep": rows, "names": NAMES}


def byte_order_mark(rng: random.Random) -> dict:
    rows, text = _plain(rng)
    return {"data": b"\xef\xbb\xbf" + text.encode(), "rows": len(rows), "keep": rows, "names": NAMES}


def latin1(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    for row in rows:
        row[0] = rng.choice(["Orléans", "Nîmes", "Besançon", "Málaga"])
    return {"data": csv_text(NAMES, rows).encode("latin-1"), "rows": len(rows), "keep": rows, "names": NAMES,
            "levels": {"city": {"Orléans", "Nîmes", "Besançon", "Málaga"}}}  # fmt: skip


def other_delimiter(rng: random.Random) -> dict:
    rows, _ = _plain(rng)
    return {
        "data": csv_text(NAMES, rows, delimiter=rng.choice([";", "\t", "|"])),
        "rows": len(rows),
        "keep": rows,
        "names": NAMES,
    }


def bad_cells(rng: random.Random) -> dict:
    rows = table(rng, 300)
    for row in rng.sample(rows[200:], 2):
        row[2] = "see note"
    return {"data": csv_text(NAMES, rows), "rows": len(rows), "names": NAMES, "types": {"price": "number"},
            "note": "not a number"}  # fmt: skip


KINDS_OF_DAMAGE: dict[str, Callable[[random.Random], dict]] = {
    f.__name__: f
    for f in (
        truncated, unbalanced_quote, header_quote, utf16, nul_bytes, huge_line, duplicate_headers, empty_columns,
        all_missing, constant, many_columns, infinities, far_dates, byte_flips, ragged, empty, binary, header_only,
        mixed_newlines, byte_order_mark, latin1, other_delimiter, bad_cells,
    )
}  # fmt: skip


def write_mutant(kind: str, seed: int, folder: Path) -> tuple[Path, Limits]:
    """Writes the mutant's file; returns its path and the limits it is meant to be read with."""
    made = KINDS_OF_DAMAGE[kind](random.Random(f"{kind}-{seed}"))
    return _written(made, kind, seed, folder), made.get("limits", Limits())


def _written(made: dict, kind: str, seed: int, folder: Path) -> Path:
    data = made["data"]
    path = folder / f"{kind}_{seed}.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def try_mutant(kind: str, seed: int, folder: Path) -> Result:
    """Makes the mutant, opens it, and judges: opened as promised, refused in words, or a fault."""
    made = KINDS_OF_DAMAGE[kind](random.Random(f"{kind}-{seed}"))
    path = _written(made, kind, seed, folder)
    try:
        with open_dataset(path, limits=made.get("limits", Limits()), threads=1, folder=folder) as opened:
            fault = _fault(opened, made)
    except DataError as err:
        return Result("refused", str(err)) if path.name in str(err) else Result("fault", f"file not named: {err}")
    except Exception as err:
        return Result("fault", f"{type(err).__name__}: {err}")
    finally:
        path.unlink()
    return Result("fault", fault) if fault else Result("opened")


def _fault(opened, made: dict) -> str:
    """What is silently wrong with an opened table, or nothing."""
    if made.get("refuse"):
        return "opened what has no table"
    names = tuple(c.name for c in opened.columns)
    if "names" in made and names != tuple(made["names"]):
        return f"columns {names}"
    told = any("left out because" in n.text or "NUL" in n.text for n in opened.notes)
    if (
        "rows" in made
        and opened.rows != made["rows"]
        and not (told and made["rows"] - opened.rows <= made.get("spare", 0))
    ):
        return f"{opened.rows} rows of {made['rows']}"
    if opened.rows > made.get("most", opened.rows):
        return f"{opened.rows} rows of at most {made['most']}"
    if "keep" in made and not _kept(opened, made["keep"], drop_last=made.get("last", False)):
        return "cells moved or changed"
    types = {c.name: c.type for c in opened.columns}
    for name, kind in made.get("types", {}).items():
        if types[name] != kind:
            return f"{name} is {types[name]}"
    for column in opened.columns:
        if column.name in made.get("levels", {}) and set(column.levels) != made["levels"][column.name]:
            return f"{column.name} has levels {column.levels}"
    if "note" in made and not any(made["note"] in n.text for n in opened.notes):
        return "no note"
    return ""


def _kept(opened, rows: list[list[str]], *, drop_last: bool) -> bool:
    """Whether the prices and counts that were read are those of the file, in its order, none invented."""
    found = opened.cursor().execute('SELECT price, "count" FROM data ORDER BY _row').fetchall()
    found = found[:-1] if drop_last else found
    source = iter((float(row[2]), float(row[3])) for row in rows)
    return all(any(_same(pair, true) for true in source) for pair in found)


def _same(pair: tuple, true: tuple[float, float]) -> bool:
    """Whether the two numbers of a row are the file's; a damaged cell may have become missing."""
    return all(a is None or float(a) == b for a, b in zip(pair, true, strict=True)) and pair != (None, None)
