"""What the documentation shows is run: its code, its output, its tables of keys and measures.

In ``docs/*.md`` and ``README.md`` every ```python block is executed, all blocks of a file in one
namespace, in a folder that holds ``examples/`` as the repository does. A ```text block after the
line "Output:" must be what the block before it printed; a ```console block holds commands after
``$`` and what they print. ``...`` stands for anything.
"""

from __future__ import annotations

import doctest
import io
import json
import re
import shlex
import shutil
import tomllib
import types
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import pandas as pd
import pytest

import clustersem as cs
from clustersem.cli import app
from clustersem.fit.estimators import ESTIMATORS
from clustersem.study.settings import (
    CutoffSettings,
    EquivalentSettings,
    ModelSettings,
    MultiverseSettings,
    OptionSettings,
    PriceSettings,
    RespecificationSettings,
    ScaleSettings,
)
from clustersem.study.study import HEAD, SECTIONS
from clustersem.survey.codebook import Codebook, Construct, Item

ROOT = Path(__file__).resolve().parent.parent
# python -m benchmarks --write-docs writes this page and its picture.
GENERATED = "benchmarks.md"
DOCS = sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != GENERATED)
PAGES = [*DOCS, *ROOT.glob("README.md"), *sorted((ROOT / "examples").rglob("*.md"))]
BLOCK = re.compile(
    r"(?P<lead>Output:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block, with the line that it starts in."""

    language: str
    text: str
    line: int
    is_output: bool


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            found["language"],
            found["text"],
            text.count("\n", 0, found.start("text")) + 1,
            found["lead"] is not None,
        )
        for found in BLOCK.finditer(text)
    ]


def assert_same(wanted: str, got: str, where: str) -> None:
    tidy = ["".join(f"{line.rstrip()}\n" for line in text.splitlines()) for text in (wanted, got)]
    flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE
    if not doctest.OutputChecker().check_output(*tidy, flags):
        pytest.fail(f"{where}: the page shows\n{tidy[0]}\nbut the run prints\n{tidy[1]}")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """Make a folder with the examples in it the current one."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_console(block: Block, where: str) -> None:
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        program, *arguments = shlex.split(command, comments=True)
        assert program == "clustersem", f"{where}: only clustersem is run in a console block"
        printed, notes = io.StringIO(), io.StringIO()
        with redirect_stdout(printed), redirect_stderr(notes):
            app(arguments, standalone_mode=False)
        assert_same(wanted, printed.getvalue(), f"{where}: {command}")


@pytest.mark.parametrize("page", [*DOCS, *ROOT.glob("README.md")], ids=lambda page: page.name)
def test_code_runs_and_prints_what_the_page_shows(page, workplace):
    namespace = types.ModuleType("__main__").__dict__
    printed = ""
    for block in blocks(page):
        where = f"{page.name}, line {block.line}"
        if block.language == "python":
            stream = io.StringIO()
            code = compile("\n" * block.line + block.text, str(page), "exec")
            with redirect_stdout(stream):
                exec(code, namespace)
            printed = stream.getvalue()
        elif block.is_output:
            assert_same(block.text, printed, where)
        elif block.language == "console":
            run_console(block, where)


def test_the_pages_have_code_and_output_to_check():
    found = [block for page in DOCS for block in blocks(page)]
    assert sum(block.language == "python" for block in found) > 80
    assert sum(block.is_output for block in found) > 70
    assert not [block for block in found if block.language not in KNOWN_LANGUAGES]
    # An output that stands after nothing that printed would be compared with the wrong block.
    for page in DOCS:
        order = [b.language if not b.is_output else "output" for b in blocks(page)]
        before = [order[i - 1] for i, kind in enumerate(order) if kind == "output" and i > 0]
        assert set(before) <= {"python"}, page.name


KNOWN_LANGUAGES = {"python", "text", "console", "toml", "sh", "r"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        whole = (page.parent / path).resolve() if path else page
        if whole.name == GENERATED:
            continue
        assert whole.exists(), f"{page.name} links to {target}, which is not there"
        if anchor and whole.suffix == ".md":
            assert anchor in anchors(whole), f"{page.name}: {path} has no heading {anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings get on GitHub."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_lines_are_wrapped(page):
    """Lines of prose are at most 100 characters long; tables and code may be longer."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    long = [
        line for line in text.splitlines() if len(line) > 100 and not line.startswith(("|", "!["))
    ]
    assert not long


# -- the study file ------------------------------------------------------------------------------


def table_under(page: Path, heading: str) -> dict[str, list[str]]:
    """Return the rows of the first table under a heading, by their first cell."""
    _, found, rest = page.read_text(encoding="utf-8").partition(f"## {heading}\n")
    assert found, f"{page.name} has no heading {heading!r}"
    section = rest.partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return {row[0].strip("`"): row[1:] for row in rows[2:]}


def toml_value(value: object) -> str:
    """Write a default as the page does: TOML, and a dash for what is left out."""
    if value is None or value in ("", (), [], {}):
        return "-"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return f"`{json.dumps(value)}`"


def defaults_of(model: type) -> dict[str, str]:
    found = {}
    for name, field in model.model_fields.items():
        if field.is_required():
            found[name] = "required"
        else:
            found[name] = toml_value(field.get_default(call_default_factory=True))
    return found


STUDY_FILE = ROOT / "docs" / "study-file.md"
CODEBOOK_SECTIONS = {"constructs", "items"}


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        (
            "`[data]`",
            {k: v for k, v in defaults_of(Codebook).items() if k not in CODEBOOK_SECTIONS},
        ),
        ("`[constructs.NAME]`", defaults_of(Construct)),
        ("`[items.NAME]`", defaults_of(Item)),
        (
            "`[screening]`",
            {
                field.name: toml_value(field.default)
                for field in fields(cs.ScreeningPolicy)
                if field.default is not MISSING
            },
        ),
        ("`[scale]`", defaults_of(ScaleSettings)),
        ("`[model]`", defaults_of(ModelSettings)),
        ("`[respecification]`", defaults_of(RespecificationSettings)),
        ("`[price]`", defaults_of(PriceSettings)),
        ("`[multiverse]`", defaults_of(MultiverseSettings)),
        ("`[equivalent_models]`", defaults_of(EquivalentSettings)),
        ("`[cutoffs]`", defaults_of(CutoffSettings)),
        ("`[options]`", defaults_of(OptionSettings)),
        ("`[[hypotheses]]`", {field.name: "required" for field in fields(cs.Hypothesis)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_study_file_lists_every_key_with_its_default(heading, expected):
    shown = {key: cells[0] for key, cells in table_under(STUDY_FILE, heading).items()}
    assert shown == expected


def test_study_file_names_every_section():
    text = STUDY_FILE.read_text(encoding="utf-8")
    for name in HEAD:
        assert f"`{name}`" in text
    for name in SECTIONS:
        assert re.search(rf"^## `\[+{name}", text, flags=re.M), name


@pytest.mark.parametrize(
    "page", [page for page in DOCS if page.name != "audit.md"], ids=lambda page: page.name
)
def test_toml_blocks_are_study_files(page, tmp_path):
    """Every TOML block can be read: as a study file where it has data, else as sections of one."""
    frame = '[data]\nfile = "answers.csv"\nanswers = [1, 5]\n[constructs]\nTrust = ["t1", "t2"]\n'
    for number, block in enumerate(b for b in blocks(page) if b.language == "toml"):
        document = tomllib.loads(block.text)
        whole = "data" in document or "constructs" in document
        path = tmp_path / f"{number}.toml"
        path.write_text(block.text if whole else f"{block.text}\n{frame}", encoding="utf-8")
        if whole and "data" not in document:
            path.write_text(f'{block.text}\n[data]\nfile = "a.csv"\n', encoding="utf-8")
        assert cs.Study.from_file(path).codebook.file


def test_toml_blocks_on_the_audit_are_audit_files(tmp_path):
    found = [b for b in blocks(ROOT / "docs" / "audit.md") if b.language == "toml"]
    assert found
    for number, block in enumerate(found):
        path = tmp_path / f"{number}.toml"
        path.write_text(block.text, encoding="utf-8")
        assert cs.read_published(path)


# -- what is on a fit ----------------------------------------------------------------------------

RESULTS = ROOT / "docs" / "results.md"


@pytest.fixture(scope="module")
def fit():
    answers = pd.read_csv(ROOT / "examples" / "data" / "holzinger1939.csv")
    return cs.cfa("visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6", answers)


def test_every_measure_is_explained(fit):
    shown: list[str] = []
    for key in table_under(RESULTS, "Measures of fit"):
        shown += re.findall(r"[a-z]\w*", key.replace("`", " "))
    assert sorted(shown) == sorted(fit.measures)


@pytest.mark.parametrize(
    "options",
    [
        {"estimator": "MLR"},
        {"estimator": "MLR", "missing": "ml"},
        {"estimator": "MLMV"},
        {"estimator": "ML", "test": "browne.residual.adf"},
        {"estimator": "ML", "test": "browne.residual.nt"},
        {"ordered": True},
    ],
    ids=str,
)
def test_every_corrected_measure_is_explained(options):
    """Both tables together explain all that any estimator adds."""
    answers = pd.read_csv(ROOT / "examples" / "data" / "bfi.csv")
    shown = set()
    for heading in ("Measures of fit", "Corrected measures"):
        for key in table_under(RESULTS, heading):
            shown |= set(re.findall(r"[a-z]\w*", key.replace("`", " ")))
    measures = cs.cfa("N =~ N1 + N2 + N3 + N4 + N5", answers, **options).measures
    assert not set(measures) - shown


def test_every_estimator_is_in_the_table():
    rows = table_under(ROOT / "docs" / "estimators.md", "The table")
    shown = {name for key in rows for name in re.findall(r"[A-Z]{2,}", key)}
    assert shown == set(ESTIMATORS)


def test_columns_are_explained(fit):
    text = RESULTS.read_text(encoding="utf-8")
    for frame in (fit.estimates, fit.modification_indices(), cs.validity(fit).table):
        for column in frame.columns:
            assert f"`{column}`" in text, column


def test_everything_on_a_fit_is_mentioned(fit):
    text = RESULTS.read_text(encoding="utf-8")
    internal = {"hessian", "inference", "layout", "model", "objective", "point", "points", "state"}
    internal |= {"theta", "vcov_theta"}
    public = {name for name in dir(fit) if not name.startswith("_")} - internal
    assert not [name for name in sorted(public) if f"`{name}" not in text]


def test_columns_of_resampled_results_are_explained(fit):
    """Only columns are looked at, so a few replications will do; theory and simulation differ."""
    text = RESULTS.read_text(encoding="utf-8").partition("## Resampled and simulated results")[2]
    few = {"n": [100], "n_replications": 5, "seed": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.errors.DataWarning)
        intervals = cs.bootstrap(fit, 20, seed=1).intervals()
    cutoffs = cs.cutoffs(fit, n=20, seed=1)
    power = cs.power(fit, **few)
    tables = [
        intervals,
        cutoffs.table,
        cutoffs.levels,
        power.table,
        power.convergence,
        cs.power(fit, n=100, method="analytic").table,
    ]
    known = {"lhs", "op", "rhs", "group", "label", "id", "path", "expect", "added"}
    columns = {name for table in tables for name in table} - known
    assert not [name for name in sorted(columns) if f"`{name}`" not in text]


def test_every_public_name_is_in_the_map():
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert not [name for name in cs.__all__ if f"`{name}" not in text]


def test_pictures_are_small_enough_to_load():
    pictures = list((ROOT / "docs" / "images").iterdir())
    assert pictures
    for path in pictures:
        assert path.stat().st_size < 300_000, path.name
