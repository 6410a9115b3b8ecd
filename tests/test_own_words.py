"""A model's answer that there is none: what of it is printed, and that nothing can be asserted with it."""

from types import SimpleNamespace

import pytest

from heldout.agent.export import export
from heldout.agent.model import ModelSettings
from heldout.agent.own_words import own_words
from heldout.agent.questions import inquiry
from heldout.tools.errors import HypothesisError
from tests.asking import flat, kinds
from tests.provider import KEY, Provider, fails, says, serving

COLUMNS = ["species", "flipper_length_mm", "body mass"]
BENCH = SimpleNamespace(
    question="What is the wing span of Adelie penguins, and is it longer than two hands?",
    ids={"body mass": "c3"}, columns=dict.fromkeys(COLUMNS), levels=lambda _: (("Adelie", 3), ("Gentoo", 2)),
)  # fmt: skip


def told(text: str) -> tuple[str, ...]:
    return own_words(text, BENCH, COLUMNS).sentences  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (
            "No column holds a wing span; flipper_length_mm comes nearest.",
            ["No column holds a wing span; `flipper_length_mm` comes nearest."],
        ),
        (
            'No column is called "wing_span". The nearest are `flipper_length_mm` and c3.',
            ['No column is called "wing_span".', "The nearest are `flipper_length_mm` and `body mass`."],
        ),
        ("I cannot answer that: no column tells which Adelie it is.", None),
        ("The table does not contain a wing span.", ["The table does not contain a wing span."]),
        ("There is no answer. A column with the wing span would be needed.", None),
        ("- Sorry, none of the columns holds a wing span.", None),
    ],
)  # fmt: skip
def test_what_is_lacking_and_what_comes_near_is_printed(text: str, printed: list[str] | None) -> None:
    said = told(text)
    assert said
    if printed:
        assert list(said) == printed


@pytest.mark.parametrize(
    "more",
    [
        "Adelie penguins span two hands.", "It is longer, and this was verified.", "The wing span is 12.",
        "Adelie is longer in the table.", "`beak` comes nearest.", "flipper_length_mm rises with body mass.",
        "There are many penguins.", "The answer is a wing of species.", "Ask https://example.org instead.",
        "flipper_length_mm is longer where species is Adelie.", "flipper_length_mm is confirmed.", "Bitte, <b>da</b>.",
    ],
)  # fmt: skip
def test_a_sentence_that_claims_more_is_not_printed_in_any_place(more: str) -> None:
    assert told(more) == ()
    assert told(f"No column holds a wing span. {more}") == ("No column holds a wing span.",)
    assert told(f"No column holds a wing span, and {more[:1].lower()}{more[1:]}") == ()


@pytest.mark.parametrize(
    "text", ["Adelie is not in the table.", "The table does not have Adelie.", "I cannot tell.", ""]
)
def test_whether_rows_hold_a_label_is_no_word_of_a_models(text: str) -> None:
    assert told(text) == ()


def test_two_sentences_are_printed_and_the_others_are_counted() -> None:
    said = own_words("No column holds it. " * 3, BENCH, COLUMNS)  # pyright: ignore[reportArgumentType]
    assert (len(said.sentences), said.dropped) == (2, 1)


@pytest.fixture
def ask(planted, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def asking(provider: Provider, question: str):
        with serving(provider):
            monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
            model = ModelSettings("openai:test")
            with inquiry(planted, name="p", ledger=tmp_path / "l", model=model) as asked:
                return asked.ask(question), asked

    return asking


def test_an_honest_no_is_the_answer_named_as_the_models_words_and_costs_nothing(ask, tmp_path) -> None:
    words = "No column holds a salary; spend comes nearest. It is 41.7."
    answer, asked = ask(Provider(says(words)), "what is the salary of our customers?")
    text = flat(answer.to_text())
    assert answer.kind == "words"
    assert "In the words of openai:test, and nothing was computed: No column holds a salary; spend comes near" in text
    assert "1 of its sentences did not fit" in text
    assert "Understood" not in text
    assert text.count("salary;") == answer.to_html().count("salary;") == 1
    assert "41.7" not in answer.to_json()
    assert kinds(tmp_path / "l") == ["seal"]
    assert export("html", str(tmp_path / "a.html"), [answer], asked)


def test_where_the_grammar_reads_the_question_the_models_no_is_not_printed(ask) -> None:
    answer, _ = ask(Provider(says("No column holds a spend.")), "mean spend by plan")
    assert answer.kind == "fact"
    assert "No column" not in answer.to_text()


@pytest.mark.parametrize("line", [says("Salaries are high, and no column says so."), fails(401, "No column holds it.")])
def test_other_words_of_a_model_stay_an_error(ask, line) -> None:
    with pytest.raises(HypothesisError, match="Without the model"):
        ask(Provider(line), "what is the salary of our customers?")
