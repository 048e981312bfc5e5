"""Simulated papers as files: TOML, pasted tables, a web page, a Word document."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers_layout import Mapping

_LISTS = ("loadings", "paths", "effects", "correlations", "shares", "claims")
Rows = list[list[str]]
Tables = list[tuple[str, Rows]]
#: What a file of each form is called.
FORMS = ("mapping", "toml", "csv", "tsv", "html", "docx")
_HEADINGS = {
    "chisq": ("χ²", "Chi-square", "CMIN"), "df": ("df",), "pvalue": ("p", "p-value"),
    "cmin_df": ("χ²/df", "CMIN/DF"), "rmsea": ("RMSEA",), "rmsea_ci": ("90% CI",),
    "rmsea_pvalue": ("PCLOSE",), "tli": ("TLI", "NNFI"), "bic2": ("SABIC",),
    "cn_05": ("Hoelter .05",), "cn_01": ("Hoelter .01",), "npar": ("Parameters",),
    "baseline_chisq": ("Null chi2",), "baseline_df": ("Null df",), "logl": ("LogLikelihood",),
    "unrestricted_logl": ("Saturated logl",),
}  # fmt: skip
_COLUMNS = {
    "std": ("β", "Std. Estimate", "Standardized"), "est": ("Estimate", "B"),
    "se": ("S.E.", "Std. Error"), "cr": ("C.R.", "z", "t-value"), "p": ("P", "p-value"),
    "ci": ("95% CI",),
}  # fmt: skip


def forms_of(paper: Mapping) -> tuple[str, ...]:
    """Return the forms that can hold a paper: tables do not tell how many groups there are."""
    fits = paper.get("fit", {}).values()
    return FORMS[:2] if any("n_groups" in fit for fit in fits) else FORMS


def write(paper: Mapping, folder: Path, form: str, rng: np.random.Generator) -> Path:
    """Write a paper into a folder; return the file."""
    path = folder / f"paper.{form}"
    if form == "toml":
        path.write_text(as_toml(paper), encoding="utf-8")
        return path
    tables = as_tables(paper, rng)
    if form == "docx":
        _write_docx(tables, path)
    else:
        text = {"csv": _as_text(","), "tsv": _as_text("\t"), "html": _as_html}[form](tables)
        path.write_text(text, encoding="utf-8")
    return path


# -- TOML ----------------------------------------------------------------------------------------


def as_toml(paper: Mapping) -> str:
    lines: list[str] = []
    later: list[str] = []
    for key, value in paper.items():
        if isinstance(value, dict):
            later += ["", f"[{key}]", *(f"{k} = {_toml(v)}" for k, v in value.items())]
        elif isinstance(value, list) and key in _LISTS:
            for row in value:
                later += ["", f"[[{key}]]", *(f"{k} = {_toml(v)}" for k, v in row.items())]
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join([*lines, *later, ""])


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+", value)):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\n", "\\n") + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(map(_toml, value)) + "]"


# -- tables --------------------------------------------------------------------------------------


def as_tables(paper: Mapping, rng: np.random.Generator) -> Tables:
    """Return what of a paper its tables hold."""
    tables: Tables = []

    def add(title: str, rows: Rows) -> None:
        if len(rows) > 1:
            tables.append((f"Table {len(tables) + 1}. {title}", rows))

    if "fit" in paper:
        said = next((fit["estimator"] for fit in paper["fit"].values() if "estimator" in fit), "")
        add(f"Goodness of fit{f' ({said})' if said else ''}", _fit_rows(paper, rng))
    if "loadings" in paper:
        add("Measurement model", _coefficient_rows(paper["loadings"], ["construct", "item"], rng))
    if "paths" in paper:
        paths = [{**row, "path": _arrow(row["path"], rng)} for row in paper["paths"]]
        add("Estimates of the structural model", _coefficient_rows(paths, ["id", "path"], rng))
    add("Reliability and validity", _construct_rows(paper))
    for table in paper.get("correlations", ()):
        title = {"latent": "Discriminant validity: correlations of the latent variables",
                 "scores": "Means and correlations of the scores"}[table["kind"]]  # fmt: skip
        add(title, _matrix_rows(table, paper))
    if "effects" in paper:
        rows = [
            [row["path"].replace("->", "→"), row.get("est", ""), row.get("std", "")]
            for row in paper["effects"]
        ]
        add("Indirect effects", [["Path", "Estimate", "β"], *rows])
    if "items" in paper:
        rows = [
            [name, *(str(one.get(key, "")) for key in ("mean", "sd", "n"))]
            for name, one in paper["items"].items()
        ]
        add("Descriptive statistics", [["Item", "Mean", "SD", "N"], *rows])
    return tables


def _arrow(path: str, rng: np.random.Generator) -> str:
    lhs, op, rhs = path.split()
    if op == "~~":
        return f"{lhs} {rng.choice(['<-->', '↔', '~~'])} {rhs}"
    return str(rng.choice([f"{rhs} → {lhs}", f"{lhs} <--- {rhs}", f"{lhs} ~ {rhs}"]))


def _fit_rows(paper: Mapping, rng: np.random.Generator) -> Rows:
    fits = paper["fit"]
    known = ("estimator", "n_groups", "model", "freed")
    names = list(dict.fromkeys(name for fit in fits.values() for name in fit if name not in known))
    heads = [str(rng.choice(_HEADINGS.get(name, (name.upper(),)))) for name in names]
    rows = [
        [f"{model.title()} model", str(paper["sample"]["n"]),
         *(_cell(fit.get(name, "-")) for name in names)]
        for model, fit in fits.items()
    ]  # fmt: skip
    table = [["Model", "N", *heads], *rows]
    return table if rng.random() < 0.5 else [list(one) for one in zip(*table, strict=True)]


def _cell(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _coefficient_rows(rows: list[Mapping], first: list[str], rng: np.random.Generator) -> Rows:
    kinds = [kind for kind in _COLUMNS if any(kind in row for row in rows)]
    names = [name for name in first if any(name in row for row in rows)]
    titles = {"construct": "Construct", "item": "Item", "id": "Hypothesis", "path": "Path"}
    heads = [titles[name] for name in names] + [str(rng.choice(_COLUMNS[k])) for k in kinds]
    verdicts = any("supported" in row for row in rows)
    if verdicts:
        heads.append("Result")
    made = [heads]
    for row in rows:
        cells = [str(row.get(name, "")) for name in names]
        cells += [_cell(row.get(kind, "-")) for kind in kinds]
        if verdicts:
            said = {True: "Supported", False: "Not supported", None: ""}[row.get("supported")]
            cells.append(said)
        made.append(cells)
    return made


def _construct_rows(paper: Mapping) -> Rows:
    columns = {
        "alpha": "Cronbach's α", "composite_reliability": "Composite reliability", "ave": "AVE",
        "sqrt_ave": "√AVE", "msv": "MSV", "asv": "ASV", "r_squared": "R²",
    }  # fmt: skip
    kinds = [kind for kind in columns if paper.get(kind)]
    names = list(dict.fromkeys(name for kind in kinds for name in paper[kind]))
    rows = [[name, *(paper[kind].get(name, "-") for kind in kinds)] for name in names]
    return [["Construct", *(columns[kind] for kind in kinds)], *rows]


def _matrix_rows(table: Mapping, paper: Mapping) -> Rows:
    names = table["names"]
    scores = table["kind"] == "scores" and "means" in paper
    head = ["Construct", *(["Mean", "SD"] if scores else []), *names]
    rows = []
    for name, cells in zip(names, table["rows"], strict=True):
        own = [paper["means"].get(name, "-"), paper["sds"].get(name, "-")] if scores else []
        below = [cell if j < len(cells) else "" for j, cell in enumerate([*cells, *names])]
        rows.append([name, *own, *below[: len(names)]])
    return [head, *rows]


def _as_text(delimiter: str) -> Callable[[Tables], str]:
    def quoted(cell: str) -> str:
        return f'"{cell}"' if delimiter in cell else cell

    def text(tables: Tables) -> str:
        blocks = [
            "\n".join([title, *(delimiter.join(map(quoted, row)) for row in rows)])
            for title, rows in tables
        ]
        return "\n\n".join(blocks) + "\n"

    return text


def _as_html(tables: Tables) -> str:
    parts = []
    for title, rows in tables:
        lines = [
            "<tr>" + "".join(f"<td>{html.escape(_typeset(cell))}</td>" for cell in row) + "</tr>"
            for row in rows
        ]
        parts.append(f"<p>{html.escape(title)}</p>\n<table>\n" + "\n".join(lines) + "\n</table>")
    return "<html><body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _typeset(cell: str) -> str:
    """Write the minus of typesetters."""
    return re.sub(r"^-(?=[\d.])", "\u2212", cell)


def _write_docx(tables: Tables, path: Path) -> None:
    import docx

    document = docx.Document()
    for title, rows in tables:
        document.add_paragraph(title)
        width = max(map(len, rows))
        made = document.add_table(rows=0, cols=width)
        for row in rows:
            for cell, text in zip(made.add_row().cells, row, strict=False):
                cell.text = text
    document.save(str(path))
