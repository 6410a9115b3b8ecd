"""The program beside a report reads every document again by a road of its own, and finds what was altered."""

import importlib.util
import json
import math
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import duckdb
import pytest

import heldout
from heldout.agent import looking
from heldout.agent.report.explanation import Explanation
from heldout.agent.report.reproduce import reproduce_text
from heldout.tools.text import lexicons
from heldout.tools.text.measures import measured
from heldout.tools.text.properties import Form
from heldout.tools.text.terms import Terms
from heldout.tools.text.words import sentences_of, words_of
from tests import text_corpus as made

_LETTERS = (
    *"aAbBeElLyY '’@#_-.!?…。！？\n\t\r0²½٣éÉßİıǅﬁ中あก\u200dא\u0301:)”\"]", "http://", "https://", "www.", "\n\n",
    "www.a", "https://x", "U.S. ", "late", "delayed ", "not ", "good ", "I ", "we ",
)  # fmt: skip


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("program") / "reproduce.py"
    file.write_text(reproduce_text(), "utf-8")
    spec = importlib.util.spec_from_file_location("second_opinion_on_texts", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explanation]:
    folder = tmp_path_factory.mktemp("tickets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "read_texts", made.read)
        yield heldout.explain(made.corpus(), ledger=folder / "ledger.jsonl")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explanation]:
    folder = tmp_path_factory.mktemp("bare")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "read_texts", made.read)
        yield heldout.explain(made.corpus(), ledger=folder / "ledger.jsonl", quotes=False)


@pytest.fixture
def saved(explained: Explanation, tmp_path: Path) -> Path:
    explained.save(tmp_path)
    return tmp_path


def _run(folder: Path) -> tuple[int, str]:
    command = [sys.executable, str(folder / "reproduce.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def _documents(seed: int, n: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice(_LETTERS) for _ in range(rng.randrange(80))) for _ in range(n)]


# --- The road of its own


def test_letter_by_letter_the_words_and_sentences_are_those_of_the_product(program: ModuleType) -> None:
    for text in _documents(1, 3000):
        assert program.word_list(text) == words_of(text), repr(text)
        assert program.sentence_count(text) == sentences_of(text), repr(text)


@pytest.mark.parametrize("form", get_args(Form))
def test_every_measure_is_computed_alike(form: Form, program: ModuleType) -> None:
    known = 0
    for text in [*_documents(2, 600), " ".join(_documents(3, 30))]:
        words = words_of(text)
        one, other = measured(form, text, words), program.form(form, text, words)
        assert other == pytest.approx(one, rel=1e-12, nan_ok=True), repr(text)
        known += not math.isnan(one)
    assert known


def test_terms_are_counted_alike(program: ModuleType) -> None:
    rng = random.Random(5)
    terms = Terms(("a", "b*", "a b", "a* b", "aa*", "a a", "<link>", "b", "it's", "c**", "a b*"))
    seen = 0
    for _ in range(2000):
        words = [rng.choice(["a", "b", "ab", "aa", "<link>", "it's", "b"]) for _ in range(rng.randrange(9))]
        counts = terms.counts([words])[0]
        assert [program.times(words, t) for t in terms.terms] == counts.tolist(), words
        seen += int(counts.sum())
    assert seen > 1000


def test_the_lists_of_words_are_those_of_the_product(program: ModuleType) -> None:
    names = {
        "first person singular": "FIRST_SINGULAR", "first person plural": "FIRST_PLURAL", "second person": "SECOND",
        "third person": "THIRD", "negations": "NEGATIONS", "praise": "PRAISE", "blame": "BLAME",
    }  # fmt: skip
    assert {name: getattr(lexicons, own) for name, own in names.items()} == program.LISTS


def test_the_themes_of_a_document_are_those_of_the_product(program: ModuleType) -> None:
    themes = pytest.importorskip("heldout.tools.text.themes", reason="no themes yet")
    rng = random.Random(6)
    words = [f"w{at}" for at in range(12)]
    parents = (None, None, None, "a", "a", "b", "b")
    own = [
        themes.ThemeWeights(
            id=name, parent=parent, weights=tuple(rng.choice([0, 0, 500, 300, 777]) for _ in words), threshold=350,
        )
        for name, parent in zip("abcdefg", parents, strict=True)
    ]  # fmt: skip
    model = themes.ThemeModel(
        terms=tuple(words), forms={w: at for at, w in enumerate(words)} | {"w0s": 0}, themes=tuple(own)
    )
    plain, seen = json.loads(model.canonical()), 0
    for _ in range(1500):
        document = [rng.choice([*words, "w0s", "other"]) for _ in range(rng.randrange(8))]
        found = themes.Themed(model).read([document]).members[0]
        assert program.themes_of(plain, document) == {t.id for t, held in zip(own, found, strict=True) if held}
        seen += int(found.sum())
    assert seen > 500


# --- A whole report


def test_every_kind_of_property_is_claimed_and_computed_again(explained: Explanation, saved: Path) -> None:
    code, told = _run(saved)
    assert code == 0, told
    assert told.rstrip().endswith("0 differ")
    kinds = {p["property"]["kind"] for f in explained.findings for p in f.hypothesis.get("texts", ())}
    assert kinds == {"mentions", "rate", "measure", "ending", "theme", "close", "judged"}
    assert any(p.get("against") for f in explained.findings for p in f.hypothesis.get("texts", ()))


def test_what_a_model_alone_can_tell_is_said_to_be_taken_as_given(saved: Path) -> None:
    _, told = _run(saved)
    given = [line for line in told.splitlines() if line.startswith("taken as given")]
    assert given == [
        "taken as given, not computed again: `asks to log in` (it takes a language model)",
        "taken as given, not computed again: `close to a refund` (it takes an embedding)",
    ]
    columns = duckdb.read_parquet(str(saved / "held_out.parquet")).columns
    assert {"ticket", "reply", "asks to log in", "close to a refund"} <= set(columns)
    assert not {"mentions of lateness", "about delivery", "words of ticket", "longer"} & set(columns)


def _report(folder: Path, change: Any) -> None:
    file = folder / "report.json"
    report = json.loads(file.read_text("utf-8"))
    change(report)
    file.write_text(json.dumps(report), "utf-8")


def _of_kind(report: dict[str, Any], kind: str, outcome: str = "verified") -> dict[str, Any]:
    return next(
        f for f in report["findings"]
        if f["outcome"] == outcome and any(p["property"]["kind"] == kind for p in f["hypothesis"].get("texts", ()))
    )  # fmt: skip


def test_an_altered_figure_is_found_of_every_kind_of_property(saved: Path) -> None:
    altered: set[str] = set()

    def change(report: dict[str, Any]) -> None:
        for kind in ("mentions", "rate", "measure", "ending", "theme"):
            found = _of_kind(report, kind)
            altered.add(found["id"])
            found["held_out"]["effect"]["value"] += 0.01

    _report(saved, change)
    code, told = _run(saved)
    assert code == 1
    assert {line[:12] for line in told.splitlines() if "effect.value: report" in line} == altered
    assert len(altered) > 2


def _rewrite(folder: Path, sql: str) -> None:
    file, new = folder / "held_out.parquet", folder / "new.parquet"
    with duckdb.connect() as con:
        kept = con.execute("SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'levels'", [str(file)])
        [(levels,)] = kept.fetchall()
        quoted = levels.replace("'", "''")
        con.execute(
            f"COPY (SELECT * REPLACE ({sql}) FROM read_parquet('{file}')) TO '{new}' "
            f"(FORMAT parquet, KV_METADATA {{levels: '{quoted}'}})"
        )
    shutil.move(new, file)


def test_one_altered_letter_of_one_document_is_found(saved: Path) -> None:
    with duckdb.connect() as con:
        [(one,)] = con.execute(f"SELECT min(ticket) FROM read_parquet('{saved / 'held_out.parquet'}')").fetchall()
    _rewrite(saved, f"CASE WHEN ticket = '{one}' THEN replace(ticket, 'a', 'á') ELSE ticket END AS ticket")
    code, told = _run(saved)
    assert code == 1
    assert "texts: the documents of `ticket` are not those that the report speaks of" in told


def test_altered_texts_move_the_figures_that_are_made_of_them(saved: Path) -> None:
    _rewrite(saved, "replace(replace(ticket, 'late', 'fine'), 'delayed', 'quick') AS ticket")
    code, told = _run(saved)
    assert code == 1
    assert any("verified: " in line and "effect.value" in line for line in told.splitlines())


def test_an_altered_property_is_found_by_the_commitment_and_by_the_figures(saved: Path) -> None:
    def change(report: dict[str, Any]) -> None:
        for p in _of_kind(report, "mentions")["hypothesis"]["texts"]:
            if p["property"]["kind"] == "mentions":
                p["property"]["terms"] = ["late"]

    _report(saved, change)
    code, told = _run(saved)
    assert code == 1
    assert "commitment: the claims of the report are not those committed" in told
    assert "effect.value: report" in told


def test_an_altered_model_of_themes_is_found(saved: Path) -> None:
    file = saved / "text_models.json"
    models = json.loads(file.read_text("utf-8"))
    assert list(models) == [made.MODEL.content_id()]
    models[made.MODEL.content_id()]["themes"][0]["weights"][0] = 0
    file.write_text(json.dumps(models), "utf-8")
    code, told = _run(saved)
    assert code == 1
    assert f"texts: the model {made.MODEL.content_id()} does not match its id" in told
    file.unlink()
    code, told = _run(saved)
    assert code == 1
    assert f"texts: the model {made.MODEL.content_id()} is missing" in told


def test_examples_that_were_picked_or_put_into_a_documents_mouth_are_found(saved: Path, tmp_path: Path) -> None:
    def worded(report: dict[str, Any]) -> None:
        _of_kind(report, "mentions")["examples"][0]["quote"]["text"] = "The parcel is late and I weep."

    def picked(report: dict[str, Any]) -> None:
        del _of_kind(report, "theme")["examples"][0]

    whole = (saved / "report.json").read_bytes()
    for change, said in (
        (worded, "does not say what its document says"),
        (picked, "not the first documents by digest"),
    ):
        (saved / "report.json").write_bytes(whole)
        _report(saved, change)
        code, told = _run(saved)
        assert code == 1
        assert said in told


# --- Without quotes


def test_without_quotes_the_columns_lie_beside_the_report_and_are_said_to_be_given(
    explained: Explanation, bare: Explanation, tmp_path: Path
) -> None:
    bare.save(tmp_path)
    code, told = _run(tmp_path)
    assert code == 0, told
    assert "taken as given, not computed again: `longer` (the documents do not lie beside the report)" in told
    assert not {"ticket", "reply"} & set(duckdb.read_parquet(str(tmp_path / "held_out.parquet")).columns)
    same = [(f.id, f.outcome, f.held_out) for f in bare.findings]
    assert same == [(f.id, f.outcome, f.held_out) for f in explained.findings]


def test_without_quotes_no_file_holds_a_word_of_a_document_that_is_no_term(
    explained: Explanation, bare: Explanation, tmp_path: Path
) -> None:
    bare.save(tmp_path / "bare")
    explained.save(tmp_path / "whole")
    whole = b"".join(f.read_bytes() for f in (tmp_path / "whole").iterdir())
    assert all(word.encode() in whole for word in made.SECRET), "the test looks for what is there with quotes"
    for file in sorted((tmp_path / "bare").iterdir()):
        content = file.read_bytes()
        if file.suffix == ".parquet":
            rows = duckdb.read_parquet(str(file)).fetchall()
            content = "\n".join(str(cell) for row in rows for cell in row).encode()
        assert not [word for word in made.SECRET if word.encode() in content.lower()], file.name
