"""A fit as text."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from clustersem.fit.solution import Solution

SECTIONS = {
    "=~": "Latent variables",
    "<~": "Composites",
    "~": "Regressions",
    "~~": "Covariances",
    "~1": "Intercepts",
    ":=": "Defined parameters",
}


def summary_text(fit: Solution) -> str:
    """Return how the estimation ended, the measures of fit and all estimates."""
    m = fit.measures
    used = f"{fit.n_obs}"
    n_rows = sum(sample.n_rows for sample in fit.samples)
    if n_rows != fit.n_obs:
        used += f" of {n_rows}"
    ending = f"converged after {fit.status.iterations} iterations"
    lines = [
        f"clustersem: {ending if fit.converged else fit.status.message}",
        "",
        _line("Estimator", f"{fit.options.estimator} ({fit.options.likelihood} likelihood)"),
        _line("Free parameters", f"{fit.n_free}"),
        _line("Observations used", used),
        *([_line("Auxiliary variables", ", ".join(fit.auxiliary))] if fit.auxiliary else []),
        "",
        "Test of the model",
        _line("chi2", _number(m["chisq"])),
        _line("df", f"{fit.df}"),
        _line("p", p_text(m["pvalue"])),
        _line("chi2 / df", _number(m["cmin_df"])),
        "",
        "Fit indices",
        _line("CFI", _number(m["cfi"])),
        _line("TLI", _number(m["tli"])),
        _line("NFI", _number(m["nfi"])),
        _line("IFI", _number(m["ifi"])),
        _line("GFI", _number(m["gfi"])),
        _line(
            "RMSEA (90 % interval)",
            f"{_number(m['rmsea'])} ({_number(m['rmsea_ci_lower'])} to"
            f" {_number(m['rmsea_ci_upper'])})",
        ),
        _line("p of RMSEA <= .05", p_text(m["rmsea_pvalue"])),
        _line("SRMR", _number(m["srmr"])),
        _line("AIC", _number(m["aic"])),
        _line("BIC", _number(m["bic"])),
    ]
    estimates = fit.own_estimates
    own = (estimates["op"] == "~~") & (estimates["lhs"] == estimates["rhs"])
    for op, title in SECTIONS.items():
        rows = estimates[(estimates["op"] == op) & ~own]
        if len(rows):
            lines += ["", *_table(title, rows)]
    if own.any():
        lines += ["", *_table("Variances", estimates[own])]
    r_squared = fit.r_squared
    if len(r_squared):
        width = max(len(str(name)) for name in r_squared.index)
        lines += ["", "R-squared"]
        lines += [f"  {name:<{width}}  {_number(value)}" for name, value in r_squared.items()]
    for warning in fit.warnings:
        lines += ["", f"Note: {warning}"]
    return "\n".join(lines)


def p_text(p: float) -> str:
    """Return a p-value to three digits, without a zero before the point."""
    if math.isnan(p):
        return "-"
    return "< .001" if p < 0.0005 else f"{p:.3f}"[1:] if p < 0.9995 else "1.000"


def _line(name: str, value: str) -> str:
    return f"  {name:<24}{value}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


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
    return f"{lhs} {op} {rhs}"
