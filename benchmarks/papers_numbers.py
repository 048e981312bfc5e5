"""What is known of one simulated survey before it is printed: raw numbers of a program.

Both programs' numbers have one layout, a mapping that JSON can hold, so that what is printed of
them is printed alike.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.papers_surveys import Survey

Numbers = dict[str, Any]
_ROW = {
    "lhs": "lhs", "op": "op", "rhs": "rhs", "est": "est", "se": "se", "z": "cr", "p_value": "p",
    "pvalue": "p", "ci_lower": "ci_lower", "ci.lower": "ci_lower", "ci_upper": "ci_upper",
    "ci.upper": "ci_upper", "std_all": "std", "std.all": "std",
}  # fmt: skip


def by_library(survey: Survey) -> Numbers | None:
    """Return what this library says; None where its fit does not converge."""
    import clustersem as cs
    from clustersem.errors import ClusterSemError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = cs.sem(survey.model, survey.answers, **survey.options)
            first = cs.sem(survey.initial, survey.answers, **survey.options)
        except ClusterSemError:
            return None
        if not fit.converged:
            return None
        rows = fit.estimates
        told: Numbers = {
            "program": "this library",
            "n": int(np.sum(fit.n_obs)),
            "measures": _finite(fit.measures),
            "first": _finite(first.measures) if survey.freed and first.converged else None,
            "conventions": {},
        }
        if "group" not in survey.options:
            told["latent"] = {
                "names": list(map(str, fit.latent_cor.index)),
                "rows": fit.latent_cor.to_numpy().tolist(),
            }
            told["r2"] = {str(k): float(v) for k, v in dict(fit.r_squared).items()}
            validity = cs.validity(fit).table
            told["cr"] = {
                kind: _column(validity, kind) for kind in ("cr_standardized", "cr", "omega")
            }
            told["ave"] = {kind: _column(validity, kind) for kind in ("ave_standardized", "ave")}
            if survey.options["estimator"] == "ML" and "missing" not in survey.options:
                table = fit.conventions().table
                told["conventions"] = {
                    program: _finite(table[program].to_dict())
                    for program in ("AMOS", "Mplus", "EQS", "LISREL")
                }
        first_group = rows["group"] == rows["group"].iloc[0]
        told["proper"] = _is_proper(rows.to_dict("records"), told.get("latent"))
        told["rows"] = _rows(rows[first_group].to_dict("records"))
    return told | _common(survey)


def by_lavaan(survey: Survey, told: Mapping[str, Any]) -> Numbers | None:
    """Return what lavaan and semTools say; None where lavaan does not converge."""
    if not told["converged"]:
        return None
    rows = [row for row in told["rows"] if row.get("group", 1) == 1]
    found: Numbers = {
        "program": told["program"],
        "n": int(told["nobs"]),
        "measures": _measures(told["measures"]),
        "first": _measures(told["first"]) if told.get("first") else None,
        "conventions": {},
        "proper": bool(told["proper"]) and _is_proper(told["rows"], told.get("latent")),
        "rows": _rows(rows),
        "latent": told.get("latent"),
        "r2": _only_finite(told.get("r2") or {}),
    }
    if "reliability" in told:
        table = told["reliability"]
        kinds = {
            kind: _only_finite(dict(zip(table["names"], row, strict=True)))
            for kind, row in zip(table["measures"], table["rows"], strict=True)
        }
        found["alphas"] = {kind: kinds[kind] for kind in kinds if kind.startswith("alpha")}
        found["cr"] = {kind: kinds[kind] for kind in ("omega", "omega2", "omega3") if kind in kinds}
        found["ave"] = {"avevar": kinds["avevar"]} if "avevar" in kinds else {}
    for key, kind in (("comprelsem", "cr"), ("ave", "ave")):
        for suffix in ("", "_model"):
            values = told.get(key + suffix)
            if isinstance(values, dict) and values:
                found.setdefault(kind, {})[key + suffix] = _only_finite(values)
    return found | _common(survey, alphas=found.get("alphas"))


def _common(survey: Survey, alphas: dict[str, dict[str, float]] | None = None) -> Numbers:
    """Return what is not of the fit: the answers', as a statistics package prints them."""
    answers = survey.answers.drop(columns="group", errors="ignore")
    options = survey.options
    names = options.get("estimator", "ML")
    recoded = _recoded(survey, answers)
    scores = {
        name: recoded[items].mean(axis=1, skipna=False) for name, items in survey.constructs.items()
    }
    import pandas as pd

    complete = pd.DataFrame(scores).dropna()
    return {
        "number": survey.number,
        "constructs": survey.constructs,
        "initial": survey.initial,
        "freed": survey.freed,
        "chains": survey.chains,
        "scale": survey.scale,
        "estimator": names,
        "n_groups": 2 if "group" in options else 1,
        "complete": "missing" not in options,
        "items": {
            str(item): {
                "mean": float(values.mean()),
                "sd": float(values.std(ddof=1)),
                "n": int(values.count()),
            }
            for item, values in answers.items()
        },
        "scores": {
            "names": list(scores),
            "n": len(complete),
            "mean": complete.mean().tolist(),
            "sd": complete.std(ddof=1).tolist(),
            "rows": complete.corr().to_numpy().tolist(),
        },
        "alphas": {
            "answers": {
                name: _alpha(recoded[items].dropna().to_numpy(dtype=float))
                for name, items in survey.constructs.items()
            },
            **(alphas or {}),
        },
    }


def _recoded(survey: Survey, answers: Any) -> Any:
    """Turn negative items, as authors do before they make sums."""
    recoded = answers.copy()
    for items in survey.constructs.values():
        for item in items[1:]:
            if answers[items[0]].corr(answers[item]) < -0.1:
                turn = sum(survey.scale) if survey.scale else 0.0
                recoded[item] = turn - answers[item]
    return recoded


def _alpha(values: np.ndarray) -> float:
    k = values.shape[1]
    covariance = np.cov(values, rowvar=False)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _rows(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for row in rows:
        if row["op"] not in ("=~", "~", "~~"):
            continue
        one = {new: row.get(old) for old, new in _ROW.items() if old in row}
        one["free"] = bool(row["se"])
        made.append({key: value for key, value in one.items() if _is_told(value)})
    return made


def _is_told(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _is_proper(rows: list[Mapping[str, Any]], latent: Mapping[str, Any] | None) -> bool:
    for row in rows:
        std = row.get("std_all", row.get("std.all"))
        if row["op"] == "~~" and row["lhs"] == row["rhs"] and row["est"] < 0.0:
            return False
        if row["op"] == "~~" and std is not None and abs(std) > 1.0 + 1e-9:
            return False
        if row["op"] == "=~" and std is not None and not abs(std) < 1.0:
            return False
    if latent is None:
        return True
    return bool(np.linalg.eigvalsh(np.array(latent["rows"], dtype=float))[0] > 0.0)


def _column(table: Any, name: str) -> dict[str, float]:
    return _only_finite({str(key): float(value) for key, value in table[name].items()})


def _only_finite(values: Mapping[str, Any]) -> dict[str, float]:
    return {k: float(v) for k, v in values.items() if isinstance(v, (int, float)) and _is_told(v)}


def _finite(measures: Mapping[str, Any]) -> dict[str, float]:
    return {str(k): float(v) for k, v in measures.items() if _is_told(v)}


def _measures(told: Mapping[str, Any]) -> dict[str, float]:
    """Return lavaan's measures under the names of this library."""
    measures = {
        name.replace(".", "_"): float(value)
        for name, value in told.items()
        if isinstance(value, (int, float))
    }
    for suffix in ("", "_scaled"):
        if measures.get(f"df{suffix}"):
            measures[f"cmin_df{suffix}"] = measures[f"chisq{suffix}"] / measures[f"df{suffix}"]
    return measures
