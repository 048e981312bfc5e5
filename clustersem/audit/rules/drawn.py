"""Printed degrees of freedom and counts against the model as drawn."""

from __future__ import annotations

from collections.abc import Iterator

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
from clustersem.audit.rules.drawn_counts import (
    baseline_df,
    counts_of_moments,
    degrees_of_freedom,
    n_moments,
    n_parameters,
)
from clustersem.audit.rules.fit_numbers import FitNumbers, label, whole
from clustersem.spec import ModelSpec

DF, BASELINE, COUNT = "df of the model", "df of the null model", "moments counted"


def _defaults(spec: ModelSpec) -> tuple[int, int]:
    """Return how many covariances of exogenous and of dependent variables no text names.

    Some programs free them unasked, others only where a double arrow is drawn.
    """
    added = [
        row
        for row in spec.parameters
        if row.op == "~~" and row.lhs != row.rhs and row.free and not row.user
    ]
    dependent = sum(row.lhs in spec.endogenous for row in added)
    return len(added) - dependent, dependent


def _df(paper: Published) -> Iterator[Outcome]:
    for model in paper.models:
        fit = FitNumbers(paper, model)
        printed, spec = fit.get("df"), model.spec
        drawn = None if spec is None else degrees_of_freedom(spec)
        if printed is None or spec is None or drawn is None:
            continue
        exogenous, dependent = _defaults(spec)
        possible = sorted({drawn, drawn + exogenous, drawn + dependent,
                           drawn + exogenous + dependent})  # fmt: skip
        df = whole(printed)
        # The degrees of freedom of scaled tests may be adjusted downwards.
        if any(each in df for each in possible) or (model.scaled and df.lower < possible[-1]):
            yield Held(DF, model.place)
            continue
        moments = n_moments(spec)
        assert moments is not None
        others = (
            f" ({', '.join(map(str, possible[1:]))} where a program frees covariances only as"
            " drawn)"
            if possible[1:]
            else ""
        )
        yield _finding(
            fit,
            DF,
            "df",
            Interval(float(possible[0]), float(possible[-1])),
            f"The model as drawn has {moments} moments of {len(spec.observed)} variables and"
            f" {n_parameters(spec)} free parameters, so {drawn} degrees of freedom{others}, not"
            f" {printed.text}: these cannot all be right.",
        )


def _baseline(paper: Published) -> Iterator[Outcome]:
    for model in paper.models:
        fit = FitNumbers(paper, model)
        printed, spec = fit.get("baseline_df"), model.spec
        drawn = None if spec is None else baseline_df(spec)
        if printed is None or spec is None or drawn is None or model.scaled:
            continue
        if drawn in whole(printed):
            yield Held(BASELINE, model.place)
            continue
        p = len(spec.observed)
        yield _finding(
            fit,
            BASELINE,
            "baseline_df",
            Interval.exact(float(drawn)),
            f"In the null model the {p} variables of the model as drawn do not covary: that is"
            f" {drawn} degrees of freedom, not {printed.text}. These cannot all be right, unless"
            " another null model was used.",
        )


def _count(paper: Published) -> Iterator[Outcome]:
    for model in paper.models:
        fit = FitNumbers(paper, model)
        df, npar, spec = fit.get("df"), fit.get("npar"), model.spec
        if df is None or npar is None or spec is None or model.scaled:
            continue
        moments = n_moments(spec)
        if moments is None or n_parameters(spec) is None:
            continue
        together = whole(df) + whole(npar)
        possible = set(counts_of_moments(spec)) or {moments}
        if any(each in together for each in possible):
            yield Held(COUNT, model.place)
            continue
        low, high = min(possible), max(possible)
        yield _finding(
            fit,
            COUNT,
            "npar",
            Interval(float(low), float(high)) - whole(df),
            f"Free parameters and degrees of freedom add up to the moments: {npar.text} and"
            f" {df.text} are {together.text(0)}, but {len(spec.observed)} variables have"
            f" {' or '.join(map(str, sorted(possible)))}: these cannot all be right.",
        )


def _finding(fit: FitNumbers, rule: str, index: str, required: Interval, sentence: str) -> Finding:
    printed = fit.get(index)
    assert printed is not None
    return Finding(
        rule,
        printed.place or fit.model.place,
        label(index),
        printed.text,
        required,
        required.text(0),
        sentence,
        concerns=("fit",),
    )


_COUNTING = (
    "Bollen, K. A. (1989). Structural equations with latent variables. Wiley."
    " doi:10.1002/9781118619179; Cortina, J. M., Green, J. P., Keeler, K. R., & Vandenberg, R. J."
    " (2017). Organizational Research Methods, 20, 350-378. doi:10.1177/1094428116676345"
)

RULES: tuple[Rule, ...] = (
    Rule(
        DF,
        "Degrees of freedom are the moments of the observed variables less the free parameters.",
        _COUNTING,
        "df and the model as drawn",
        _df,
    ),
    Rule(
        BASELINE,
        "The null model of p variables has p (p - 1) / 2 degrees of freedom in each group.",
        _COUNTING,
        "df of the null model and the model as drawn, without observed covariates",
        _baseline,
    ),
    Rule(
        COUNT,
        "Free parameters and degrees of freedom add up to the moments of the observed variables.",
        _COUNTING,
        "df, the number of parameters and the model as drawn",
        _count,
    ),
)
