"""claims.yml: what is written is read back, what a person edits is understood, and every mistake is told at once."""

import difflib
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings

from heldout.agent.review.claims_yaml import near, parse, plain, read_claims, read_file, write_claims
from heldout.tools.errors import UsageError
from heldout.tools.review.learned import InRange, LearnedClaims
from tests.review_claims import arbitrary, distribution, finding, invariant, learned


def _read(text: str) -> LearnedClaims:
    return parse(text, "claims.yml").claims


def _mistakes(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        _read(text)
    return str(caught.value).split("\n")


@settings(max_examples=25)
@given(arbitrary())
def test_whatever_is_written_is_read_back_and_written_the_same(claims: LearnedClaims) -> None:
    text = write_claims(claims)
    got = _read(text)
    assert write_claims(got) == text
    for was, now in zip(claims.claims, got.claims, strict=True):
        measured = {"baseline", "distribution", "line"}
        assert now.model_dump(exclude=measured) == was.model_dump(exclude=measured)
        if was.baseline:
            assert abs(now.baseline.effect - was.baseline.effect) <= max(
                5e-4 * was.baseline.standard_error, 1e-15 * abs(was.baseline.effect)
            )
        if was.distribution:
            assert now.distribution.edges == was.distribution.edges
            assert now.distribution.levels == was.distribution.levels
    assert got.columns == claims.columns


@settings(max_examples=10)
@given(arbitrary())
def test_any_other_reader_of_yaml_sees_the_same_words_and_numbers(claims: LearnedClaims) -> None:
    text = write_claims(claims)
    assert yaml.load(text, Loader=yaml.SafeLoader) == plain(_read(text))


def test_each_claim_knows_its_line_and_each_column_too(tmp_path: Path) -> None:
    path = tmp_path / "claims.yml"
    path.write_text(write_claims(learned()), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").split("\n")
    got = read_file(path)
    assert [c.id in lines[c.line - 1] for c in got.claims.claims] == [True] * 5
    assert [name in lines[at - 1] for name, at in got.column_lines.items()] == [True] * 4
    assert got.claims == learned().model_copy(update={"claims": got.claims.claims})


def test_findings_stand_first_and_a_distribution_is_one_line() -> None:
    text = write_claims(learned([distribution(), invariant(InRange(column="spend", low=0), id="inv"), finding()]))
    assert text.index("id: f-spend") < text.index("id: inv") < text.index("id: dist-spend")
    assert len([line for line in text.split("\n") if "dist-spend" in line and "counts: [300, 500, 397]}" in line]) == 1


def test_a_change_of_one_bound_changes_one_line() -> None:
    other = [c if c.id != "inv-range" else c.model_copy(update={"invariant": InRange(column="spend", low=-5)})
             for c in learned().claims]  # fmt: skip
    diff = difflib.unified_diff(write_claims(learned()).split("\n"), write_claims(learned(other)).split("\n"), n=0)
    assert len([line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]) == 2


def test_six_digits_never_lose_what_the_spread_can_tell() -> None:
    assert near(40.123456789) == 40.1235
    assert near(1_700_000_003.25, 2.0) == 1_700_000_003.25
    assert near(0.0, 0.0) == 0.0
    assert near(123456789.0) == 123457000.0


def test_labels_that_yaml_takes_for_something_else_stay_words() -> None:
    text = write_claims(learned()).replace('allowed: [basic, gold, "no"]', "allowed: [basic, no, 1, 1.50, true, 007]")
    assert _read(text).claim("inv-plan").invariant.allowed == ("basic", "no", "1", "1.50", "true", "007")


def test_an_environment_variable_is_never_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    text = write_claims(learned([finding(says="${SECRET} $SECRET", owner="${SECRET}")]))
    assert _read(text).claims[0].owner == "${SECRET}"
    assert "hunter2" not in _read(text).canonical()


def test_every_mistake_is_told_at_once_with_line_value_and_way_out() -> None:
    text = write_claims(learned())
    for was, now in (
        ("severity: error\n    finding", "severity: eror\n    finding"),
        ("tolerance: 0.001", "tolerence: 0.001"),
        ("rule: row_count", "rule: row_cuont"),
        ("standard_error: 0.0123456, rows: 1200", "standard_error: wide, rows: 1200"),
        ('unit: "$"', 'unit: "$", levls: []'),
        ("column: plan", "column: paln"),
    ):
        assert was in text
        text = text.replace(was, now)
    told = _mistakes(text)
    assert len(told) == 6
    for line, words in zip(
        told,
        (
            "`levls` is no field here. Did you mean `levels`?",
            "`severity` is 'eror', and may be error, warn, info. Did you mean error?",
            "`baseline.standard_error` is 'wide'. A number is wanted here.",
            "`tolerence` is no field here. Did you mean `tolerance`?",
            "no column `paln` under `columns`. Did you mean `plan`?",
            "`invariant.rule` is 'row_cuont'",
        ),
        strict=True,
    ):  # fmt: skip
        assert words in line
        at = int(line.split("line ")[1].split(":")[0])
        assert any(
            word in text.split("\n")[at - 1] for word in ("levls", "eror", "wide", "tolerence", "paln", "row_cuont")
        ), line


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("id: inv-plan", "id: inv-range", "the id `inv-range` stands in line"),
        ("tolerance: 0.001", "tolerance: 1.5", "`tolerance` is 1.5. Write a share from 0 to 1."),
        ("low: 600, high: 2400", "low: 2400, high: 600", "Exchange them."),
        ("rows: 1200}\n    origin", "rows: 0}\n    origin", "`baseline` needs"),
        ("rule: in_range, column: spend, low: 0", "rule: format, column: spend, pattern: '(a'", "no regular"),
        ("id: inv-plan\n", "id: inv-plan\n    suppressed: {reason: r, owner: o, expires: soon}\n", "such as 2026"),
        ("schema_version: 1", "schema_version: 2", "`schema_version` is '2', and this heldout reads 1."),
        ("id: inv-plan", "id: &a inv-plan", "tags and anchors are not read"),
        ("claims:\n\n", "claims:\n  - *a\n", "aliases are not read"),
        ("time: ordered", "time: ordered\ntime: spend", "`time` stands here a second time, after line"),
        ("time: ordered", "\ttime: ordered", "indented by blanks"),
        ('says: "A rule', 'sys: "A rule', "Did you mean `says`?"),
        ("kind: invariant", "kind: finding", "needs the field 'finding'"),
        ("source: orders.csv", "", "`source` is missing."),
        ('allowed: [basic, gold, "no"]', "allowed: [basic, null]", "`invariant.allowed.1` is 'null'. A word is wanted"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_way_out(was: str, now: str, says: str) -> None:
    text = write_claims(learned())
    assert was in text
    changed = text.replace(was, now, 1)
    assert says in "\n".join(_mistakes(changed))


def test_a_bracket_that_is_not_closed_is_told_with_where_it_began() -> None:
    text = write_claims(learned()).replace('levels: [basic, gold, "no"]', 'levels: [basic, gold, "no"')
    [told] = _mistakes(text)
    at = next(i for i, line in enumerate(text.split("\n"), 1) if "levels: [basic" in line)
    assert f"in what begins in line {at}" in told
    assert "check quotes, brackets and indents" in told


def test_whatever_is_damaged_is_read_or_told_and_never_a_crash() -> None:
    rng = np.random.default_rng(11)
    text, pieces = (
        write_claims(learned()),
        ["[", "}", ": ", "\n", "- ", '"', "&a", "!x", "|", "null", "9" * 5000, "\x00", "<<: "],
    )
    told = 0
    for _ in range(150):
        at, more = (int(x) for x in rng.integers(0, len(text), 2))
        damaged = text[:at] + pieces[more % len(pieces)] * (more % 3) + text[at + more % 40 :]
        try:
            _read(damaged)
        except UsageError as err:
            told += "line " in str(err)
    assert 75 < told < 150


def test_what_is_no_claims_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "c.yml"
    for text, says in (
        (b"", "it is empty"), (b"- a", "this is no claims file"), (b"\xff\xfe", "not UTF-8"), (b"a: [", "line 2"),
        (b"x" * 10_000_001, "larger than 10,000,000 bytes"),
        (b"a: " + b"[" * 900 + b"]" * 900, "stand inside each other"),
        (b"{}", "`source` is missing"), (b"a: 1\n---\nb: 2", "a second document"), (b"a: \x00", "a character"),
    ):  # fmt: skip
        path.write_bytes(text)
        with pytest.raises(UsageError, match=says):
            read_claims(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_claims(tmp_path / "absent.yml")


def test_a_file_with_windows_line_ends_and_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "claims.yml"
    path.write_bytes(b"\xef\xbb\xbf" + write_claims(learned()).replace("\n", "\r\n").encode())
    assert read_claims(path) == _read(write_claims(learned()))
