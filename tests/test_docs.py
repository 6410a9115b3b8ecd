"""What the documentation says holds: commands, options, links, examples, snippets and quoted numbers."""

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from heldout.agent.cli import cli
from heldout.agent.draft import _BESIDE
from heldout.agent.model_settings import ModelSettings
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.categorical_association import Cells
from heldout.tools.verify.families.categorical_association import _floors as categorical_floors
from heldout.tools.verify.policy import SMALLEST_EFFECTS, make_rule
from heldout.tools.verify.population import too_few
from heldout.version import __version__

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHODS = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def _fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _between(text: str, name: str) -> list[list[str]]:
    """The cells of the table between two markers, its head left out."""
    block = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert block is not None, f"no table {name}"
    lines = [line for line in block[1].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _environment(home: Path) -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "HELDOUT_HOME": str(home), "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


def _run(arguments: list[str], home: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=120,
    )


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    if not isinstance(command, click.Group):
        return {path: command}
    found = {}
    for name, below in command.commands.items():
        found |= _leaves(below, (*path, name))
    return found


VERBS = _leaves(cli)


# Commands and options


def test_the_two_commands_of_the_readme_are_those_that_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    run = re.findall(r"^install_and_\w+='(.*)'$", script, re.MULTILINE)
    start = README.split("## Start")[1].split("\n## ")[0]
    assert [block.strip() for block in _fenced(start, "sh")] == run
    assert len(run) == 2


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_is_in_the_readme(verb: tuple[str, ...]) -> None:
    assert f"heldout {' '.join(verb)}" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_option_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    options = {o for command in VERBS.values() for p in command.params for o in p.opts} | {
        "--help",
        "--version",
    }
    ours = {o for line in re.findall(r"heldout [^`\n]*", text) for o in re.findall(r"(?<!\S)--[a-z][a-z-]*", line)}
    ours |= {o for code in re.findall(r"`([^`\n]+)`", text) for o in re.findall(r"^--[a-z][a-z-]*", code)}
    assert ours <= options


def test_the_commands_of_the_readme_parse() -> None:
    lines = [shlex.split(line, comments=True) for block in _fenced(README, "sh") for line in block.splitlines()]
    ours = [line[1:] for line in lines if line[:1] == ["heldout"]]
    assert len(ours) >= 7
    for words in ours:
        depth = 2 if words[0] == "ledger" else 1
        command = VERBS[tuple(words[:depth])]
        command.make_context(words[0], list(words[depth:]))


def test_the_exit_codes_and_the_smallest_effect_of_the_readme_are_the_codes() -> None:
    from heldout.agent import cli as module

    assert f"0 done, {module.USAGE} usage or unreadable\ndata, {module.INTERNAL} internal" in README
    name, value = re.findall(r"--smallest-effect (\w+)=([\d.]+)", README)[0]
    assert make_rule(smallest_effects={name: float(value)}).smallest_effects[name] == float(value)


# Links and snippets


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in _headings(file), f"{page.name} links to {target}"


def _headings(file: Path) -> set[str]:
    lines = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def test_the_python_of_the_readme_runs_and_gives_what_its_comments_say(tmp_path: Path) -> None:
    (code,) = _fenced(README, "python")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    checks = (
        "\nassert '<iframe' in report._repr_html_()"
        "\nassert len(report.findings) == report.result.counts.committed > 0"
        "\nassert len(report.table()) == len(report.findings)"
    )
    done = _run(["-c", code + checks], tmp_path / "home", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"report.html", "report.md", "report.json"} <= {p.name for p in (tmp_path / "report").iterdir()}


# Examples


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each example prints, run offline in a home of its own, which it must leave untouched."""
    out = {}
    for example in EXAMPLES:
        folder = tmp_path_factory.mktemp(example.stem)
        done = _run(["-W", "error", str(example)], folder / "home", folder)
        assert (done.returncode, done.stderr) == (0, ""), example.name
        assert list(folder.iterdir()) == [], f"{example.name} leaves something behind"
        out[example.stem] = done.stdout
    return out


def test_there_is_an_example_for_a_file_a_dataframe_more_questions_and_own_hypotheses(
    printed: dict[str, str],
) -> None:
    assert set(printed) == {"explain_a_file", "explain_a_dataframe", "ask_again", "verify_a_hypothesis"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_says_what_it_prints(example: Path) -> None:
    assert "prints" in (ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or "")


def test_the_file_example_prints_findings_with_figures_and_the_files(printed: dict[str, str]) -> None:
    text = printed["explain_a_file"]
    findings = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(findings) == 3
    assert all(re.search(r"% interval .*n = ", line) for line in findings)
    assert {"wrote report.html", "wrote report.json", "wrote ledger.jsonl"} <= set(text.splitlines())


def test_the_dataframe_example_finds_what_was_planted_and_nothing_else(printed: dict[str, str]) -> None:
    lines = printed["explain_a_dataframe"].splitlines()
    assert sum(line.startswith("found: ") for line in lines) == 3
    assert not any(line.startswith("missed: ") for line in lines)
    assert "verified although nothing was planted: 0" in lines


def test_asking_again_is_free_and_another_question_takes_the_next_vault(printed: dict[str, str]) -> None:
    first, again, same, other = printed["ask_again"].splitlines()[:4]
    assert "(one vault opened). vault 1 opened, vault 2 sealed, vault 3 sealed." in first
    assert "(shown again, nothing spent)" in again
    assert again.split(": ")[1].split(" (")[0] == first.split(": ")[1].split(" (")[0]
    assert same == "Same report, byte for byte: True"
    assert "vault 1 burnt, vault 2 opened, vault 3 sealed." in other
    assert "Left: 1 of 3 vaults." in printed["ask_again"]


# Numbers


def test_the_bounds_on_a_text_from_outside_are_those_of_the_page() -> None:
    from heldout.agent.prose import MOST_CHARACTERS, MOST_SENTENCES

    assert f"At most {MOST_SENTENCES} sentences are taken, from at most {MOST_CHARACTERS:,} characters." in METHODS


@pytest.mark.parametrize(("what", "value", "place"), _between(METHODS, "constants"))
def test_every_constant_of_the_methods_is_the_one_in_the_code(what: str, value: str, place: str) -> None:
    module, _, name = place.strip("`").rpartition(".")
    assert float(value) == getattr(importlib.import_module(f"heldout.{module}"), name), what


SCALES = {
    "occurrence_difference": "rate_difference", "subgroup": "group_difference", "segment": "group_difference",
    "ranking": "group_difference",
}  # fmt: skip
"""Families whose smallest effect is that of another; the first figure of their row is the one for numbers."""


def test_the_families_of_the_methods_are_those_of_the_code_with_their_tests_and_smallest_effects() -> None:
    rows = {row[0].strip("`"): row for row in _between(METHODS, "families")}
    assert sorted(rows) == sorted(FAMILIES)
    for name, row in rows.items():
        module = importlib.import_module(f"heldout.tools.verify.families.{name}")
        assert row[1] == module.TEST
        assert FAMILIES[name].effect_name in row[2]
        assert float(row[4].split()[0]) == SMALLEST_EFFECTS.get(SCALES.get(name, name), 0.0)


def test_the_floors_of_the_methods_are_those_of_the_code() -> None:
    rows = {row[0].strip("`"): row[3] for row in _between(METHODS, "families")}
    assert "20 rows a group (10 where both together are under 200)" in rows["group_difference"]
    assert too_few((19, 181), 200) is not None
    assert too_few((20, 180), 200) is None
    assert too_few((9, 190), 199) is not None
    assert too_few((10, 189), 199) is None
    assert rows["categorical_association"] == "50 rows, 5 expected in 80 % of cells, 1 in all"
    assert categorical_floors(_table([[12, 12], [12, 13]])) is not None
    assert categorical_floors(_table([[12, 12], [13, 13]])) is None
    assert categorical_floors(_table([[40, 4], [40, 4]])) is not None
    for name, floor in (("monotone_association", "30 rows, 3 distinct"), ("trend", "30 rows or 20 clusters")):
        assert rows[name].startswith(floor)


def _table(counts: list[list[int]]) -> Cells:
    return Cells(np.array(counts, np.int64), ("a", "b"), ("c", "d"), 0)


def test_the_shares_of_the_split_table_are_those_of_the_code() -> None:
    from heldout.tools.data import split

    rows = {row[0]: row for row in _split_table()}
    assert set(rows) == {
        f"under {split.TINY} ({split.MIN_BLOCKS // 2} blocks of time)",
        f"{split.TINY} to {split.SMALL - 1} ({split.MIN_BLOCKS // 2} to {split.MIN_BLOCKS - 1} blocks)",
        f"{split.SMALL} to {split.ONE_VAULT_UNDER - 1}",
        f"{split.ONE_VAULT_UNDER:,} to {2 * split.ONE_VAULT_UNDER - 1:,}",
        f"{2 * split.ONE_VAULT_UNDER:,} or more",
        f"{split.MIN_BLOCKS} or more blocks of time",
    }


def _split_table() -> list[list[str]]:
    section = METHODS.split("## Split and vaults")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("units", "band"),
    [(999, "200 to 999"), (1_000, "1,000 to 1,999"), (1_999, "1,000 to 1,999"), (2_000, "2,000 or more")],
)
def test_a_table_is_split_by_the_shares_that_the_methods_give(tmp_path: Path, units: int, band: str) -> None:
    from heldout.tools.data.dataset import open_dataset
    from heldout.tools.data.split import seal

    columns = {
        "x": np.random.default_rng(1).normal(size=units),
        "y": np.random.default_rng(2).normal(size=units),
    }
    with open_dataset(columns, folder=tmp_path / "opened") as data:
        plan = seal(data, tmp_path).plan
    explored, held, vaults = next(row[1:] for row in _split_table() if row[0] == band)
    assert explored == f"{100 * plan.exploration_share:.0f} %"
    assert held == f"{100 * (1 - plan.exploration_share):.0f} %"
    weights = [f"{100 * v.weight:.0f}" for v in plan.vaults]
    assert (vaults == "one") == (weights == ["100"])
    assert vaults == "one" or f"three, with {weights[0]}, {weights[1]} and {weights[2]} % of the held-out" in vaults


PROSE = (
    ("at most {:.0%} of its cells fail", "tools.data.inference.BAD_SHARE"),
    ("labels (at most {:,})", "tools.data.inference_roles.MAX_LEVELS"),
    ("intraclass correlation at least {}", "tools.data.independence.MIN_ICC"),
    ("median lag-1 correlation at least {} over", "tools.data.independence.NEIGHBOURS"),
    ("that correlation is at least {};", "tools.data.independence.FILE_ORDER"),
    ("at least {} of them (else 40)", "tools.data.split.BLOCKS"),
    ("The {} most certain pairs", "agent.draft._PAIRS"),
    ("at least {:.1f} of the smallest effect", "agent.draft._NEAR"),
    ("and {:.1f} standard errors", "agent.draft._MIN_Z"),
    ("hold up in the vault is at least {}", "agent.draft._MIN_POWER"),
    ("At most {} are committed", "agent.choice.MOST"),
    ("then 1,999, then {:,}; they stop", "tools.verify.verify.DRAWS"),
    ("once {} were as extreme", "tools.verify.staged.ENOUGH_HITS"),
    ("to {} groups for a difference", "tools.verify.superiority._MOST_BINS"),
    ("to {} for a rank correlation", "tools.verify.ranks._BINS"),
    ("({} beside a column of two values)", "tools.verify.ranks._BINS_BESIDE_TWO"),
    ("at least {} entities must", "tools.verify.clusters.MIN_CLUSTERS"),
    ("({:.0%} of rows, and", "tools.verify.clusters._CONSTANT"),
    ("and {:.0%} of those that do not", "tools.verify.clusters._CONSTANT_RARE"),
    ("rates then need {} rows expected", "tools.verify.families.rate_difference._MIN_EXPECTED_WITHIN"),
    ("Above φ = {}", "tools.verify.series.MAX_PHI"),
    ("under {} effective observations", "tools.verify.series.MIN_EFFECTIVE"),
    ("could leave fewer than {}.", "tools.verify.families.trend._MIN_EFFECTIVE"),
    ("and {} standard errors), p is", "tools.verify.series._CERTAIN"),
)


@pytest.mark.parametrize(("text", "place"), PROSE, ids=[place for _, place in PROSE])
def test_the_prose_of_the_methods_quotes_the_code(text: str, place: str) -> None:
    module, _, name = place.rpartition(".")
    value = getattr(importlib.import_module(f"heldout.{module}"), name)
    prose = re.sub(r"\s+", " ", METHODS).replace(" %", "%")
    quoted = text.format(value)
    assert quoted in prose or quoted.replace(" 0.", " .") in prose


def test_the_files_of_the_methods_are_those_that_a_report_writes(printed: dict[str, str]) -> None:
    section = METHODS.split("## Files")[1].split("\n## ")[0]
    written = re.findall(r"^wrote (.+)$", printed["explain_a_file"], re.MULTILINE)
    assert set(re.findall(r"`([a-z_]+\.[a-z]+)`", section)) == set(written)


def test_the_level_and_the_version_of_the_methods_are_those_of_the_code() -> None:
    assert f"by default {make_rule().alpha:g})" in METHODS
    assert f"procedure at {make_rule().refute_q:g} over all tested" in METHODS
    assert f"heldout {__version__}" in METHODS
    assert f"version = {{{__version__}}}" in METHODS


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_page_says_that_a_finding_causes_something(page: Path) -> None:
    words = re.findall(r"\b(causes|caused|leads to|drives|driven by|impact of|effect of \w+ on)\b", page.read_text())
    told_off = {"how-it-works.md": {"causes"}}  # where it is said that reports never say so
    assert set(words) <= told_off.get(page.name, set())


def test_contributing_stays_under_eighty_lines() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) < 80


def test_the_page_on_models_has_the_numbers_of_the_code() -> None:
    page = " ".join((ROOT / "docs" / "model.md").read_text(encoding="utf-8").split())
    settings = ModelSettings("openai:any")
    assert f"as many claims stay as it picked, at least {_BESIDE}:" in page
    assert f"`--max-calls` ({settings.max_calls}) calls" in page
    assert f"`--max-tokens` ({settings.max_tokens:,}) input tokens" in page
