"""Embeddings of an endpoint: batches, retries, the cache, and what may be sent."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("openai")

from heldout.agent.embedding import A_CALL, Endpoint, embedder_for
from heldout.agent.model_faults import ModelFault
from heldout.agent.model_settings import ModelSettings
from heldout.tools.errors import ModelUnavailable, UsageError
from tests.provider import KEY, Line, Provider, fails, says, serving

TEXTS = [f"document{'e' * (k % 7)} {k}" for k in range(A_CALL + 30)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setattr("heldout.agent.embedding._FIRST_WAIT", 0.01)


def served(*script: Line, **more: Any) -> Any:
    return serving(Provider(*script, key=KEY, **more))


def test_every_text_has_its_vector_in_batches_whatever_the_order_of_the_reply() -> None:
    with served(says(""), says("")) as provider:
        endpoint = Endpoint("small", base_url=provider.url)
        vectors = endpoint.embed(TEXTS)
    assert vectors.dtype == np.float32
    wanted = np.array([[len(t), t.count("e"), 1.0] for t in TEXTS])
    assert np.allclose(vectors, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-6)
    assert [len(b["input"]) for b in provider.requests] == [A_CALL, 30]
    assert {b["model"] for b in provider.requests} == {"small"}
    assert endpoint.id.startswith("openai:small@")


def test_a_text_is_sent_once_in_its_life_and_once_however_often_it_stands() -> None:
    with served(says(""), says("")) as provider:
        first = Endpoint("small", base_url=provider.url).embed(["one", "two", "one", ""])
        again = Endpoint("small", base_url=provider.url).embed(["two", "three"])
    assert [sorted(b["input"]) for b in provider.requests] == [["one", "two"], ["three"]]
    assert first[0].tolist() == first[2].tolist()
    assert first[3].tolist() == [0, 0, 0]
    assert again[0].tolist() == first[1].tolist()


def test_vectors_of_another_model_or_address_are_not_taken() -> None:
    with served(says("")) as one, served(says(""), says("")) as two:
        Endpoint("small", base_url=one.url).embed(["one"])
        Endpoint("small", base_url=two.url).embed(["one"])
        Endpoint("large", base_url=two.url).embed(["one"])
    assert (len(one.requests), len(two.requests)) == (1, 2)


def test_what_may_pass_is_tried_again_and_what_was_answered_is_kept() -> None:
    with served(fails(503), says(""), fails(401), says("")) as provider:
        endpoint = Endpoint("small", base_url=provider.url)
        with pytest.raises(ModelFault, match="refused the key") as failed:
            endpoint.embed(TEXTS)
        assert KEY not in str(failed.value)
        assert len(endpoint.embed(TEXTS)) == len(TEXTS)
    assert [len(b["input"]) for b in provider.requests] == [A_CALL, A_CALL, 30, 30]


@pytest.mark.parametrize(
    "body",
    ["<html>", '{"object": "list", "data": []}', '{"object": "list", "data": [{"index": 0, "embedding": []}]}',
     '{"object": "list", "data": [{"index": 0, "embedding": ["x"]}]}',
     json.dumps({"object": "list", "data": [{"index": k, "embedding": [1.0]} for k in range(3)]})],
    ids=["a page", "nothing", "an empty vector", "no numbers", "too many"],
)  # fmt: skip
def test_replies_that_are_no_vectors_end_in_one_line(body: str) -> None:
    line = Line(raw=body, type="application/json")
    with served(*[line] * 4) as provider, pytest.raises(ModelFault):
        Endpoint("small", base_url=provider.url).embed(["one"])
    assert len(provider.requests) <= 3


def test_documents_are_sent_where_the_mode_or_an_option_allows_it_and_redacted() -> None:
    for privacy in ("none", "schema", "profile", None):
        with pytest.raises(UsageError, match="--privacy sample"):
            embedder_for("openai:small", None, privacy)
    none = ModelSettings("openai:x", privacy="none", documents=True)
    with pytest.raises(UsageError, match="does not allow"):
        embedder_for("openai:small", none)
    with pytest.raises(UsageError, match="openai:NAME"):
        embedder_for("small", None, "sample")
    allowed = embedder_for("openai:small", ModelSettings("openai:x", documents=True))
    assert allowed is not None
    assert allowed.id == "openai:small"
    assert embedder_for(None, None) is None
    with served(says("")) as provider:
        Endpoint("small", base_url=provider.url).embed(["write to ann@example.org"])
    assert provider.requests[0]["input"] == ["write to [email]"]


def test_a_missing_key_is_told_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelUnavailable, match="--embeddings"):
        embedder_for("openai:small", None, "sample")
