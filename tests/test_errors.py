"""The exceptions: one tree, by what the user must do, with texts that name the value and the way out."""

import ast
import re
from pathlib import Path

import pytest

from heldout.tools import errors
from heldout.tools.errors import (
    DataError,
    HeldoutError,
    HypothesisError,
    LedgerError,
    NoVaultLeft,
    QueryFailed,
    QueryRefused,
    SealBroken,
    TamperedLedger,
    UsageError,
)
from heldout.tools.verify.policy import make_rule

ROOT = Path(__file__).resolve().parents[1]
ALL = (
    DataError, HypothesisError, LedgerError, NoVaultLeft, QueryFailed, QueryRefused, SealBroken, TamperedLedger,
    UsageError,
)  # fmt: skip


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_caught_by_the_one_base_class(error: type[HeldoutError]) -> None:
    with pytest.raises(HeldoutError, match="why"):
        raise error("why")


@pytest.mark.parametrize("error", [DataError, HypothesisError, UsageError])
def test_what_is_wrong_with_a_value_is_a_value_error_too(error: type[HeldoutError]) -> None:
    assert issubclass(error, ValueError)


@pytest.mark.parametrize("error", [NoVaultLeft, SealBroken, TamperedLedger])
def test_whatever_the_ledger_forbids_is_a_ledger_error(error: type[HeldoutError]) -> None:
    assert issubclass(error, LedgerError)
    assert not issubclass(error, ValueError)


def test_the_tree_in_the_docstring_names_every_error() -> None:
    names = r"[A-Z]\w+(?:Error|Failed|Ledger|Broken|Left|Refused)"
    drawn = set(re.findall(names, errors.__doc__ or "")) - {"ValueError"}
    assert drawn == {e.__name__ for e in (HeldoutError, *ALL)}


@pytest.mark.parametrize("alpha", [0, 0.5, 5, -0.1, float("nan")])
def test_an_error_level_that_is_none_is_refused(alpha: float) -> None:
    with pytest.raises(UsageError) as err:
        make_rule(alpha=alpha)
    assert str(err.value) == f"`alpha` must be between 0 and 0.5. Got {alpha!r} instead."


def test_a_smallest_effect_of_no_family_is_refused() -> None:
    with pytest.raises(UsageError) as err:
        make_rule(smallest_effects={"slope": 0.1})
    assert str(err.value) == (
        "`smallest_effects` names 'slope', which is no family. Families: group_difference, rate_difference, "
        "monotone_association, categorical_association, trend, mean_difference, quantile_difference, rate_ratio, "
        "shape, seasonality, change_point, interaction, shift, adjusted_association."
    )


@pytest.mark.parametrize("value", [0, 1, -0.1, 3, float("nan")])
def test_a_smallest_effect_outside_its_scale_is_refused(value: float) -> None:
    with pytest.raises(UsageError) as err:
        make_rule(smallest_effects={"trend": value})
    assert str(err.value) == (
        f"The smallest effect of 'trend' must be between 0 and 1 on its scale. Got {value!r} instead."
    )


def test_what_the_user_sets_is_in_the_rule_and_the_defaults_stay() -> None:
    rule = make_rule(alpha=0.1, strict=True, smallest_effects={"trend": 0.2})
    assert (rule.alpha, rule.control, rule.method) == (0.1, "fwer", "Holm")
    assert rule.smallest_effects["trend"] == 0.2
    assert make_rule().smallest_effects["trend"] == 0.10
    assert make_rule().method == "session-LOND"


def _raised() -> list[tuple[str, ast.Call]]:
    """Every `raise SomeError(text)` of the product with its place."""
    names = {e.__name__ for e in (HeldoutError, *ALL)}
    out = []
    for folder in ("agent", "tools", "heldout"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                call = node.exc if isinstance(node, ast.Raise) else None
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names:
                    out.append((f"{path.relative_to(ROOT)}:{node.lineno}", call))
    return out


def _text(node: ast.expr) -> str | None:
    """The text of a literal or an f-string, its values as `…`; None where it is put together elsewhere."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    return None


def test_every_text_ends_a_sentence_and_neither_shouts_nor_says_error() -> None:
    raised = _raised()
    assert len(raised) > 15
    for place, call in raised:
        assert call.args, place
        text = _text(call.args[0])
        if text is not None:
            assert text.endswith((".", "…")), f"{place}: {text}"
            assert "!" not in text.replace("!=", ""), f"{place}: {text}"
            assert not text.lower().startswith("error"), f"{place}: {text}"
