"""Files of hypotheses: what is read as one, what is refused, and every error of a file told at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.ask import preview
from heldout.agent.claims_file import stated
from heldout.agent.sealing import How
from heldout.tools.errors import HypothesisError, UsageError
from heldout.tools.verify.hypothesis import GroupDifference

ROOT = Path(__file__).resolve().parent.parent
AFFAIRS = ROOT / "examples" / "data" / "affairs.csv"


def _file(folder: Path, text: str) -> Path:
    path = folder / "claims.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("- wage higher for sex=male\n- 'x ~ y'\n", [("wage higher for sex=male", None), ("x ~ y", None)]),
        ("hypotheses:\n  - claim: x ~ y\n    name: one\n    note: why\n", [("x ~ y", "one")]),
        ("- wage ranks city: A > B\n", [("wage ranks city: A > B", None)]),
        ("# mine\nx ~ y\nx higher for z=no\n", [("x ~ y", None), ("x higher for z=no", None)]),
        ('["x ~ y", "x ~ z"]', [("x ~ y", None), ("x ~ z", None)]),
        ("- {family: trend, outcome: y, predictor: on, name: t}", [({"family": "trend", "outcome": "y",
                                                                    "predictor": "on"}, "t")]),
    ],
)  # fmt: skip
def test_a_file_holds_sentences_and_typed_claims_and_its_words_stay_words(text, wanted, tmp_path):
    assert [(s.claim, s.name) for s in stated(_file(tmp_path, text))] == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- `a b` higher for c=d\n", "is no YAML in line 1"),
        ("- &a [x]\n- *a\n", "aliases are not read"),
        ("{}", "needs its `family`"),
        ("", "holds no list of hypotheses"),
        ("- 3\n- []\n", "Got list"),
        ("- claim: x ~ y\n  nmae: z\n", "Unknown field 'nmae'"),
        ("- !!python/object/apply:os.system [ls]\n", "is no YAML"),
        ("[" * 5_000, "is no YAML"),
    ],
)
def test_a_file_that_holds_no_hypotheses_is_refused_with_the_reason(text, why, tmp_path):
    with pytest.raises(HypothesisError, match=why.replace("[", r"\[")):
        heldout.verify({"x": [1, 2] * 60, "y": [3, 4] * 60}, _file(tmp_path, text), ledger=tmp_path / "l.jsonl")


def test_what_is_no_hypothesis_or_too_many_is_refused(tmp_path):
    with pytest.raises(HypothesisError, match="51 hypotheses are too many"):
        stated([f"x{k} ~ y" for k in range(51)])
    for wrong in ([], 3, [3], [None], {"claim": 3}):
        with pytest.raises(HypothesisError):
            heldout.verify({"x": [1, 2] * 60, "y": [3, 4] * 60}, wrong, ledger=tmp_path / "l.jsonl")
    with pytest.raises(UsageError, match="cannot be read"):
        stated(tmp_path / "none.yml")
    typed = GroupDifference.model_validate(
        {"outcome": "y", "predictor": "g", "levels": {"a": ["u"]}, "direction": "higher"}
    )
    assert stated(typed)[0].claim == typed.as_json()


WRONG = """
- affairs falls with religious
- affairs falls with religous
- [affairs, age]
- {claim: affairs higher for educ, nmae: x}
- {family: trend, outcome: affairs, predictor: age, direction: upward}
- {claim: affairs hihger for educ=16, name: schools}
- {family: ranking, outcome: affairs, predictor: age, order: [1, 1], direction: stated}
"""


def test_every_error_of_a_file_is_told_at_once_with_its_entry_and_the_way_out(tmp_path):
    book = tmp_path / "l.jsonl"
    with pytest.raises(HypothesisError) as err:
        heldout.verify(AFFAIRS, _file(tmp_path, WRONG), ledger=book)
    head, *errors = str(err.value).splitlines()
    assert head == "6 of 7 hypotheses cannot be used; nothing was spent."
    assert [e.split(" (")[0] for e in errors] == [
        "'claims.yml', entry 2", "'claims.yml', entry 3", "'claims.yml', entry 4", "'claims.yml', entry 5",
        "'claims.yml', entry 6, schools", "'claims.yml', entry 7",
    ]  # fmt: skip
    for text, way in zip(errors, ("Did you mean 'religious'", "Write one such as", "only `name` and `note`",
                                  "'rising'", "a word such as higher", "Change that field"), strict=True):  # fmt: skip
        assert way in text
    assert not book.exists()


def test_sentences_that_are_wrong_only_once_their_constants_are_known_are_told_at_once_too(tmp_path):
    n, book = 150, tmp_path / "l.jsonl"
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"y": rng.normal(size=n), "g": rng.choice(list("abcd"), n), "h": rng.choice(list("pqr"), n)})
    with pytest.raises(HypothesisError) as err:
        heldout.verify(table, ["y differs by g", "y higher for g=a", "y differs by h"], ledger=book)
    head, one, other = str(err.value).splitlines()
    assert head.startswith("2 of 3 hypotheses")
    assert one.startswith("Hypothesis 1 (")
    assert other.startswith("Hypothesis 3 (")


def test_a_rule_of_the_data_says_how_few_exceptions_it_grants_and_how_to_grant_more(tmp_path):
    seen = preview(
        AFFAIRS, ["age between 17 and 42", "age is never missing except 2 %"], How(), rule={}, ledger=tmp_path / "l"
    )
    assert [a.supplied for a in seen.asked] == [
        ("at most 0.1 % of rows may break it; end with `except 1 %` to allow more",), (),
    ]  # fmt: skip
