"""From raw numbers to what a paper prints of them: rounded, some of it, in the audit's layout."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.papers_numbers import Numbers

Mapping = dict[str, Any]
#: What papers print of a model, common ones first.
INDICES = (
    "chisq", "df", "pvalue", "cmin_df", "rmsea", "rmsea_ci", "rmsea_pvalue", "cfi", "tli", "srmr",
    "nfi", "ifi", "gfi", "agfi", "rfi", "rni", "pgfi", "pnfi", "pcfi", "rmr", "aic", "bic", "bic2",
    "ecvi", "cn_05", "cn_01", "npar", "baseline_chisq", "baseline_df", "mfi", "logl",
    "unrestricted_logl", "caic",
)  # fmt: skip
COUNTS = ("df", "npar", "baseline_df")
#: Indices that robust versions exist of, which are printed beside a scaled test.
_ROBUST = ("cfi", "tli", "rni", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "rmsea_pvalue")
_TEST = ("chisq", "df", "pvalue", "cmin_df", "baseline_chisq", "baseline_df")
#: Those that have no scaled version.
_OF_RESIDUALS = ("srmr", "rmr", "gfi", "agfi", "pgfi", "aic", "bic", "bic2", "npar", "logl",
                 "unrestricted_logl")  # fmt: skip


class Printer:
    """Rounds to a number of digits, and leaves some numbers out."""

    def __init__(self, rng: np.random.Generator, decimals: int) -> None:
        self.rng = rng
        self.decimals = decimals
        self.told = float(rng.choice([0.6, 0.9, 1.0]))

    def maybe(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def pick(self, values: Any) -> Any:
        values = list(values)
        return values[int(self.rng.integers(len(values)))]

    def number(self, value: float) -> str:
        text = f"{value:.{self.decimals}f}"
        return text.removeprefix("-") if not text.strip("-0.") else text

    def p(self, value: float) -> str:
        smallest = 10.0**-self.decimals
        return f"<{smallest:.{self.decimals}f}" if value < smallest else self.number(value)

    def stars(self, value: float) -> str:
        bounds = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
        return next((text for bound, text in bounds if value < bound), "n.s.")

    def table(self, values: dict[str, float]) -> dict[str, str]:
        return {k: self.number(v) for k, v in values.items() if self.maybe(self.told)}


def lay_out(numbers: Numbers, rng: np.random.Generator, decimals: int) -> Mapping:
    """Return what a paper prints: a mapping with the layout of an audit file, numbers as texts."""
    say = Printer(rng, decimals)
    paper: Mapping = {"title": f"Survey {numbers['number']}"}
    paper["sample"] = _sample(numbers, say)
    loadings, paths = _coefficients(numbers, say)
    whole = loadings and paths is not None
    says_model = say.maybe(0.6)
    if say.maybe(0.8) or not (whole or says_model):
        paper["constructs"] = dict(numbers["constructs"])
    if says_model:
        paper["model"] = numbers["initial"]
    # What is not of maximum likelihood for complete answers, authors say with the indices.
    told = numbers["estimator"] == "WLSMV" or not numbers["complete"]
    if say.maybe(0.85) or told:
        paper["fit"] = _fits(numbers, say)
    if loadings:
        paper["loadings"] = loadings
    if paths:
        paper["paths"] = paths
    if "constructs" in paper or loadings:
        _constructs(numbers, say, paper)
    if say.maybe(0.4) and numbers["chains"] and numbers["n_groups"] == 1:
        paper["effects"] = _effects(numbers, say)
    if say.maybe(0.35):
        _items(numbers, say, paper)
    if say.maybe(0.3):
        paper["shares"] = _shares(numbers, say)
    if say.maybe(0.3):
        paper["claims"] = _claims(numbers)
    return paper


# -- the sample ----------------------------------------------------------------------------------


def _sample(numbers: Numbers, say: Printer) -> Mapping:
    n = numbers["n"]
    sample: Mapping = {"n": n}
    if numbers["scale"]:
        sample["scale"] = numbers["scale"]
    if numbers["complete"] and say.maybe(0.5):
        sample["complete"] = True
    if say.maybe(0.5):
        returned = n + int(say.rng.integers(0, n // 5 + 2))
        distributed = returned + int(say.rng.integers(0, n + 2))
        sample |= {"distributed": distributed, "returned": returned}
        if say.maybe(0.6):
            sample["return_rate_percent"] = say.number(100.0 * returned / distributed)
        if say.maybe(0.6):
            sample["valid"] = n
            sample["valid_rate_percent"] = say.number(100.0 * n / distributed)
    return sample


def _shares(numbers: Numbers, say: Printer) -> list[Mapping]:
    """Return a list of categories with their percentages and counts."""
    n, categories = numbers["n"], int(say.rng.integers(2, 6))
    counts = say.rng.multinomial(n, say.rng.dirichlet(np.full(categories, 2.0)))
    counted = say.maybe(0.7)
    return [
        {
            "label": f"group {k + 1}",
            "percent": say.number(100.0 * count / n),
            **({"count": int(count)} if counted else {}),
            "group": "age",
        }
        for k, count in enumerate(counts)
    ]


# -- coefficients --------------------------------------------------------------------------------


def _coefficients(numbers: Numbers, say: Printer) -> tuple[list[Mapping], list[Mapping] | None]:
    """Return loadings, and paths and covariances; None for paths that are drawn as a figure."""
    kinds = say.pick(
        (
            ("std",),
            ("std", "cr"),
            ("std", "p"),
            ("est", "se", "cr", "p"),
            ("est", "se", "p", "std"),
            ("est", "se", "cr", "p", "std"),
            ("est", "se", "ci", "std"),
            ("est", "se", "cr", "p", "std", "ci"),
        )
    )
    stars, named = say.maybe(0.35), say.maybe(0.7)
    rows = [row for row in numbers["rows"] if row["lhs"] != row["rhs"]]
    latent = set(numbers["constructs"])
    loadings, paths = [], []
    hypothesis = 0
    markers = say.pick(("blank", "zero", "blank"))
    for row in rows:
        cells = _cells(row, kinds, say, stars=stars, markers=markers)
        if row["op"] == "=~":
            loadings.append({"item": row["rhs"], "construct": row["lhs"], **cells})
            continue
        one: Mapping = {"path": f"{row['lhs']} {row['op']} {row['rhs']}", **cells}
        if row["op"] == "~" and named:
            hypothesis += 1
            one = {"id": f"H{hypothesis}", **one}
            if say.maybe(0.5) and "p" in row:
                one["supported"] = bool(row["p"] < 0.05)
        if row["op"] == "~~" and not {row["lhs"], row["rhs"]} <= latent and not row["free"]:
            continue
        paths.append(one)
    has_numbers = say.rng.random(2) < 0.85
    return (loadings if has_numbers[0] else []), (paths if has_numbers[1] else None)


def _cells(
    row: Mapping, kinds: tuple[str, ...], say: Printer, *, stars: bool, markers: str
) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for kind in kinds:
        if kind == "ci":
            if row["free"] and "ci_lower" in row:
                cells["ci"] = [say.number(row["ci_lower"]), say.number(row["ci_upper"])]
            continue
        if kind not in row or not say.maybe(max(say.told, 0.9)):
            continue
        if kind in ("se", "cr", "p") and not row["free"]:
            if kind == "se" and markers == "zero":
                cells["se"] = say.number(0.0)
            continue
        value = row[kind]
        if kind == "p":
            cells["p"] = say.stars(value) if stars else say.p(value)
        else:
            cells[kind] = say.number(value)
    if "est" not in cells and "std" not in cells and "std" in row:
        cells["std"] = say.number(row["std"])
    return cells


def _effects(numbers: Numbers, say: Printer) -> list[Mapping]:
    rows = {(row["rhs"], row["lhs"]): row for row in numbers["rows"] if row["op"] == "~"}
    effects = []
    for steps in numbers["chains"]:
        legs = [rows[pair] for pair in pairwise(steps)]
        effects.append(
            {
                "path": " -> ".join(steps),
                "est": say.number(math.prod(leg["est"] for leg in legs)),
                "std": say.number(math.prod(leg["std"] for leg in legs)),
            }
        )
    return effects


# -- fit -----------------------------------------------------------------------------------------


def _fits(numbers: Numbers, say: Printer) -> Mapping:
    part = float(say.pick((0.3, 0.6, 1.0)))
    way = say.pick(("scaled", "robust", "plain", "both"))
    program = say.pick(("", *numbers["conventions"]))
    names = [name for name in INDICES if say.maybe(part)]
    fits: Mapping = {}
    measures = numbers["conventions"].get(program, numbers["measures"])
    final = _indices(measures, way, names, say)
    if program == "LISREL" and "chisq_nt" in measures:
        # Its indices follow from the second of its two tests, so that is the one beside them.
        final |= {
            key: say.number(measures[other]) if key == "chisq" else say.p(measures[other])
            for key, other in (("chisq", "chisq_nt"), ("pvalue", "pvalue_nt"))
            if key in final
        }
        final.pop("cmin_df", None)
    is_scaled = "chisq_scaled" in measures and way in ("scaled", "robust")
    said: Mapping = {"estimator": numbers["estimator"]} if is_scaled else {}
    if numbers["estimator"] == "WLSMV" and not is_scaled:
        said["estimator"] = "DWLS"
    if not numbers["complete"]:
        # Authors say so, and have to: nothing on the page tells it.
        said["estimator"] = f"FIML, {numbers['estimator']}" if is_scaled else "FIML"
    if numbers["n_groups"] > 1:
        said["n_groups"] = numbers["n_groups"]
    if numbers["first"] and not program and say.maybe(0.8):
        fits["initial"] = _indices(numbers["first"], way, names, say) | dict(said)
        if say.maybe(0.7):
            said["freed"] = list(numbers["freed"])
    elif numbers["freed"]:
        said["model"] = "\n".join([numbers["initial"], *numbers["freed"]])
    fits["final"] = final | said
    if "initial" in fits and "freed" not in said:
        fits["final"]["model"] = "\n".join([numbers["initial"], *numbers["freed"]])
        fits["initial"]["model"] = numbers["initial"]
    return fits


def _indices(
    measures: dict[str, float], way: str, names: list[str], say: Printer
) -> dict[str, Any]:
    """Return indices as texts; of a scaled test the scaled or the robust ones, or those of both."""
    is_scaled = "chisq_scaled" in measures
    values = dict(measures)
    if is_scaled and way in ("scaled", "robust"):
        test = {k: measures[f"{k}_scaled"] for k in _TEST if f"{k}_scaled" in measures}
        suffix = f"_{way}" if f"cfi_{way}" in measures else "_scaled"
        values = {k: v for k, v in measures.items() if k in _OF_RESIDUALS} | test
        values |= {k: measures[k + suffix] for k in _ROBUST if k + suffix in measures}
        if way == "scaled":
            others = ("nfi", "ifi", "rfi", "pnfi")
            values |= {k: measures[f"{k}_scaled"] for k in others if f"{k}_scaled" in measures}
    found: dict[str, Any] = {}
    for name in names:
        if name == "rmsea_ci":
            ends = [values.get("rmsea_ci_lower"), values.get("rmsea_ci_upper")]
            if None not in ends:
                found[name] = [say.number(end) for end in ends]
        elif name in values:
            found[name] = _index(name, values[name], say)
    if is_scaled and way == "both":
        for name in ("chisq_scaled", "pvalue_scaled", *(f"{k}_robust" for k in _ROBUST)):
            if name in measures and "ci" not in name and say.maybe(0.5):
                found[name] = _index(name, measures[name], say)
    return found


def _index(name: str, value: float, say: Printer) -> str | int:
    if name in COUNTS and abs(value - round(value)) < 1e-9:
        return round(value)
    return say.p(value) if "pvalue" in name else say.number(value)


# -- the scale -----------------------------------------------------------------------------------


def _constructs(numbers: Numbers, say: Printer, paper: Mapping) -> None:
    if say.maybe(0.6):
        paper["alpha"] = say.table(say.pick(numbers["alphas"].values()))
    if numbers["n_groups"] > 1:
        return
    cr, ave = numbers.get("cr") or {}, numbers.get("ave") or {}
    if cr and say.maybe(0.6):
        paper["composite_reliability"] = say.table(say.pick(cr.values()))
    if ave and say.maybe(0.6):
        chosen = say.pick(ave.values())
        if say.maybe(0.8):
            paper["ave"] = say.table(chosen)
        if say.maybe(0.4):
            paper["sqrt_ave"] = say.table({k: math.sqrt(v) for k, v in chosen.items()})
    if say.maybe(0.5):
        r2 = {k: v for k, v in numbers["r2"].items() if k in numbers["constructs"]}
        if r2:
            paper["r_squared"] = say.table(r2)
    tables = []
    latent = numbers["latent"]
    if say.maybe(0.5):
        tables.append(_matrix(latent, "latent", "Table of latent variables", say))
        if say.maybe(0.4) and not any(k in paper for k in ("msv", "asv")):
            _shared(latent, say, paper)
    scores = numbers["scores"]
    if say.maybe(0.3) and scores["n"] > 40:
        tables.append(_matrix(scores, "scores", "Table of scores", say))
        if say.maybe(0.6):
            paper["means"] = say.table(dict(zip(scores["names"], scores["mean"], strict=True)))
            paper["sds"] = say.table(dict(zip(scores["names"], scores["sd"], strict=True)))
    if tables:
        paper["correlations"] = tables


def _claims(numbers: Numbers) -> list[Mapping]:
    """Return what the text says of the loadings: all exceed the tenth below the lowest."""
    least = min(row.get("std", -1.0) for row in numbers["rows"] if row["op"] == "=~")
    if least < 0.1:
        return []
    bound = math.floor(10.0 * (least - 0.01)) / 10.0
    return [{"about": "loadings", "lower": f"{bound:.1f}", "words": "all loadings exceed it"}]


def _matrix(table: Mapping, kind: str, place: str, say: Printer) -> Mapping:
    names, rows = table["names"], table["rows"]
    texts = [[say.number(rows[i][j]) for j in range(i)] for i in range(len(names))]
    if say.maybe(0.3):  # some are left out
        texts = [["-" if say.maybe(0.15) else cell for cell in row] for row in texts]
    texts = [[*row, "1.000" if say.maybe(0.5) else "-"] for row in texts]
    return {"place": place, "kind": kind, "names": list(names), "rows": texts}


def _shared(latent: Mapping, say: Printer, paper: Mapping) -> None:
    squares = np.square(np.array(latent["rows"], dtype=float))
    np.fill_diagonal(squares, np.nan)
    names = latent["names"]
    if len(names) != len(paper.get("constructs", names)):
        return
    paper["msv"] = say.table(dict(zip(names, np.nanmax(squares, axis=1).tolist(), strict=True)))
    paper["asv"] = say.table(dict(zip(names, np.nanmean(squares, axis=1).tolist(), strict=True)))


def _items(numbers: Numbers, say: Printer, paper: Mapping) -> None:
    divisor = say.pick(("n", "n - 1", "n - 1"))
    with_n = say.maybe(0.5)
    items: Mapping = {}
    for name, one in numbers["items"].items():
        if not say.maybe(say.told):
            continue
        n = one["n"]
        sd = one["sd"] * (math.sqrt((n - 1) / n) if divisor == "n" else 1.0)
        items[name] = {"mean": say.number(one["mean"]), "sd": say.number(sd)}
        if with_n:
            items[name]["n"] = n
    if items:
        paper["items"] = items
