"""A shop whose truths are known as a CSV file, and the command line asked about it as a person would."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
from click.testing import CliRunner, Result

from heldout.agent.cli import cli


def run(*arguments: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], input=typed)


def written(frame: pd.DataFrame, folder: Path, name: str = "shop.csv") -> Path:
    path = folder / name
    frame.to_csv(path, index=False)
    return path


def kinds(book: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in book.read_text().splitlines()]


def exposed(book: Path) -> list[list[str]]:
    return [e["body"]["columns"] for e in map(json.loads, book.read_text().splitlines()) if e["kind"] == "exposed"]


def flat(text: str) -> str:
    """The text on one line: where lines were broken does not matter."""
    return re.sub(r"\s+", " ", text)


def cells(answer: Any) -> list[list[Any]]:
    return [list(row) for row in answer.fact.cells]
