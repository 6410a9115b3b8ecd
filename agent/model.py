"""The conversation with a language model: the one module that knows LangChain, imported only when a model is asked.

Knows settings, prompts as text, tools as specifications, and the book of calls. Must never know what a table says, a
verdict or a sealed row; what the model may read is what its tools return. What goes wrong at a provider is told in
`Talk.failure`, never raised, and no text that leaves this module holds a key.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr

from ..prompts import Prompt, load
from ..tools.errors import ModelUnavailable, UsageError
from .callbook import CallBook, request_of
from .model_faults import FaultKind, ModelFault, fault, fault_of
from .model_meter import FIRST_WAIT, Meter
from .model_replies import Shown, answer, keyless, parsed, tool_error
from .model_settings import ModelSettings
from .toolbox.bench import Bench
from .toolbox.spec import ToolSpec, call, told

INSTALL = 'pip install "heldout[model]"'
_TOOLS_A_CALL = 4
"""Tool calls that a conversation may make on average in one reply; those beyond are refused to the model."""
_RUNGS = ("json_schema", "function_calling", "prompt", "prompt")
"""How a structured reply is asked for, best first; the last is tried twice."""


class Talk(NamedTuple):
    """What came of a conversation. Calls and tokens count whether they were paid now or answered from disk."""

    text: str
    structured: BaseModel | None
    calls: int
    input_tokens: int
    output_tokens: int
    failure: str | None
    """One line that says why there is no answer, and what helps."""
    kind: FaultKind | None = None
    """Which failure it is."""
    cached: int = 0
    """Calls that were answered from disk."""
    prompts: tuple[Prompt, ...] = ()
    """What was added to the prompts that were given, to have a reply in a shape."""


def talk(
    settings: ModelSettings,
    prompt_system: str,
    prompt_user: str,
    tools: Sequence[ToolSpec],
    bench: Bench | None,
    *,
    reply: type[BaseModel] | None,
    book: CallBook,
    say: Callable[[str], None],
    done: Callable[[], bool] | None = None,
    before: tuple[int, int] = (0, 0),
) -> Talk:
    """One conversation: the model calls tools until it answers, or until its budget is used up.

    Args:
        settings: Which model, and its budget.
        prompt_system: The fixed part, sent first.
        prompt_user: The task, with data as JSON at its end.
        tools: What the model may call; every call is made on `bench`, one after another.
        bench: What tools read and where they leave what the model proposed; None where there are no tools.
        reply: Shape of a structured answer; asked for by schema, else by a tool, else in words.
        book: Where requests are entered and replies kept. A book that shows sends nothing: the text is the request.
        say: Called with one line an answer: step, tokens, time.
        done: Whether what tools left behind ends the conversation, asked before each call: no text is wanted then.
        before: Calls and input tokens of an earlier conversation that the same budget paid for.

    Returns:
        The answer, or one line of failure; what tools left on the bench stays there either way.

    Raises:
        ModelUnavailable: if LangChain, the provider's package or its key is missing.
        UsageError: if the model's name or address cannot be read, or the privacy mode allows no model.
    """
    if settings.privacy == "none":
        raise UsageError("Privacy mode `none` lets nothing reach a model: leave `--model` out, or allow `schema`.")
    return _Conversation(settings, prompt_system, prompt_user, tools, bench, reply, book, say, done, before).run()


class _Conversation:
    def __init__(
        self, settings: ModelSettings, system: str, user: str, tools: Sequence[ToolSpec], bench: Bench | None,
        reply: type[BaseModel] | None, book: CallBook, say: Callable[[str], None],
        done: Callable[[], bool] | None, before: tuple[int, int],
    ) -> None:  # fmt: skip
        self.settings, self.system, self.reply, self.book = settings, system, reply, book
        self.model = _connected(settings, keyless=book.mode == "show")
        self.tools = [] if bench is None else [_tool(spec, bench) for spec in tools]
        self.meter = Meter(settings.max_calls, settings.max_tokens, settings.timeout, say)
        self.meter.calls, self.meter.input_tokens = before
        self.done, self.before = done or _never, before
        self.messages: list[Any] = [{"role": "user", "content": user}]
        self.warm = False
        self.prompts: list[Prompt] = []

    def run(self) -> Talk:
        try:
            return self._asked()
        except Shown as shown:
            return Talk(shown.request.text, None, 0, 0, 0, None)
        except ModelFault as err:
            return self._talk(failure=str(err), kind=err.kind)

    def _asked(self) -> Talk:
        """The answer by the first way of asking that the provider can follow."""
        rungs: list[str] = [*_RUNGS] if self.reply is not None else ["words"]
        while rungs:
            try:
                text, structured = self._invoke(rungs[0])
            except ModelFault as err:
                if not self._conceded(err, rungs):
                    raise
                continue
            if self.reply is None or structured is not None:
                return self._talk(text, structured)
            del rungs[0]
        raise fault("unparsable", "it did not fit the schema that was asked for")

    def _conceded(self, err: ModelFault, rungs: list[str]) -> bool:
        """Whether the next attempt asks for less than was refused."""
        if err.kind == "temperature" and not self.warm:
            self.model, self.warm = _connected(self.settings, warm=True), True
            return True
        # Beside a schema tools have to be strict too, which not every tool's arguments can be.
        schema = err.kind in ("format", "tools", "unparsable", "request") and rungs[0] == "json_schema"
        if schema or (err.kind == "tools" and rungs[0] == "function_calling"):
            del rungs[0]
            return True
        return False

    def _invoke(self, rung: str) -> tuple[str, BaseModel | None]:
        from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
        from langchain.agents.structured_output import StructuredOutputError
        from langgraph.errors import GraphRecursionError
        from langsmith import tracing_context

        # Tools run one after another, in the order they were called: ids of facts must not depend on threads.
        config: Any = {"max_concurrency": 1, "recursion_limit": 12 * self.settings.max_calls + 20}
        try:
            with tracing_context(enabled=False):
                state = self._agent(rung).invoke({"messages": self.messages}, config)
        except (ModelCallLimitExceededError, GraphRecursionError):
            raise self.meter.too_many_calls() from None
        except StructuredOutputError:
            return "", None
        last = state["messages"][-1]
        text = last.text if last.type == "ai" else ""
        structured = state.get("structured_response")
        if self.reply is not None and structured is None:
            structured = parsed(text, self.reply)
        if structured is None and rung == "prompt":
            again = {"role": "user", "content": self._added("reply_again").system}
            self.messages = [*state["messages"], again]
        return text, structured

    def _agent(self, rung: str) -> Any:
        from langchain.agents import create_agent
        from langchain.agents.middleware import (
            ModelCallLimitMiddleware,
            ModelRetryMiddleware,
            ToolCallLimitMiddleware,
            ToolErrorMiddleware,
        )
        from langchain.agents.structured_output import ProviderStrategy, ToolStrategy

        how: Any = None
        system = self.system
        if self.reply is not None and rung == "json_schema":
            how = ProviderStrategy(self.reply)
        elif self.reply is not None and rung == "function_calling":
            how = ToolStrategy(self.reply, handle_errors=False)
        elif self.reply is not None:
            system += "\n\n" + self._added("reply_json").user(schema=self.reply.model_json_schema())
        left = max(self.settings.max_calls - self.meter.calls, 1)
        middleware: list[Any] = [
            ModelCallLimitMiddleware(run_limit=left, exit_behavior="error"),
            ToolCallLimitMiddleware(run_limit=_TOOLS_A_CALL * self.settings.max_calls),
            ModelRetryMiddleware(
                max_retries=2, retry_on=self._again, on_failure="error", initial_delay=FIRST_WAIT, max_delay=8.0
            ),
            ToolErrorMiddleware(on_error=tool_error),
            _recording(self.book, self.meter, self._standing, self.done),
        ]
        return create_agent(
            self.model, self.tools, system_prompt=system, response_format=how, middleware=middleware
        )  # fmt: skip

    def _added(self, name: str) -> Prompt:
        self.prompts.append(load(name))
        return self.prompts[-1]

    def _again(self, err: Exception) -> bool:
        return isinstance(err, ModelFault) and self.meter.again(err)

    def _standing(self, messages: Sequence[Any]) -> None:
        """Remember the conversation so far: asking in another way goes on from here."""
        self.messages = list(messages)

    def _talk(
        self, text: str = "", structured: BaseModel | None = None, failure: str | None = None,
        kind: FaultKind | None = None,
    ) -> Talk:  # fmt: skip
        m = self.meter
        prompts = tuple(dict.fromkeys(self.prompts))
        calls, tokens = m.calls - self.before[0], m.input_tokens - self.before[1]
        return Talk(text, structured, calls, tokens, m.output_tokens, failure, kind, m.cached, prompts)


def _never() -> bool:
    return False


def _recording(
    book: CallBook, meter: Meter, standing: Callable[[Sequence[Any]], None], done: Callable[[], bool]
) -> Any:
    """The middleware through which every call of the model goes."""
    from langchain.agents.middleware import AgentMiddleware, hook_config
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Recorded(BaseChatModel):
        """The model, asked through the book."""

        inner: Any

        @property
        def _llm_type(self) -> str:
            return "recorded"

        def bind_tools(self, tools: Any, **options: Any) -> Any:
            if "response_format" in options and hasattr(self.inner, "root_client"):
                options = {"strict": True, **options}  # the client parses replies beside strict tools only
            bound = self.inner.bind_tools(tools, **options).kwargs
            return self.bind(**{k: v for k, v in bound.items() if k != "tools" or v})

        def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> Any:
            request = request_of(_body(self.inner, messages, stop, options))
            kept = answer(self.inner, messages, stop, options, request, book, meter)
            fields = {k: v for k, v in kept.items() if k != "usage"}
            return ChatResult(generations=[ChatGeneration(message=AIMessage(**fields))])

    class Recording(AgentMiddleware):
        """Enters every call in the book, answers from disk what was asked before, and keeps the account."""

        @hook_config(can_jump_to=["end"])
        def before_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
            return {"jump_to": "end"} if done() else None

        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            standing(request.messages)
            return handler(request.override(model=Recorded(inner=request.model)))

    return Recording()


def _body(inner: Any, messages: Any, stop: Any, options: Mapping[str, Any]) -> Any:
    """The request as plain JSON: of OpenAI-compatible models the very body that is sent."""
    if hasattr(inner, "_get_request_payload"):
        body = inner._get_request_payload(messages, stop=stop, **options)
        if inner.streaming:
            body = {**body, "stream": True, "stream_options": {"include_usage": True}}
    else:
        from langchain_core.messages import convert_to_openai_messages

        body = {**inner._identifying_params, **options, "messages": convert_to_openai_messages(messages), "stop": stop}
    return json.loads(keyless(json.dumps(body, default=str)))


def _tool(spec: ToolSpec, bench: Bench) -> Any:
    """The tool as LangChain calls it; arguments are checked by the toolbox alone, which says what was wrong."""
    from langchain_core.tools import StructuredTool

    def run(**arguments: Any) -> str:
        return told(call(spec, bench, arguments))

    schema = spec.arguments.model_json_schema()
    return StructuredTool(name=spec.name, description=spec.description, args_schema=schema, func=run)


def _connected(settings: ModelSettings, *, keyless: bool = False, warm: bool = False) -> Any:
    """The model as LangChain has it; nothing is sent yet.

    Raises:
        ModelUnavailable: if a package or a key is missing.
        UsageError: if the name or the address cannot be read.
    """
    provider, _, name = settings.name.partition(":")
    if not provider or not name:
        raise UsageError(f"A model is named PROVIDER:NAME, such as openai:gpt-4.1. Got '{settings.name[:80]}'.")
    os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"
    options: dict[str, Any] = {"timeout": settings.timeout, "max_retries": 0}
    options |= {} if warm else {"temperature": 0}
    if provider == "openai":
        return _openai(name, settings, options, keyless)
    return _other(settings, provider, options)


def endpoint(base_url: str | None, *, keyless: bool = False, option: str = "--model") -> tuple[str, str | None]:
    """The key and the address of an OpenAI-compatible server.

    Raises:
        ModelUnavailable: if a key is needed and missing.
        UsageError: if the address cannot be read.
    """
    key, url = os.environ.get("OPENAI_API_KEY"), base_url or os.environ.get("OPENAI_BASE_URL") or None
    if url is not None and not re.match(r"https?://[^\s/]", url):
        raise UsageError("The address of a model server starts with http:// or https://: set OPENAI_BASE_URL so.")
    if not key and url is None and not keyless:
        raise ModelUnavailable(
            "OPENAI_API_KEY is not set, so the model cannot be asked. Set it, set OPENAI_BASE_URL to a server that "
            f"needs no key, or leave `{option}` out."
        )
    return key or "not-needed", url


def embedded(name: str, base_url: str | None, timeout: float, texts: Sequence[str]) -> list[list[float]]:
    """One vector a text from an OpenAI-compatible endpoint: one request, not repeated.

    Raises:
        ModelFault: for whatever goes wrong there.
        ModelUnavailable: if the package or the key is missing.
        UsageError: if the address cannot be read.
    """
    key, url = endpoint(base_url, option="--embeddings")
    try:
        from openai import OpenAI
    except ImportError as err:
        raise ModelUnavailable(f"Embeddings of an endpoint need packages that are not installed: {INSTALL}.") from err
    try:
        client = OpenAI(api_key=key, base_url=url, timeout=timeout, max_retries=0)
        found = client.embeddings.create(model=name, input=list(texts), encoding_format="float").data
        vectors = [[float(x) for x in one.embedding] for one in sorted(found, key=lambda one: one.index)]
    except Exception as err:
        failed = fault_of(err)
    else:
        return vectors
    # Outside the handler, so that no traceback drags the provider's words along.
    raise failed


def _openai(name: str, settings: ModelSettings, options: dict[str, Any], keyless: bool) -> Any:
    key, url = endpoint(settings.base_url, keyless=keyless)
    try:
        from langchain_openai import ChatOpenAI
    except ImportError as err:
        raise ModelUnavailable(f"A language model needs packages that are not installed: {INSTALL}.") from err
    # Names of models decide where LangChain sends requests to unless it is told; servers know this route.
    return ChatOpenAI(
        model=name, base_url=url, api_key=SecretStr(key), use_responses_api=False,
        streaming=settings.stream, stream_usage=True, **options,
    )  # fmt: skip


def _other(settings: ModelSettings, provider: str, options: dict[str, Any]) -> Any:
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as err:
        raise ModelUnavailable(f"A language model needs packages that are not installed: {INSTALL}.") from err
    if settings.base_url is not None:
        options["base_url"] = settings.base_url
    try:
        return init_chat_model(settings.name, **options)
    except ImportError as err:
        package = (re.search(r"langchain-[a-z-]+[a-z]", str(err)) or [f"langchain-{provider}"])[0]
        raise ModelUnavailable(f"Models of {provider} need a package of their own: pip install {package}.") from None
    except Exception as err:
        found = type(err).__name__
    raise ModelUnavailable(
        f"The model {settings.name[:80]} could not be set up ({found}). Check the provider's name, such as openai, and "
        "that its key is set."
    )
