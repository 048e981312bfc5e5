"""A fit as text."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from clustersem.fit.options import FitOptions
from clustersem.fit.solution import Solution

SECTIONS = {
    "=~": "Latent variables",
    "<~": "Composites",
    "~": "Regressions",
    "~~": "Covariances",
    "~1": "Intercepts",
    "|": "Thresholds",
    "~*~": "Scales of latent responses",
}

#: The variants of a measure, side by side where an estimator corrects its test.
VARIANTS = {"standard": "", "scaled": "_scaled", "robust": "_robust"}
_TEST = {"chi2": "chisq", "df": "df", "p": "pvalue", "chi2 / df": "cmin_df"}
_FACTORS = {
    "scaling factor": "chisq_scaling_factor",
    "shift": "chisq_shift_parameter",
}
_BROWNE = {
    "Browne's residual test, ADF": "browne_residual_adf",
    "Browne's residual test, NT": "browne_residual_nt",
}
_INDICES = {
    "CFI": "cfi",
    "TLI": "tli",
    "NFI": "nfi",
    "IFI": "ifi",
    "RMSEA": "rmsea",
    "  90 % interval, from": "rmsea_ci_lower",
    "  to": "rmsea_ci_upper",
    "  p of RMSEA <= .05": "rmsea_pvalue",
}
_ALONE = {"GFI": "gfi", "SRMR": "srmr", "WRMR": "wrmr", "AIC": "aic", "BIC": "bic"}


def summary_text(fit: Solution) -> str:
    """Return how the estimation ended, the measures of fit and all estimates."""
    ending = f"converged after {fit.status.iterations} iterations"
    lines = [
        f"clustersem: {ending if fit.converged else fit.status.message}",
        "",
        _line("Estimator", estimator_text(fit.options)),
        _line("Free parameters", f"{fit.n_free}"),
        *_observations(fit),
        "",
        *_measures(fit.measures),
    ]
    estimates = fit.estimates
    defined = estimates["op"] == ":="
    for number, label in enumerate(fit.groups, start=1):
        if len(fit.groups) > 1:
            lines += ["", f"Group {number}: {label}"]
        lines += _estimates(estimates[(estimates["group"] == number) & ~defined])
        r_squared = fit.r_squared.loc[label] if len(fit.groups) > 1 else fit.r_squared
        if len(r_squared):
            width = max(len(str(name)) for name in r_squared.index)
            lines += ["", "R-squared"]
            lines += [f"  {name:<{width}}  {_number(value)}" for name, value in r_squared.items()]
    if defined.any():
        lines += ["", *_table("Defined parameters", estimates[defined])]
    for warning in fit.warnings:
        lines += ["", f"Note: {warning}"]
    return "\n".join(lines)


def estimator_text(options: FitOptions) -> str:
    """Return the estimator by its name and by what that stands for, where it is more than itself.

    Examples
    --------
    >>> estimator_text(FitOptions())
    'ML'
    >>> estimator_text(FitOptions(estimator="MLM", se="robust.sem", test="satorra.bentler"))
    'MLM (ML, standard errors robust.sem, test satorra.bentler)'
    """
    parts: list[str] = []
    if options.discrepancy != options.estimator:
        parts.append(options.discrepancy)
    if options.likelihood != "normal":
        parts.append(f"{options.likelihood.capitalize()} likelihood")
    if options.se != "standard":
        parts.append(f"standard errors {options.se}")
    if options.test != "standard":
        parts.append(f"test {options.test}")
    return options.estimator + (f" ({', '.join(parts)})" if parts else "")


def p_text(p: float) -> str:
    """Return a p-value to three digits, without a zero before the point."""
    if math.isnan(p):
        return "-"
    return "< .001" if p < 0.0005 else f"{p:.3f}"[1:] if p < 0.9995 else "1.000"


def _observations(fit: Solution) -> list[str]:
    n_rows = sum(sample.n_rows for sample in fit.samples)
    lines = [_line("Observations used", _of(fit.n_obs, n_rows))]
    if len(fit.samples) > 1:
        lines += [_line(f"  {s.label}", _of(s.n_obs, s.n_rows)) for s in fit.samples]
    return lines


def _of(used: int, rows: int) -> str:
    return f"{used}" if used == rows else f"{used} of {rows}"


def _measures(m: Mapping[str, float]) -> list[str]:
    """Return the test and the indices, every variant of them in a column of its own."""
    shown = [name for name, end in VARIANTS.items() if f"rmsea{end}" in m or f"chisq{end}" in m]
    several = len(shown) > 1
    head = f"{'':<24}" + "".join(f"{name:>10}" for name in shown)
    lines = ["Test of the model" if not several else f"{'Test of the model':<26}{head[24:]}"]
    lines += [_row(title, name, m, shown) for title, name in _TEST.items()]
    lines += [
        _row(title, name, {f"{name}_scaled": m[name]}, shown)
        for title, name in _FACTORS.items()
        if name in m
    ]
    for title, name in _BROWNE.items():
        if f"chisq_{name}" in m:
            chisq, p = m[f"chisq_{name}"], m[f"pvalue_{name}"]
            lines.append(f"  {title}: chi2 {_number(chisq)}, p {p_text(p)}")
    lines += ["", "Fit indices"]
    lines += [_row(title, name, m, shown) for title, name in _INDICES.items()]
    lines += [_row(title, name, m, shown) for title, name in _ALONE.items() if name in m]
    return lines


def _row(title: str, name: str, m: Mapping[str, float], shown: list[str]) -> str:
    cells = []
    for variant in shown:
        value = m.get(f"{name}{VARIANTS[variant]}")
        if name == "cmin_df" and variant == "scaled" and value is None and m["df_scaled"]:
            value = m["chisq_scaled"] / m["df_scaled"]
        cells.append("" if value is None else _cell(name, value))
    return f"  {title:<24}{''.join(f'{cell:>10}' for cell in cells)}".rstrip()


def _cell(name: str, value: float) -> str:
    if "pvalue" in name:
        return p_text(value)
    if name == "df" and value == round(value):
        return f"{value:.0f}"
    return _number(value)


def _line(name: str, value: str) -> str:
    return f"  {name:<24}{value}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _estimates(rows: pd.DataFrame) -> list[str]:
    """Return the estimates of one group, without intercepts where all are fixed at zero."""
    lines = []
    own = (rows["op"] == "~~") & (rows["lhs"] == rows["rhs"])
    for op, title in SECTIONS.items():
        part = rows[(rows["op"] == op) & ~own]
        if len(part) and not (op == "~1" and not part[["est", "se"]].any(axis=None)):
            lines += ["", *_table(title, part)]
    if own.any():
        lines += ["", *_table("Variances", rows[own])]
    return lines


def _table(title: str, rows: pd.DataFrame) -> list[str]:
    names = [_row_name(*row) for row in zip(rows["lhs"], rows["op"], rows["rhs"], strict=True)]
    width = max(24, *(len(name) for name in names))
    header = f"{'est':>9}{'se':>9}{'z':>9}{'p':>8}{'std_lv':>9}{'std_all':>9}"
    lines = [title, f"  {'':<{width}}{header}"]
    columns = ["est", "se", "z", "p_value", "std_lv", "std_all"]
    for name, values in zip(names, rows[columns].to_numpy(dtype=np.float64), strict=True):
        est, se, z, p, std_lv, std_all = (float(value) for value in values)
        tested = f"{_number(se):>9}{_number(z):>9}{p_text(p):>8}"
        lines.append(
            f"  {name:<{width}}{_number(est):>9}{'' if math.isnan(z) else tested:>26}"
            f"{_number(std_lv):>9}{_number(std_all):>9}"
        )
    return lines


def _row_name(lhs: str, op: str, rhs: str) -> str:
    if op == "~1" or (op == "~~" and lhs == rhs):
        return lhs
    return f"{lhs} ~*~" if op == "~*~" else f"{lhs} {op} {rhs}"
