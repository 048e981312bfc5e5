"""One digit of one printed number, changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from benchmarks.papers_layout import COUNTS, Mapping

#: Keys on the way to a number, and what the number is called.
_ROWS = ("loadings", "paths", "effects")
_CELLS = ("est", "se", "cr", "p", "std")
_OF_CONSTRUCTS = {
    "alpha": "alpha", "composite_reliability": "CR", "ave": "AVE", "sqrt_ave": "root of AVE",
    "r_squared": "R2", "msv": "MSV, ASV", "asv": "MSV, ASV", "means": "mean", "sds": "SD",
}  # fmt: skip
_EFFECT = {"est": "indirect effect", "std": "indirect effect"}
_FIT = {
    "chisq": "chi2", "cmin_df": "chi2/df", "pvalue": "p of chi2", "df": "df", "rmsea": "RMSEA",
    "cfi": "CFI", "tli": "TLI", "nfi": "NFI", "ifi": "IFI", "rfi": "RFI", "gfi": "GFI",
    "agfi": "AGFI", "pgfi": "PGFI", "srmr": "SRMR", "rmr": "RMR", "aic": "AIC, BIC",
    "bic": "AIC, BIC", "bic2": "AIC, BIC", "pnfi": "PNFI, PCFI", "pcfi": "PNFI, PCFI",
    "npar": "parameters", "baseline_chisq": "null chi2", "baseline_df": "null df",
    "rmsea_pvalue": "PCLOSE", "ecvi": "ECVI", "rni": "RNI", "cn_05": "critical N",
    "cn_01": "critical N", "logl": "log-likelihood", "unrestricted_logl": "log-likelihood",
}  # fmt: skip
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """What was changed.

    Attributes
    ----------
    kind : str
        What the number is.
    position : str
        Which digit: ``"before the point"``, ``"first decimal"``, ``"between"``, ``"last decimal"``.
    before, after : str
        The number as it was and as it is printed now.
    """

    kind: str
    position: str
    before: str
    after: str


def change_a_digit(paper: Mapping, rng: np.random.Generator) -> tuple[Mapping, Change] | None:
    """Return a copy with one digit of one number changed; None where there is no number.

    Every kind of number that the paper prints is drawn alike, then one of that kind, then one of
    its digits, then one of the other nine.
    """
    by_kind: dict[str, list[Path]] = {}
    for kind, path in _numbers(paper):
        if any(sign.isdigit() for sign in str(_at(paper, path))):
            by_kind.setdefault(kind, []).append(path)
    if not by_kind:
        return None
    kind = list(by_kind)[int(rng.integers(len(by_kind)))]
    path = by_kind[kind][int(rng.integers(len(by_kind[kind])))]
    old = _at(paper, path)
    text = str(old)
    places = [k for k, sign in enumerate(text) if sign.isdigit()]
    at = int(rng.choice(places))
    digit = str(rng.choice([d for d in "0123456789" if d != text[at]]))
    new = f"{text[:at]}{digit}{text[at + 1 :]}"
    changed = copy.deepcopy(paper)
    _at(changed, path[:-1])[path[-1]] = int(new) if isinstance(old, int) else new
    return changed, Change(kind, _position(text, at), text, str(int(new)) if isinstance(old, int)
                           else new)  # fmt: skip


def _position(text: str, at: int) -> str:
    point = text.find(".")
    if point < 0 or at < point:
        return "before the point"
    if at == len(text.rstrip("%")) - 1:
        return "last decimal"
    return "first decimal" if at == point + 1 else "between"


def _at(paper: Any, path: Path) -> Any:
    for key in path:
        paper = paper[key]
    return paper


def _numbers(paper: Mapping) -> Iterator[tuple[str, Path]]:
    for part in _ROWS:
        for k, row in enumerate(paper.get(part, ())):
            for key in _CELLS:
                if key in row:
                    kind = _EFFECT.get(key, key) if part == "effects" else key
                    yield kind, (part, k, key)
            for end in range(len(row.get("ci", ()))):
                yield "CI", (part, k, "ci", end)
    for model, fit in paper.get("fit", {}).items():
        for key in fit:
            if key == "rmsea_ci":
                yield "CI of RMSEA", ("fit", model, key, 0)
                yield "CI of RMSEA", ("fit", model, key, 1)
            elif key in COUNTS or key.partition("_scaled")[0].partition("_robust")[0] in _FIT:
                base = key.removesuffix("_scaled").removesuffix("_robust")
                yield _FIT[base], ("fit", model, key)
    for part, kind in _OF_CONSTRUCTS.items():
        for name in paper.get(part, {}):
            yield kind, (part, name)
    for t, table in enumerate(paper.get("correlations", ())):
        for i, row in enumerate(table["rows"]):
            for j in range(min(i, len(row))):
                yield "correlation", ("correlations", t, "rows", i, j)
    for name, one in paper.get("items", {}).items():
        for key, kind in (("mean", "mean"), ("sd", "SD")):
            if key in one:
                yield kind, ("items", name, key)
    for key in paper["sample"]:
        if key.endswith("percent"):
            yield "percentage", ("sample", key)
    for k in range(len(paper.get("shares", ()))):
        yield "percentage", ("shares", k, "percent")


def place_of_change(before: Any, after: Any) -> str:
    """Return where the number that differs between two readings stands; empty for none."""
    for one, other in zip(_printed(before), _printed(after), strict=False):
        if one.text != other.text:
            return str(other.place)
    return ""


def _printed(record: Any) -> Iterator[Any]:
    from clustersem.audit.printed import Printed

    if isinstance(record, Printed):
        yield record
    elif is_dataclass(record):
        if type(record).__name__ == "ModelSpec":
            return
        for one in fields(record):
            yield from _printed(getattr(record, one.name))
    elif isinstance(record, tuple | list):
        for each in record:
            yield from _printed(each)
    elif hasattr(record, "values"):
        for each in record.values():
            yield from _printed(each)
