"""GFI, AGFI, PGFI and SRMR: what they can be, beside each other and beside chi2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from clustersem.audit.finding import Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
from clustersem.audit.rules.drawn_counts import n_moments
from clustersem.audit.rules.fit_numbers import FitNumbers, families, label
from clustersem.spec import ModelSpec

BOUNDS, PARSIMONY, MISFIT = "bounds of indices", "parsimony", "gfi and chi2"

_SHARE = Interval(0.0, 1.0)
_AT_MOST_ONE = Interval(-math.inf, 1.0)
_NOT_NEGATIVE = Interval(0.0, math.inf)
_BOUNDS = {
    **dict.fromkeys(("cfi", "pcfi", "pvalue", "rmsea_pvalue"), _SHARE),
    **dict.fromkeys(("nfi", "rfi", "gfi", "agfi", "pgfi", "pnfi"), _AT_MOST_ONE),
    **dict.fromkeys(
        ("chisq", "cmin_df", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr", "rmr", "fmin"),
        _NOT_NEGATIVE,
    ),
}
# Of which a program prints one that is beyond, where degrees of freedom are adjusted.
_LOOSE_WHEN_SCALED = ("rfi", "nfi", "pnfi")


def _bounds(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        for index, bounds in _BOUNDS.items():
            printed = fit.interval(index)
            if printed is None or (fit.suffix and index in _LOOSE_WHEN_SCALED):
                continue
            if bounds.overlaps(printed):
                yield Held(BOUNDS, fit.model.place)
                continue
            name = label(index + fit.suffix)
            yield fit.finding(
                BOUNDS,
                index,
                bounds,
                f"{fit.as_printed(index)} cannot be: {name} is {_in_words(bounds)}.",
            )
        yield from _srmr(fit)


def _srmr(fit: FitNumbers) -> Iterator[Outcome]:
    printed = fit.interval("srmr")
    if printed is None or printed.lower <= 1.0:
        return
    found = fit.finding(
        BOUNDS,
        "srmr",
        _SHARE,
        f"{fit.as_printed('srmr')} would be an average residual correlation above 1: the model"
        " would have to imply correlations of the wrong sign throughout.",
    )
    yield replace(found, certainty="implausible")


def _in_words(bounds: Interval) -> str:
    if bounds == _SHARE:
        return "between 0 and 1"
    return "not above 1" if bounds.lower == -math.inf else "not below 0"


def df_share(fit: FitNumbers) -> Interval | None:
    """Return df over the moments, with means and without; None where they are not known."""
    spec = fit.model.spec
    moments = None if spec is None else moments_of(spec)
    if fit.df is None or moments is None or fit.suffix:
        return None
    return fit.df / moments


def moments_of(spec: ModelSpec) -> Interval | None:
    """Return the moments that programs count: means and moments of covariates, or not."""
    counts = [n_moments(spec, means=means) for means in (False, True)]
    if None in counts or spec.options.ordered:
        return None
    fixed = sum(row.from_sample for row in spec.parameters)
    known = [float(count) for count in counts if count is not None]
    if not spec.options.meanstructure:
        known = known[:1]  # nothing says that means were modelled
    return Interval(min(known) - fixed, max(known))


def _parsimony(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        if fit.suffix:
            continue
        gfi = fit.interval("gfi")
        if gfi is None or not 0.0 < gfi.lower or not math.isfinite(gfi.upper):
            continue
        share = df_share(fit)
        yield from _pgfi(fit, gfi, share)
        yield from _agfi(fit, gfi, share)


def _pgfi(fit: FitNumbers, gfi: Interval, share: Interval | None) -> Iterator[Outcome]:
    printed = fit.interval("pgfi")
    if printed is None:
        return
    if share is None:
        # df never exceeds the moments.
        required = Interval(0.0, gfi.upper)
        if required.overlaps(printed):
            yield Held(PARSIMONY, fit.model.place)
        else:
            yield fit.finding(
                PARSIMONY,
                "pgfi",
                required,
                f"PGFI is a share of GFI: {fit.as_printed('pgfi')} cannot be above"
                f" {fit.as_printed('gfi')}.",
            )
        return
    required = share * gfi
    if required.overlaps(printed):
        yield Held(PARSIMONY, fit.model.place)
        return
    assert fit.df is not None
    moments = fit.df / share
    means = (printed / gfi) * moments
    yield fit.finding(
        PARSIMONY,
        "pgfi",
        required,
        f"PGFI is GFI times df / {moments.text(0)}; {fit.as_printed('pgfi')} and"
        f" {fit.as_printed('gfi')} mean {means.text(1)} degrees of freedom, while the"
        f" {_called(fit)} has {fit.df.text(0)}: these cannot all be right.",
    )


def _agfi(fit: FitNumbers, gfi: Interval, share: Interval | None) -> Iterator[Outcome]:
    printed = fit.interval("agfi")
    if printed is None or gfi.upper >= 1.0:
        return
    source = ""
    if share is None:
        # PGFI / GFI is df over the moments too, and without it is at most one.
        pgfi = fit.interval("pgfi")
        if pgfi is not None and pgfi.lower > 0.0:
            share, source = pgfi / gfi, f" and {fit.as_printed('pgfi')}"
        else:
            share = Interval(0.0, 1.0)
    else:
        assert fit.df is not None
        source = f" and {fit.df_words} of {(fit.df / share).text(0)} moments"
    lost = 1.0 - gfi
    lower = 1.0 - lost.upper / share.lower if share.lower > 0.0 else -math.inf
    required = Interval(lower, 1.0 - lost.lower / min(share.upper, 1.0))
    if required.overlaps(printed):
        yield Held(PARSIMONY, fit.model.place)
        return
    digits = max(_printed_decimals(fit, "agfi"), 0)
    yield fit.finding(
        PARSIMONY,
        "agfi",
        required,
        f"1 - AGFI is 1 - GFI times the moments per degree of freedom: {fit.as_printed('gfi')}"
        f"{source} give AGFI {required.text(digits)}, not {_text(fit, 'agfi')}: these cannot all"
        " be right.",
    )


def _called(fit: FitNumbers) -> str:
    name = f"{fit.model.name} model" if fit.model.name else "model"
    return name if fit.get("df") else f"{name} as drawn"


def lowest_gfi(chisq: float, n: float, p: int) -> float:
    """Return the lowest GFI of p variables with this chi2, by maximum likelihood or GLS.

    At a minimum of the ML discrepancy F of a model that is invariant under a constant scaling
    factor the eigenvalues v of Sigma^-1 S have the sum p, F is -sum of log v, and GFI is p over the
    sum of v^2. For a given F this sum is largest where all but one of them are equal.
    """
    f = max(chisq / n, 0.0)
    low, high = 1.0, float(p)
    for _ in range(100):
        v = 0.5 * (low + high)
        rest = (p - v) / (p - 1)
        reached = -math.log(v) - (p - 1) * math.log(rest) if rest > 0.0 else math.inf
        low, high = (low, v) if reached > f else (v, high)
    rest = (p - high) / (p - 1)
    by_ml = p / (high**2 + (p - 1) * rest**2)
    return min(by_ml, 1.0 - 2.0 * f / p)


def _misfit(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        spec, gfi, chisq, n = fit.model.spec, fit.interval("gfi"), fit.chisq, fit.multiplier
        if fit.suffix or not fit.is_plain or gfi is None or chisq is None or n is None:
            continue
        if spec is None or fit.n_groups > 1 or not _scales_freely(spec):
            continue
        p = len(spec.observed)
        lowest = lowest_gfi(chisq.upper, n.lower, p)
        if gfi.upper >= lowest:
            yield Held(MISFIT, fit.model.place)
            continue
        required = Interval(lowest, 1.0)
        found = fit.finding(
            MISFIT,
            "gfi",
            required,
            f"GFI and chi2 are both read off the eigenvalues of Sigma^-1 S: {fit.chisq_words} with"
            f" {fit.df_words}, {fit.n_words} and {p} variables leaves a GFI of"
            f" {lowest:.3f} or more, whatever the data, not {_text(fit, 'gfi')}: these cannot all"
            " be right, unless GFI is of another estimator than maximum likelihood or GLS.",
        )
        yield replace(found, certainty="implausible")


def _scales_freely(spec: ModelSpec) -> bool:
    """Whether the model stays one where its implied matrix is multiplied with any number."""
    if spec.exogenous_observed or spec.options.meanstructure or spec.options.ordered:
        return False
    if spec.constraints or spec.bounds or spec.options.auxiliary or len(spec.observed) < 3:
        return False
    scaled = {row.lhs for row in spec.parameters if row.op == "=~" and not row.free and row.value}
    for row in spec.parameters:
        if row.op == "~~" and not row.free and row.value:
            if row.lhs != row.rhs or row.lhs not in spec.latent or row.lhs in scaled:
                return False
        if row.op in ("<~", "~*~") or (row.label and row.op == "~~"):
            return False
    return True


def _printed_decimals(fit: FitNumbers, index: str) -> int:
    printed = fit.get(index)
    return 3 if printed is None else printed.decimals


def _text(fit: FitNumbers, index: str) -> str:
    printed = fit.get(index)
    return "" if printed is None else printed.text


_GFI = (
    "Joereskog, K. G., & Soerbom, D. (1984). LISREL VI user's guide. Scientific Software; Mulaik,"
    " S. A., et al. (1989). Psychological Bulletin, 105, 430-445. doi:10.1037/0033-2909.105.3.430"
)

RULES: tuple[Rule, ...] = (
    Rule(
        BOUNDS,
        "CFI and p lie between 0 and 1, NFI, GFI and their kin are not above 1, chi2, RMSEA and"
        " SRMR not below 0.",
        "Hu, L., & Bentler, P. M. (1999). Structural Equation Modeling, 6, 1-55."
        " doi:10.1080/10705519909540118",
        "an index",
        _bounds,
    ),
    Rule(
        PARSIMONY,
        "PGFI is GFI df / m and AGFI is 1 - (m / df)(1 - GFI), where m is the number of moments,"
        " p (p + 1) / 2 of p variables.",
        _GFI,
        "GFI with PGFI or AGFI; more follows with the model as drawn",
        _parsimony,
    ),
    Rule(
        MISFIT,
        "By maximum likelihood the GFI of p variables has a lowest value for every chi2 / n.",
        "Tanaka, J. S., & Huba, G. J. (1985). British Journal of Mathematical and Statistical"
        " Psychology, 38, 197-201. doi:10.1111/j.2044-8317.1985.tb00834.x; Krane, W. R., & McDonald,"
        " R. P. (1978). British Journal of Mathematical and Statistical Psychology, 31, 218-228."
        " doi:10.1111/j.2044-8317.1978.tb00586.x",
        "GFI, chi2 (or chi2/df), n and the model as drawn, of one group and without means",
        _misfit,
    ),
)
