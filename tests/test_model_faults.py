"""What goes wrong at a provider is retried where that helps, and else told in one line with a way out."""

import json
from pathlib import Path
from typing import Any

import pytest

from heldout.agent.callbook import CallBook
from heldout.agent.model import ModelSettings, talk
from tests.provider import KEY, Line, Provider, calls, fails, says, serving
from tests.talking import MEAN, SYSTEM, USER, Conversation, Summary, empty_bench

HTML = Line(raw="<html>gateway</html>")
CUT = says("a long answer that ends in the mi", cut=True)
SHORT = says("cut at its", finish="length")
HALF = calls(("mean", '{"column": "wag'))


@pytest.fixture
def converse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Conversation:
    return Conversation(monkeypatch, tmp_path / "run")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "script",
    [
        [fails(429), fails(429)],
        [fails(429, retry_after="0.05")],
        [fails(500), fails(503)],
        [fails(502, "<html>bad gateway</html>")],
        [CUT],
        [SHORT],
        [HTML],
        [Line(raw='{"choices": []}')],
        [Line(raw='{"error": {"message": "overloaded"}}')],
        [HALF],
        [says("")],
    ],
)
def test_what_passes_by_is_asked_again(converse: Conversation, script: list[Line], stream: bool) -> None:
    provider = Provider(*script, says("ok"))
    answer = converse(provider, stream=stream)
    assert (answer.text, answer.failure, answer.calls) == ("ok", None, 1)
    assert len(provider.requests) == len(script) + 1
    assert len({str(body) for body in provider.requests}) == 1, "the very same request"
    assert sum("trying again" in line for line in converse.said) == len(script)
    assert converse.bench.open_questions == [], "half a call of a tool is no call"


@pytest.mark.parametrize(
    ("script", "kind", "sent", "line"),
    [
        ([fails(401)], "key", 1, "status 401): set the provider's key, such as OPENAI_API_KEY"),
        ([fails(403)], "key", 1, "status 403"),
        ([fails(429, code="insufficient_quota")], "quota", 1, "quota is used up (status 429, insufficient_quota)"),
        ([fails(429)] * 9, "busy", 3, "status 429): try again later"),
        ([fails(429, retry_after="9000")], "busy", 1, "status 429): try again later"),
        ([fails(500)] * 9, "server", 3, "status 500): try again later"),
        ([fails(404, "The model `local` does not exist", "model_not_found")], "no_model", 1, "status 404"),
        ([fails(400, "maximum context length is 8192 tokens")], "too_long", 1, "status 400): lower `--max-tokens`"),
        ([fails(400, "no")], "request", 1, "status 400"),
        ([fails(500, "tools param requires --jinja flag")], "tools", 1, "cannot call tools (status 500)"),
        ([CUT] * 9, "unreachable", 3, "check the network and OPENAI_BASE_URL"),
        ([SHORT] * 9, "truncated", 2, "use a model that may write more"),
        ([HTML] * 9, "unparsable", 2, "could not be read"),
        ([HALF] * 9, "unparsable", 2, "arguments of a tool that are no JSON"),
        ([says("")] * 9, "unparsable", 2, "it was empty"),
        ([says("", finish="content_filter")], "refused", 1, "declined to answer"),
    ],
)
def test_what_stays_is_told_in_one_line(
    converse: Conversation, script: list[Line], kind: str, sent: int, line: str
) -> None:
    provider = Provider(*script)
    answer = converse(provider)
    assert answer.kind == kind
    assert line in (answer.failure or "")
    assert "\n" not in (answer.failure or "")
    assert (answer.text, len(provider.requests)) == ("", sent)


def test_a_model_without_tools_says_so(converse: Conversation) -> None:
    answer = converse(Provider(says("x"), tools=False))
    assert answer.kind == "tools"
    assert "cannot call tools (status 400): use a model that can" in (answer.failure or "")


def test_a_model_that_is_silent_is_asked_once_more_and_then_given_up(converse: Conversation) -> None:
    provider = Provider(says("late", hang=30), says("in time"))
    assert converse(provider, timeout=0.6).text == "in time"
    converse.folder = None
    provider = Provider(*[says("late", hang=30)] * 5)
    answer = converse(provider, timeout=0.4, max_calls=3)
    assert answer.kind == "time"
    assert "`--timeout`" in (answer.failure or "")
    assert len(provider.requests) <= 3


def test_a_server_that_drips_is_silent_too(converse: Conversation) -> None:
    provider = Provider(Line(drip=True), says("in time"))
    assert converse(provider, timeout=0.6).text == "in time"
    assert "did not answer in time (0.6 s)" in converse.said[0]


def test_nobody_at_the_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Provider()) as provider:
        address = provider.url
    monkeypatch.setattr("heldout.agent.model.FIRST_WAIT", 0.01)
    said: list[str] = []
    answer = talk(
        ModelSettings("openai:local", base_url=address), SYSTEM, USER, (MEAN,), empty_bench(), reply=None,
        book=CallBook(None, "profile"), say=said.append,
    )  # fmt: skip
    assert answer.kind == "unreachable"
    assert "could not be reached" in (answer.failure or "")


def test_a_temperature_that_is_refused_is_left_out(converse: Conversation) -> None:
    provider = Provider(fails(400, "Unsupported value: 'temperature' does not support 0.0 with this model."), says("x"))
    assert converse(provider).text == "x"
    assert ["temperature" in body for body in provider.requests] == [True, False]


def test_tokens_that_are_not_told_are_estimated(converse: Conversation) -> None:
    provider = Provider(says("x", usage=False))
    answer = converse(provider)
    [line] = CallBook(converse.folder, "profile").lines()
    assert line["input_tokens"] is None
    assert answer.input_tokens == line["bytes"] // 3 + 1


def test_a_broken_reply_is_not_kept_so_the_next_run_asks_again(converse: Conversation) -> None:
    converse(Provider(SHORT, SHORT))
    later = Provider(says("whole"))
    assert converse(later).text == "whole"
    assert len(later.requests) == 1


def test_a_model_that_ends_without_a_word_after_its_tools_has_answered(converse: Conversation) -> None:
    answer = converse(Provider(calls(("mean", {"column": "a"})), says("")))
    assert (answer.text, answer.failure, answer.calls) == ("", None, 2)


def _raw(finish: str = "stop", **message: Any) -> Line:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": None, **message}}
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
    return Line(raw=json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}))


def _call(name: Any = "mean", arguments: Any = '{"column": "a"}', name_of_call: Any = "c") -> dict[str, Any]:
    return {"id": name_of_call, "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    "odd",
    [
        _raw(tool_calls=[_call(arguments="[1, 2]")]),
        _raw(tool_calls=[_call(arguments="null")]),
        _raw(tool_calls=[_call(arguments='{"column": NaN}')]),
        _raw(tool_calls=[_call(arguments='{"column": ' + "[" * 3_000 + "]" * 3_000 + "}")]),
        _raw(tool_calls=[_call(arguments='{"self": 1, "config": {}, "run_manager": 2, "column": "a"}')]),
        _raw(tool_calls=[_call(name="")]),
        _raw(tool_calls=[_call(name=None)]),
        _raw(tool_calls="many"),
        _raw(tool_calls=[{"id": "c"}]),
        _raw(function_call={"name": "mean", "arguments": "{}"}),
        _raw(content={"a": 1}),
        _raw(content="a lone \ud800"),
        *[Line(raw=text) for text in ("null", "[]", "3", '{"choices": null}', '{"choices": [{}]}')],
        Line(
            raw='{"choices": [{"message": {"role": "assistant", "content": "x"}}], "usage": {"prompt_tokens": "many"}}'
        ),
        fails(418),
        Line(status=500),
        Line(status=302, headers=(("location", "http://127.0.0.1:9/"),)),
    ],
)
def test_no_reply_whatever_it_holds_breaks_the_run(converse: Conversation, odd: Line) -> None:
    for reply in (None, Summary):
        converse.folder = None
        answer = converse(Provider(odd, odd, *[says("ok")] * 9), reply=reply)
        assert (answer.failure is None) == (answer.kind is None)
        assert answer.failure is not None or answer.text.isprintable()
        answer.text.encode()


@pytest.mark.parametrize("name", [None, "", "same"])
def test_calls_of_tools_without_an_id_of_their_own_get_one(converse: Conversation, name: str | None) -> None:
    twice = _raw("tool_calls", tool_calls=[_call(name_of_call=name), _call(name_of_call=name)])
    provider = Provider(twice, says("ok"))
    assert converse(provider).text == "ok"
    ids = [m["tool_call_id"] for m in provider.requests[1]["messages"] if m["role"] == "tool"]
    assert len(set(ids)) == 2


def test_what_the_provider_says_of_a_fault_is_not_repeated(converse: Conversation) -> None:
    answer = converse(Provider(fails(400, f"<script>{KEY} row 17: Mr Smith</script>", "Mr Smith")), reply=Summary)
    assert "Smith" not in repr(answer)
    assert "<" not in repr(answer)
