"""The walls of the house, read from the source by `ast`: each test is one wall."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("heldout", "agent", "tools", "prompts")
MODEL_LIBRARIES = {
    "anthropic", "cohere", "google", "huggingface_hub", "langchain", "langchain_core", "langchain_openai", "langgraph",
    "langsmith", "litellm", "mistralai", "ollama", "openai", "tiktoken", "torch", "transformers",
}  # fmt: skip
NETWORK_LIBRARIES = {
    "aiohttp", "boto3", "fastapi", "flask", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "socketserver",
    "telnetlib", "urllib", "urllib3", "websocket", "websockets",
}  # fmt: skip
HEAVY = ("altair", "duckdb", "numpy", "pandas", "pydantic", "scipy", "sklearn")
MOST_LINES = 400
COMMAND_LINE = tuple(
    f"heldout.agent.{name}"
    for name in ("cli", "cli_ask", "cli_frame", "cli_model", "cli_verify", "review.cli_edit", "review.cli_review")
)
PARTS = "heldout.agent.report.reproduction"
"""Laid together as one program beside every report and run there, without the package: its last part prints."""


def _name(path: Path) -> str:
    """The import name of a file of the product: `heldout.tools.data.split`."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[0] != "heldout":
        parts.insert(0, "heldout")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_name(p): p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def _imported(name: str) -> Iterator[tuple[str, ast.stmt]]:
    """Every module that a module imports, absolute, whether at its top, in a function or for types only."""
    package = name if FILES[name].stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, *([node.module] if node.module else [])])
            for alias in node.names:
                own = f"{base}.{alias.name}"
                yield (own if own in FILES else base), node


def _inside(folder: str) -> list[str]:
    return [name for name in FILES if name == f"heldout.{folder}" or name.startswith(f"heldout.{folder}.")]


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_the_walls_are_looked_for_where_the_code_is() -> None:
    assert len(_inside("tools")) > 20
    assert len(_inside("agent")) > 8
    assert {"heldout", "heldout.tools.verify.verify", "heldout.agent.cli"} <= set(FILES)


@pytest.mark.parametrize("name", _inside("tools"))
def test_tools_import_neither_the_agent_nor_a_model_nor_the_network(name: str) -> None:
    for module, _ in _imported(name):
        top = module.split(".")[0]
        assert not module.startswith(("heldout.agent", "heldout.prompts")), module
        assert module != "heldout", "tools must not lean on the face"
        assert top not in MODEL_LIBRARIES | NETWORK_LIBRARIES, module


def test_sealed_rows_are_read_by_the_one_door_and_handed_out_by_the_disclosure_alone() -> None:
    readers = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "sealed_file" and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("vault_"))
    }
    assert readers == {"heldout.tools.verify.verify", "heldout.tools.verify.disclosure", "heldout.tools.data.split"}
    loads = [
        node
        for node in ast.walk(TREES["heldout.tools.data.split"])
        if isinstance(node, ast.Attribute) and node.attr == "sealed_file" and isinstance(node.ctx, ast.Load)
    ]
    assert loads == [], "the sealing module keeps the place of the sealed file and never reads it"


def test_the_one_door_asks_for_the_receipt_and_writes_the_ledger_before_it_reads() -> None:
    tree = TREES["heldout.tools.verify.verify"]
    functions = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    order = [call for call, _ in _calls(functions["open_vault"])]
    assert order == ["check_receipt", "record_open", "with_properties", "_read_vault"]
    callers = {n for n, f in functions.items() for call, _ in _calls(f) if call == "_read_vault"}
    assert callers == {"open_vault", "burnt_rows"}


def test_of_a_thread_one_bit_leaves_the_door_and_it_is_written_down_first() -> None:
    tree = TREES["heldout.tools.verify.verify"]
    functions = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    told = functions["answer"]
    assert told.returns is not None
    assert ast.unparse(told.returns) == "bool"
    assert [ast.unparse(n.value) for n in ast.walk(told) if isinstance(n, ast.Return) and n.value] == ["verified"]
    at = {call: node.lineno for call, node in _calls(told)}
    assert at["check_receipt"] < at["open_vault"] < at["record_verdict"]
    openers = {n for n, f in functions.items() for call, _ in _calls(f) if call == "open_vault"}
    assert openers == {"verify", "answer", "reveal"}
    for name in FILES:
        if name != "heldout.tools.verify.verify":
            assert not [call for call, _ in _calls(TREES[name]) if call.split(".")[-1] == "open_vault"], name


def test_the_disclosure_asks_for_the_receipt_before_it_reads() -> None:
    tree = TREES["heldout.tools.verify.disclosure"]
    [function] = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "burnt_table"]
    at = {call: node.lineno for call, node in _calls(function)}
    assert at["session_of"] < at["duckdb.connect"]
    [texts] = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "burnt_texts"]
    at = {call: node.lineno for call, node in _calls(texts)}
    assert at["session_of"] < at["split.read"]
    [typed] = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "burnt_typed"]
    at = {call: node.lineno for call, node in _calls(typed)}
    assert max(at["session_of"], at["sessions"]) < at["SealBroken"] < at["duckdb.connect"]


def test_one_module_imports_a_model_library_and_only_inside_functions() -> None:
    importers = {n for n in FILES for module, _ in _imported(n) if module.split(".")[0] in MODEL_LIBRARIES}
    assert importers == {"heldout.agent.model"}
    at_the_top = {m for m, node in _imported("heldout.agent.model") if node in TREES["heldout.agent.model"].body}
    assert "heldout.prompts" in at_the_top, "what is imported at the top is looked at"
    assert not {module.split(".")[0] for module in at_the_top} & MODEL_LIBRARIES


def test_no_key_is_read_but_by_the_module_that_asks_the_model() -> None:
    readers = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w*_API_KEY", node.value)
    }
    assert readers == {"heldout.agent.model", "heldout.agent.model_replies"}


def _loaded(code: str) -> set[str]:
    out = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(out.stdout.splitlines())


def test_importing_the_package_loads_no_heavy_library() -> None:
    assert not _loaded("import heldout") & set(HEAVY)


def test_asking_for_help_loads_no_heavy_library() -> None:
    run = "import runpy, sys\nsys.argv = ['heldout', '--help']\n"
    loaded = _loaded(run + "try:\n    runpy.run_module('heldout')\nexcept SystemExit:\n    pass")
    assert "heldout.agent.cli" in loaded
    assert not loaded & {"altair", "duckdb", "pandas", "scipy.stats", "sklearn"}
    assert not loaded & MODEL_LIBRARIES


def test_a_run_without_a_model_loads_no_library_of_models_and_no_prompt() -> None:
    run = "import heldout\nheldout.explain({'a': list(range(60)), 'b': [x % 7 for x in range(60)]})"
    loaded = _loaded(run)
    assert "heldout.tools.verify.verify" in loaded
    assert not loaded & (MODEL_LIBRARIES | {"httpx", "httpx2", "requests"})
    assert "heldout.agent.model" not in loaded


def test_the_module_that_asks_the_model_loads_its_libraries_when_it_asks() -> None:
    loaded = _loaded("import heldout.agent.draft_model")
    assert "heldout.agent.model" in loaded
    assert not loaded & MODEL_LIBRARIES


def test_importing_any_module_of_the_tools_loads_no_library_it_may_not_need() -> None:
    modules = [n for n in _inside("tools") if not n.startswith("heldout.tools.data.readers")]
    loaded = _loaded("import " + ", ".join(modules))
    assert not loaded & {"altair", "pandas", "scipy.stats", "sklearn", "statsmodels"}


def test_there_is_no_import_cycle_even_counting_types_and_functions() -> None:
    graph = {n: {m for m, _ in _imported(n) if m in FILES and m != n} for n in FILES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        for module in sorted(graph[name]):
            visit(module, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_errors_import_nothing() -> None:
    assert list(_imported("heldout.tools.errors")) == []


def test_the_data_know_nothing_of_exploring_or_verifying_and_exploring_nothing_of_verifying() -> None:
    for name in _inside("tools"):
        below = {"data": ("explore", "verify"), "explore": ("verify",)}.get(
            name.split(".")[2] if "." in name[8:] else "", ()
        )
        for module, _ in _imported(name):
            assert not module.startswith(tuple(f"heldout.tools.{room}" for room in below)), f"{name} -> {module}"


def test_the_second_opinion_shares_no_code_with_the_first() -> None:
    parts = _inside(PARTS.removeprefix("heldout."))
    assert f"{PARTS}.program" in parts
    for name in FILES:
        for module, _ in _imported(name):
            if name in parts:
                assert module in parts or module.split(".")[0] != "heldout", f"{name} -> {module}"
            else:
                assert module not in parts, f"{name} -> {module}"


def test_results_do_not_call_their_renderers() -> None:
    rendering = {f"heldout.agent.report.{m}" for m in ("html", "markdown", "terminal", "charts", "words")}
    for module, _ in _imported("heldout.agent.report.result"):
        assert module not in rendering


@pytest.mark.parametrize("name", [n for n in FILES if n not in (*COMMAND_LINE, f"{PARTS}.program")])
def test_nothing_but_the_command_line_prints(name: str) -> None:
    written = {call for call, _ in _calls(TREES[name])}
    assert not written & {"print", "click.echo", "echo", "secho", "click.secho", "sys.stdout.write", "sys.stderr.write"}


@pytest.mark.parametrize("name", FILES)
def test_no_module_draws_without_a_seed_of_its_own(name: str) -> None:
    for call, node in _calls(TREES[name]):
        assert call not in {"np.random.seed", "numpy.random.seed", "random.seed"}, node.lineno
        if call.endswith("default_rng"):
            assert node.args or node.keywords, f"default_rng() without a seed in line {node.lineno}"
        elif re.fullmatch(r"(np|numpy)\.random\.[a-z_]+", call):
            pytest.fail(f"{call} draws from the global generator in line {node.lineno}")
        assert call != "hash", f"hash() differs from run to run: line {node.lineno}"
        assert not call.startswith("random."), f"{call} draws from the global generator in line {node.lineno}"


@pytest.mark.parametrize("name", FILES)
def test_no_input_is_checked_by_assert_and_no_error_is_swallowed_whole(name: str) -> None:
    for node in ast.walk(TREES[name]):
        assert not isinstance(node, ast.Assert), node.lineno
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, node.lineno


@pytest.mark.parametrize("name", FILES)
def test_every_module_says_what_it_knows_and_is_short(name: str) -> None:
    assert ast.get_docstring(TREES[name])
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", FILES)
def test_no_module_asks_duckdb_for_an_unstable_hash(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "SELECT" in node.value:
            assert not re.search(r"\bhash\(", node.value), node.lineno


@pytest.mark.parametrize("name", [n for n in FILES if not n.startswith("heldout.prompts")])
def test_no_prompt_stands_in_the_code(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            start = node.value.strip().lower()
            assert not start.startswith(("you are a", "you are an", "act as ", "system:")), node.lineno


def test_nothing_in_the_repository_names_a_place_on_one_machine() -> None:
    places = tuple("/" + place + "/" for place in ("work", "root", "home"))
    for folder in (*FOLDERS, "tests", "docs", "benchmarks", "examples"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".toml", ".json"}:
                text = path.read_text(encoding="utf-8")
                found = [place for place in places if place in text and f"https:/{place}" not in text]
                assert not found, f"{path.relative_to(ROOT)} names {found[0]}"
