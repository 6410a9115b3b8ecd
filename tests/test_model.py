"""A conversation with a model: tools, structured replies, budgets, replay, and the request that would be sent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heldout.agent.callbook import CallBook
from heldout.agent.model import ModelSettings, talk
from heldout.tools.errors import ModelUnavailable, UsageError
from heldout.tools.value import canonical_json, digest
from tests.provider import KEY, Line, Provider, calls, fails, says, serving
from tests.talking import MEAN, PROPOSE, SYSTEM, USER, Conversation, Summary, empty_bench

ROOT = Path(__file__).resolve().parents[1]
TITLED = {"title": "Wages", "points": ["one"]}


@pytest.fixture
def converse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Conversation:
    return Conversation(monkeypatch, tmp_path / "run")


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_calls_tools_and_answers(converse: Conversation, stream: bool) -> None:
    provider = Provider(calls(("mean", {"column": "wage"})), says("It is [f1]."), key=KEY)
    answer = converse(provider, stream=stream)
    assert (answer.text, answer.calls, answer.failure) == ("It is [f1].", 2, None)
    told = provider.requests[1]["messages"][-1]
    assert told["role"] == "tool"
    assert json.loads(told["content"])["mean"] == 3.5
    sent = sum(len(json.dumps(body)) // 4 for body in provider.requests)
    assert answer.input_tokens == sent, "counted as the provider told"
    assert answer.output_tokens > 0


def test_tools_of_one_reply_run_one_after_another_in_the_order_called(converse: Conversation) -> None:
    names = [f"c{at}" for at in range(20)]
    provider = Provider(calls(*[("mean", {"column": name}) for name in names]), says("done"))
    converse(provider, max_calls=5)
    assert converse.bench.open_questions == names
    results = [json.loads(m["content"]) for m in provider.requests[1]["messages"] if m["role"] == "tool"]
    assert [(r["column"], r["place"]) for r in results] == [(name, at) for at, name in enumerate(names, 1)]


def test_the_fixed_part_comes_first_and_alike_in_every_call_and_only_what_was_asked_is_sent(
    converse: Conversation,
) -> None:
    provider = Provider(calls(("mean", {"column": "wage"})), says("done"))
    converse(provider)
    for body in provider.requests:
        assert body["messages"][0] == {"role": "system", "content": SYSTEM}
        assert body["messages"][1] == {"role": "user", "content": USER}
        assert set(body) == {"model", "messages", "tools", "temperature", "stream"}
    assert provider.requests[0]["tools"] == provider.requests[1]["tools"]


def test_a_tool_that_refuses_or_breaks_tells_the_model_and_the_run_goes_on(converse: Conversation) -> None:
    wrong = [{"column": "forbidden"}, {"column": "broken"}, {"columns": 3}]
    provider = Provider(calls(*[("mean", w) for w in wrong], ("nonsense", {})), says("done"))
    assert converse(provider).text == "done"
    told = [m["content"] for m in provider.requests[1]["messages"] if m["role"] == "tool"]
    assert "That column is not here." in told[0]
    assert json.loads(told[1]) == {"error": "KeyError"}, "the text of a foreign error may hold a cell"
    assert "column" in told[2]
    assert "nonsense is not a valid tool" in told[3]
    assert "4711" not in str(provider.requests)


def test_tool_calls_without_end_are_refused_beyond_four_a_call(converse: Conversation) -> None:
    many = calls(*[("mean", {"column": "a"})] * 30)
    answer = converse(Provider(many, many, says("enough")), max_calls=5)
    assert answer.text == "enough"
    assert len(converse.bench.open_questions) == 20


def test_the_limit_of_calls_ends_the_conversation_and_its_message_is_no_answer(converse: Conversation) -> None:
    provider = Provider(*[calls(("mean", {"column": f"c{at}"})) for at in range(9)])
    answer = converse(provider, max_calls=3)
    assert len(provider.requests) == answer.calls == 3
    assert (answer.text, answer.kind) == ("", "calls")
    assert answer.failure == "Stopped after 3 model calls, as many as are allowed (`--max-calls`)."
    assert converse.bench.open_questions == ["c0", "c1", "c2"], "what was done until then stays"


def test_no_request_is_sent_that_would_exceed_the_input_tokens(converse: Conversation) -> None:
    provider = Provider(*[calls(("mean", {"column": "c" * 400})) for _ in range(12)])
    answer = converse(provider, max_tokens=1_500)
    assert answer.kind == "tokens"
    assert "1,500 allowed (`--max-tokens`)" in (answer.failure or "")
    assert 1 < len(provider.requests) < 12
    assert answer.input_tokens <= 1_500
    untouched = Provider(says("x"))
    assert converse(untouched, max_tokens=50).kind == "tokens"
    assert untouched.requests == [], "the first request is estimated too"


def test_what_is_new_in_another_script_counts_as_a_token_a_byte(converse: Conversation) -> None:
    text = "\u0301" * 2_000
    provider = Provider(calls(("mean", {"column": "a"}), content=text), says("done"))
    answer = converse(provider, max_tokens=3_000)
    assert answer.kind == "tokens", "the rate of plain text would let a request of four times as many tokens pass"
    assert len(provider.requests) == 1
    assert converse(Provider(says("done")), max_tokens=9_000).text == "done", "the first call comes from disk"


def test_a_long_reply_in_many_pieces_is_read_at_once_and_one_without_end_is_given_up(
    converse: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = json.dumps({"column": "c" * 60_000})
    provider = Provider(calls(("mean", long)), says("done"))
    assert converse(provider, stream=True, max_tokens=200_000, timeout=60).text == "done"
    monkeypatch.setattr("heldout.agent.model_replies.LONGEST", 1_000)
    answer = converse(Provider(*[says("x" * 30_000)] * 2), (), stream=True, timeout=60, max_calls=3)
    assert answer.kind == "truncated"


def test_progress_names_the_step_the_tokens_and_the_time(converse: Conversation) -> None:
    converse(Provider(says("x")), max_calls=7, max_tokens=9_000)
    [line] = converse.said
    assert line.startswith("Model call 1 of at most 7: ")
    assert " tokens in, " in line
    assert " s; " in line
    assert line.endswith(" of 9,000 used")


def test_a_structured_reply_is_asked_for_by_schema_beside_tools(converse: Conversation) -> None:
    provider = Provider(calls(("mean", {"column": "wage"})), says(json.dumps(TITLED)))
    answer = converse(provider, reply=Summary)
    assert answer.structured == Summary(**TITLED)
    assert provider.requests[0]["response_format"]["json_schema"]["schema"]["required"] == ["title", "points"]


@pytest.mark.parametrize("stream", [False, True])
def test_without_schemas_the_reply_is_asked_for_by_a_tool(converse: Conversation, stream: bool) -> None:
    provider = Provider(calls(("mean", {"column": "a"})), calls(("Summary", TITLED)), schemas=False)
    answer = converse(provider, reply=Summary, stream=stream)
    assert answer.structured == Summary(**TITLED)
    assert "response_format" in provider.requests[0]
    assert "response_format" not in provider.requests[1]
    assert answer.calls == 2, "a refused request is no call"


def test_without_schemas_and_tools_the_reply_is_asked_for_in_words(converse: Conversation) -> None:
    provider = Provider(says(f"Here you are:\n```json\n{json.dumps(TITLED)}\n```"), schemas=False, tools=False)
    answer = converse(provider, tools=(), reply=Summary)
    assert answer.structured == Summary(**TITLED)
    last = provider.requests[-1]
    assert not {"tools", "response_format"} & set(last)
    assert last["messages"][0]["content"].startswith(SYSTEM)
    assert '"required":["title","points"]' in last["messages"][0]["content"]
    assert [p.name for p in answer.prompts] == ["reply_json"], "what was added is told, with its hash"


def test_asking_in_another_way_goes_on_from_what_the_tools_have_told(converse: Conversation) -> None:
    provider = Provider(calls(("mean", {"column": "a"})), says("In short: wages."), calls(("Summary", TITLED)))
    answer = converse(provider, reply=Summary)
    assert answer.structured == Summary(**TITLED)
    assert converse.bench.open_questions == ["a"], "the tool ran once"
    assert provider.requests[2]["messages"][-1]["role"] == "tool"


def test_a_reply_that_never_fits_ends_in_one_line(converse: Conversation) -> None:
    provider = Provider(*[says('{"title": 3}')] * 9)
    answer = converse(provider, reply=Summary)
    assert answer.structured is None
    assert answer.kind == "unparsable"
    assert "schema" in (answer.failure or "")
    assert len(provider.requests) == 4, "by schema, by a tool, in words, and once more"
    assert "fits the schema" in provider.requests[-1]["messages"][-1]["content"]


def test_a_run_that_was_cut_asks_nothing_twice(converse: Conversation) -> None:
    script = [calls(("mean", {"column": "a"}), ("mean", {"column": "b"})), calls(("mean", {"column": "c"}))]
    cut = converse(Provider(*script, *[fails(500)] * 3))
    assert cut.kind == "server"
    rest = Provider(says("done"))
    resumed = converse(rest)
    assert len(rest.requests) == 1
    assert (resumed.text, resumed.calls, resumed.cached) == ("done", 3, 2)
    assert converse.bench.open_questions == ["a", "b", "c"]
    again = Provider()
    replayed = converse(again)
    assert again.requests == []
    assert replayed[:5] == resumed[:5], "a run and its replay say the same"
    assert "from disk" in converse.said[-1]


def test_a_structured_reply_is_replayed_too(converse: Conversation) -> None:
    converse(Provider(says(json.dumps(TITLED))), reply=Summary)
    again = Provider()
    assert converse(again, reply=Summary).structured == Summary(**TITLED)
    assert again.requests == []


def test_every_request_that_left_stands_in_the_book_even_a_refused_one(converse: Conversation) -> None:
    provider = Provider(calls(("mean", {"column": "a"})), fails(503), says("done"))
    converse(provider)
    lines = CallBook(converse.folder, "profile").lines()
    assert [x["hash"] for x in lines] == [digest(canonical_json(body)) for body in provider.requests]
    assert [x["bytes"] for x in lines] == [len(canonical_json(body).encode()) for body in provider.requests]
    assert [x["input_tokens"] is None for x in lines] == [False, True, False]
    assert {x["mode"] for x in lines} == {"profile"}
    assert {x["cached"] for x in lines} == {False}


@pytest.mark.parametrize("how", [{}, {"stream": True}, {"reply": Summary}, {"reply": Summary, "stream": True}])
def test_what_is_shown_is_exactly_what_would_be_sent_and_nothing_is(
    converse: Conversation, monkeypatch: pytest.MonkeyPatch, how: dict
) -> None:
    sent, idle = Provider(says(json.dumps(TITLED))), Provider()
    converse(sent, **how)
    converse.folder = None
    shown = converse(idle, mode="show", **how)
    assert shown.text == canonical_json(sent.requests[0])
    assert (shown.calls, shown.failure, idle.requests) == (0, None, [])
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    book = CallBook(None, "profile", "show")
    alone = talk(
        ModelSettings("openai:local", stream=how.get("stream", False)), SYSTEM, USER, (MEAN,), empty_bench(),
        reply=how.get("reply"), book=book, say=converse.said.append,
    )  # fmt: skip
    assert alone.text == shown.text, "no key is needed to see it"


def test_a_server_without_a_key_is_asked_and_a_provider_that_needs_one_is_not(
    converse: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    book, bench = CallBook(None, "profile"), empty_bench()
    with serving(Provider(says("hello"))) as provider:
        settings = ModelSettings("openai:local", base_url=provider.url)
        assert talk(settings, SYSTEM, USER, (), bench, reply=None, book=book, say=converse.said.append).text == "hello"
    with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY is not set"):
        talk(ModelSettings("openai:gpt"), SYSTEM, USER, (), bench, reply=None, book=book, say=converse.said.append)


@pytest.mark.parametrize(
    ("settings", "error", "says_so"),
    [
        (ModelSettings("gpt-4.1"), UsageError, "PROVIDER:NAME"),
        (ModelSettings("openai:x", base_url="localhost:8000"), UsageError, "http://"),
        (ModelSettings("openai:x", privacy="none"), UsageError, "none"),
        (ModelSettings("anthropic:claude"), ModelUnavailable, "pip install langchain-anthropic"),
        (ModelSettings("nobody:x"), ModelUnavailable, "could not be set up"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_sent(
    settings: ModelSettings, error: type[Exception], says_so: str
) -> None:
    with pytest.raises(error, match=says_so):
        talk(settings, SYSTEM, USER, (), empty_bench(), reply=None, book=CallBook(None, "profile"), say=str)


def test_without_the_packages_the_line_to_install_them_is_named() -> None:
    code = (
        "import sys\n"
        "sys.modules['langchain_openai'] = None\n"
        "from heldout.agent.model import ModelSettings, _connected\n"
        "try:\n    _connected(ModelSettings('openai:x', base_url='http://127.0.0.1:9'))\n"
        "except Exception as err:\n    print(type(err).__name__, err)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.startswith("ModelUnavailable")
    assert 'pip install "heldout[model]"' in out


def test_no_key_is_written_anywhere_though_the_provider_repeats_it(
    converse: Conversation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    echo = Provider(
        calls(("mean", {"column": KEY})),
        calls(("propose", {"claims": [{"family": KEY}]})),
        says(f"Your key is {KEY}."),
    )
    told = [converse(echo, tools=(MEAN, PROPOSE))]
    told += [
        converse(Provider(*[Line(raw=KEY)] * 2), max_calls=5, tools=()),
        converse(Provider(fails(400, KEY)), tools=()),
    ]
    told.append(converse(Provider(key="sk-another-key-of-the-server"), tools=()))
    assert [t.kind for t in told] == [None, "unparsable", "request", "key"]
    written = b"".join(p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file())
    assert len(written) > 1_000, "there is something to look through"
    everything = written.decode() + repr(told) + repr(converse.said) + repr(converse.bench.__dict__)
    assert KEY not in everything
    assert KEY[8:] not in everything
    assert KEY not in json.dumps(echo.requests), "nor does it go into another request"


def test_nothing_is_traced_even_where_tracing_was_on_before(
    converse: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langsmith.utils import get_env_var, tracing_is_enabled

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    get_env_var.cache_clear()
    assert tracing_is_enabled(), "kept by the library, whatever the environment says later"
    seen: list[object] = []
    look = MEAN._replace(run=lambda *_: {"seen": seen.append(tracing_is_enabled())})
    try:
        converse(Provider(calls(("mean", {"column": "a"})), says("x")), tools=(look,))
    finally:
        get_env_var.cache_clear()
    assert seen == [False]
    assert os.environ["LANGSMITH_TRACING"] == "false"
