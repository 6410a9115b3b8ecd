"""What docs/review.md says of reviews is what the code does."""

import re
import typing
from pathlib import Path

from heldout.agent.cli_frame import INTERNAL, USAGE
from heldout.agent.review.claims_yaml import parse
from heldout.agent.review.rebaseline import LAST
from heldout.agent.review.report.terminal import LINES
from heldout.tools.review.checked import FaultKind
from heldout.tools.review.learned import InvariantRule, Severity
from heldout.tools.review.shifts import BROKEN
from heldout.tools.review.states import CALIBRATION

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "review.md").read_text(encoding="utf-8")


def test_the_claims_file_of_the_page_is_one() -> None:
    [text] = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "schema_version" in block]
    got = parse(text, "claims.yml").claims
    assert [c.kind for c in got.claims] == ["finding", "invariant"]
    assert got.claims[1].tolerance == 0.001


def test_the_page_names_every_rule_every_fault_and_every_severity() -> None:
    rules = [model.model_fields["rule"].default for model in typing.get_args(typing.get_args(InvariantRule)[0])]
    assert len(rules) == 11
    for name in (*rules, *typing.get_args(FaultKind), *typing.get_args(Severity)):
        assert f"`{name}`" in PAGE, name


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert f"the first {CALIBRATION} deliveries calibrate" in PAGE
    assert f"the last {LAST} deliveries of the history" in PAGE
    assert f"in the first {CALIBRATION} deliveries" in PAGE
    assert BROKEN == 0.5
    assert "at least half of the rows lie elsewhere" in PAGE
    assert f"within some {LINES} lines" in PAGE
    codes = re.findall(r"^\| (\d) \| (.*?) \|", PAGE, re.MULTILINE)
    assert [int(code) for code, _ in codes] == [0, 1, 2, 3, 4]
    assert codes[USAGE][1].startswith("wrong use")
    assert codes[INTERNAL][1] == "an internal error"
