"""Of texts a model is told terms that many documents use, and no document; facts on texts cost what they show."""

import json
from pathlib import Path

import pandas as pd
import pytest

import heldout
from heldout.agent import looking
from heldout.agent.modelling import _nameable
from heldout.agent.privacy import LEAST, PRIVACIES, Privacy, redacted
from heldout.agent.summary import Explored
from heldout.agent.toolbox import Bench, call, offered, told
from heldout.agent.toolbox.documents import rows_for
from heldout.tools.data.jail import Jail
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HeldoutError
from heldout.tools.explore.profile import profile_rows
from heldout.tools.explore.scan import scan_pairs
from heldout.tools.text.evaluate import with_properties
from heldout.tools.text.properties import Measure, Mentions, Property, Rate, TextProperty
from heldout.tools.verify.exposures import Exposure
from heldout.tools.verify.hypothesis import parse
from tests import text_corpus as made
from tests.asking import exposed, flat, run, written


@pytest.fixture(scope="module")
def explored() -> Explored:
    frame = made.corpus(700)
    texts = {name: [None if pd.isna(t) else t for t in frame[name]] for name in ("ticket", "reply")}
    plain = Rows.of({n: frame[n].to_numpy() for n in ("team", "urgent", "score")}, texts=texts)
    read = made.read(plain)
    return Explored(read.rows, profile_rows(plain), scan_pairs(read.rows), aids=read.aids, texts=read.told)


def _everything(bench: Bench) -> str:
    """What every tool says when it is called in the ways that a model would call it."""
    tried = ({}, {"names": list(bench.columns)[:20]}, {"outcome": "urgent"}, {"a": "urgent", "b": "team"},
             {"outcome": "urgent=yes", "by": "team"}, {"column": "ticket"}, {"names": ["ticket"]},
             {"outcome": "ticket", "by": "team"},
             {"claim": "urgent=yes higher for team=north", "why": "seen"})  # fmt: skip
    return "\n".join(told(call(tool, bench, arguments)) for tool in offered(bench) for arguments in tried)


@pytest.mark.parametrize("privacy", PRIVACIES)
def test_the_bench_holds_no_document_in_any_mode(privacy: Privacy, explored: Explored) -> None:
    bench = Bench.of(explored, privacy=privacy)
    assert bench.rows.texts == {}
    assert not {"ticket", "reply"} & set(bench.columns)
    assert bench.samples.keys() == ({"ticket", "reply"} if privacy == "sample" else set())


@pytest.mark.parametrize("privacy", ["none", "schema", "profile"])
def test_no_tool_tells_a_word_of_a_document_that_is_no_term(privacy: Privacy, explored: Explored) -> None:
    bench = Bench.of(explored, privacy=privacy)
    with Jail(bench.sql_rows()) as jail:
        bench.jail = jail
        said = _everything(bench).lower()
    assert ("urgent" in said) == (privacy != "none")
    assert not [w for w in (*made.SECRET, "parcel", "invoice", "password") if w in said]


def test_in_schema_no_property_is_told_by_the_words_of_documents(explored: Explored) -> None:
    names = set(Bench.of(explored, privacy="schema").columns)
    assert {"words of ticket", "opinion of ticket", "longer", "team"} <= names
    assert not {"mentions of lateness", "refunds in 100 words", "ends in a bang", "about delivery"} & names
    assert {"mentions of lateness", "about delivery"} <= set(Bench.of(explored, privacy="profile").columns)


def test_the_summary_is_worded_without_findings_whose_names_may_not_be_told(
    explored: Explored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "read_texts", made.read)
    findings = heldout.explain(made.corpus(), ledger=tmp_path / "book").findings
    in_schema = _nameable(findings, explored.rows, "schema")
    names = {name for f in in_schema for name in (f.hypothesis["outcome"], f.hypothesis["predictor"])}
    assert 0 < len(in_schema) < len(findings)
    assert not names & {"mentions of lateness", "refunds in 100 words", "about delivery", "about money"}
    assert _nameable(findings, explored.rows, "profile") == list(findings)


def _rows(documents: list[str], **properties: Property) -> Rows:
    own = [TextProperty(name=n.replace("_", " "), column="text", property=p) for n, p in properties.items()]
    return with_properties(Rows.of({"x": [float(i) for i in range(len(documents))]}, texts={"text": documents}), own)


@pytest.mark.parametrize(("times", "is_told"), [(1, False), (LEAST - 1, False), (LEAST, True), (LEAST + 5, True)])
def test_in_profile_a_term_is_told_once_ten_documents_use_it(times: int, is_told: bool) -> None:
    documents = ["the ziggurat fell"] * times + ["nothing fell"] * 40
    rows = _rows(
        documents, mentions_ziggurat=Mentions(terms=("ziggurat",)),
        towers_in_100_words=Rate(terms=("tower", "ziggurat")), words_of_text=Measure(of="words"),
        mentions_fell=Mentions(terms=("fell",)),
    )  # fmt: skip
    told_of = set(rows_for(rows, "profile").columns)
    assert {"x", "words of text", "mentions fell"} <= told_of
    assert ("mentions ziggurat" in told_of, "towers in 100 words" in told_of) == (is_told, is_told)
    assert "mentions ziggurat" in rows_for(rows, "sample").columns
    leads = scan_pairs(rows)
    bench = Bench(rows, leads=leads)
    assert all({x.a, x.b} <= told_of for x in bench.leads)


def test_sql_of_a_model_cannot_reach_a_document(explored: Explored) -> None:
    bench = Bench.of(explored, privacy="profile")
    with Jail(bench.sql_rows()) as jail:
        for sql in (
            "SELECT ticket, count(*) AS n FROM data GROUP BY ticket",
            "SELECT count(*) AS n FROM data WHERE ticket ILIKE '%walrus%'",
        ):
            with pytest.raises(HeldoutError) as err:
                jail.query(sql)
            assert not [w for w in made.SECRET if w in str(err.value).replace(sql, "")]
        whole = str(jail.query("SELECT data, count(*) AS n FROM data GROUP BY data").rows)
        assert "north" in whole
        assert not [w for w in made.SECRET if w in whole]


def test_in_sample_a_few_documents_are_told_redacted(explored: Explored) -> None:
    said = told(
        call(
            next(t for t in offered(Bench.of(explored)) if t.name == "columns"),
            Bench.of(explored, privacy="sample"),
            {},
        )
    )
    assert json.loads(said)["documents"].keys() == {"ticket", "reply"}
    assert any(w in said for w in made.SECRET)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to jo.doe+x@mail.example.com now", "write to [email] now"),
        ("call 030 1234567 or (555) 123-4567 or +44 20 7946 0958", "call [number] or [number] or [number]"),
        ("card 4111 1111 1111 1111 was charged", "card [number] was charged"),
        ("Dear Mr. Smith, ask Mary Ann or @jane_d", "Dear [name], ask [name] or [user]"),
        ("my name is Zoë and I am Karl Marx", "my name is [name] and I am [name]"),
        ("see https://x.org/?token=1 please", "see [link] please"),
        ("the flight was 3 hours late on 4 May", "the flight was 3 hours late on 4 May"),
    ],
)
def test_what_looks_personal_is_taken_out_of_a_document(text: str, left: str) -> None:
    assert redacted(text, 300) == left


def test_what_a_model_would_be_sent_of_a_corpus_holds_no_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "read_texts", made.read)
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path / "home"))
    file = written(made.corpus(), tmp_path, "tickets.csv")
    for mode in ("schema", "profile", "sample"):
        done = run("explain", file, "--model", "openai:local", "--privacy", mode, "--show-prompts", "-q")
        assert done.exit_code == 0, (done.output, done.exc_info)
        assert "urgent" in done.stdout
        leaked = [w for w in made.SECRET if w in done.stdout]
        assert bool(leaked) == (mode == "sample"), leaked


# --- Facts on texts, and what they cost


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    return written(made.corpus(600), tmp_path, "tickets.csv")


def test_documents_that_contain_letters_are_counted_from_all_rows(tickets: Path, tmp_path: Path) -> None:
    book, frame = tmp_path / "book.jsonl", made.corpus(600)
    done = run(
        "ask", tickets, 'how many where ticket contains "delayed parcel" by team', "--ledger", book, "-q", "--json"
    )
    assert done.exit_code == 0, (done.output, done.exc_info)
    answer = json.loads(done.stdout)
    hit = frame["ticket"].str.contains("delayed parcel", case=False, na=False)
    assert [row[:2] for row in answer["fact"]["cells"]] == [
        [t, int(n)] for t, n in frame[hit].groupby("team").size().items()
    ]
    assert exposed(book) == [["team", "ticket"]]
    assert "contains the letters delayed parcel" in answer["understood"]


@pytest.mark.parametrize("letters", ["100%", "a_b", "it's", "back\\slash"])
def test_letters_that_sql_reads_otherwise_stand_for_themselves(letters: str, tmp_path: Path) -> None:
    words = " and then something else was said about it at some length today"
    texts = [f"{say} no {at}{words}" for at, say in enumerate([letters, "1000", "axb", "its", "back/slash"] * 30)]
    file = written(pd.DataFrame({"note": texts, "x": range(150)}), tmp_path)
    done = run("ask", file, f'how many where note contains "{letters}"', "--ledger", tmp_path / "b", "-q", "--json")
    assert done.exit_code == 0, (done.output, done.exc_info)
    assert json.loads(done.stdout)["fact"]["cells"][0][0] == 30


def test_a_number_contains_no_words(tickets: Path, tmp_path: Path) -> None:
    done = run("ask", tickets, "how many where score contains late", "--ledger", tmp_path / "b", "-q")
    assert done.exit_code == 2
    assert "`score` is a number, which contains no words" in flat(done.output)


def _claim(name: str, other: str, against: str | None = None) -> object:
    own = {"name": name, "column": "ticket", "property": {"kind": "mentions", "terms": ["late"]}}
    return parse(
        {
            "family": "rate_difference", "outcome": name, "event": "yes", "predictor": other, "direction": "higher",
            "levels": {"a": ["north"], "b": []}, "texts": [own | ({"against": against} if against else {})],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "claim", "covered"),
    [
        (("team", "ticket"), _claim("late", "team"), ("late", "team")),
        (("late", "team"), _claim("late", "team"), ("late", "team")),
        (("team", "reply"), _claim("late", "team", "reply"), ("late", "team")),
        (("team", "reply"), _claim("late", "team"), None),
        (("ticket",), _claim("late", "team"), None),
        (("team", "urgent"), _claim("late", "team"), None),
    ],
)
def test_showing_a_text_with_a_column_shows_every_property_of_the_text_with_it(
    shown: tuple[str, ...], claim: object, covered: tuple[str, ...] | None
) -> None:
    one = Exposure(columns=shown, vaults=(1,), question="q")
    assert one.touches(claim) == (covered is not None)  # pyright: ignore[reportArgumentType]
    if covered:
        assert one.shown_of(claim) == covered  # pyright: ignore[reportArgumentType]


def test_a_claim_on_a_property_is_not_drafted_on_a_vault_where_its_text_was_shown(
    tickets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "read_texts", made.read)
    book = tmp_path / "book.jsonl"
    assert run("ask", tickets, "how many where ticket contains late by team", "--ledger", book, "-q").exit_code == 0
    found = heldout.explain(tickets, ledger=book).findings
    pairs = [{f.hypothesis["outcome"], f.hypothesis["predictor"]} for f in found]
    of_ticket = {p.name for p in made.PROPERTIES}
    assert found
    assert not [pair for pair in pairs if "team" in pair and pair & of_ticket]
    fresh = heldout.explain(tickets, ledger=tmp_path / "fresh.jsonl").findings
    assert [
        f
        for f in fresh
        if "team" in (pair := {f.hypothesis["outcome"], f.hypothesis["predictor"]}) and pair & of_ticket
    ]
