"""Records: frozen, canonical as JSON, named by their content."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from heldout.tools.value import Effect, Value, canonical_json, counted, digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Pair(Value):
    first: int
    second: tuple[str, ...] = ()


class Holder(Value):
    body: dict[str, float]


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_the_order_of_keys_changes_neither_text_nor_digest(record: dict[str, object]) -> None:
    turned = dict(reversed(list(record.items())))
    assert canonical_json(turned) == canonical_json(record)
    assert digest(canonical_json(turned)) == digest(canonical_json(record))


def test_canonical_text_is_sorted_dense_and_keeps_letters_as_they_are() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "Zürich"}) == '{"a":"Zürich","b":[1,2.5]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_record_holds_a_number_that_json_cannot(number: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Effect(name="P(A>B)", value=number)
    with pytest.raises(ValidationError, match="finite number"):
        Holder(body={"x": number})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"x": number})


def test_a_record_cannot_be_changed_or_given_unknown_fields() -> None:
    effect = Effect(name="P(A>B)", value=0.6)
    with pytest.raises(ValidationError, match="frozen"):
        effect.value = 0.7  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Effect.model_validate({"name": "P(A>B)", "value": 0.6, "colour": "red"})


@given(st.integers(), st.lists(st.text()))
def test_a_record_survives_its_json(first: int, second: list[str]) -> None:
    pair = Pair(first=first, second=tuple(second))
    again = Pair.model_validate(pair.as_json())
    assert again == pair
    assert again.content_id() == pair.content_id()


def test_an_id_is_the_first_twelve_digits_of_the_sha256_of_the_canonical_text() -> None:
    pair = Pair(first=7, second=("a", "b"))
    assert pair.canonical() == '{"first":7,"second":["a","b"]}'
    assert pair.content_id() == hashlib.sha256(pair.canonical().encode()).hexdigest()[:12]
    assert pair.content_id() != Pair(first=8, second=("a", "b")).content_id()


def test_the_digest_takes_text_that_utf8_refuses() -> None:
    assert digest("\ud800") != digest("\ud801")


def test_a_record_as_json_holds_plain_types_alone() -> None:
    assert repr(Pair(first=7, second=("a", "b")).as_json()) == "{'first': 7, 'second': ['a', 'b']}"


def test_the_digest_is_the_sha256_of_the_text_in_utf8() -> None:
    assert digest("Zürich") == hashlib.sha256("Zürich".encode()).hexdigest()


@pytest.mark.parametrize(
    ("n", "names", "told"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (2, ("row",), "2 rows"),
        (1_234_567, ("row",), "1,234,567 rows"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_a_count_has_its_noun(n: int, names: tuple[str, ...], told: str) -> None:
    assert counted(n, *names) == told
