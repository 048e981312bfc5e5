"""What follows from chi2, its degrees of freedom and n: chi2/df, p, RMSEA, Hoelter's N, F."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

from scipy.special import chdtri, ndtri

from clustersem.audit.finding import Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
from clustersem.audit.rules.fit_numbers import FitNumbers, families, label
from clustersem.audit.rules.incremental import per_df_of_rmsea
from clustersem.fit import indices

RATIO, PVALUE, RMSEA, INTERVAL = "chi2/df", "p of chi2", "rmsea", "rmsea interval"
CLOSE, CRITICAL, MINIMUM, ORDER = "close fit", "critical n", "minimum", "rmsea in its interval"
_CLOSE = 0.05


def _ratio(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        chisq, printed = fit.interval("chisq"), fit.interval("cmin_df")
        if chisq is None or printed is None or fit.df is None:
            continue
        required = chisq / fit.df
        if required.overlaps(printed):
            yield Held(RATIO, fit.model.place)
            continue
        text = required.text(_decimals(fit, "cmin_df"))
        yield fit.finding(
            RATIO,
            "cmin_df",
            required,
            f"{fit.as_printed('chisq')} with {fit.df_words} is {text} per degree of freedom, not"
            f" {_text(fit, 'cmin_df')}: these cannot all be right.",
        )


def _pvalue(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        printed, chisq, df = fit.interval("pvalue"), fit.chisq, fit.df
        if printed is None or chisq is None or df is None:
            continue
        required = _hull(indices.chisq_pvalue, chisq, df)
        if required.overlaps(printed):
            yield Held(PVALUE, fit.model.place)
            continue
        yield fit.finding(
            PVALUE,
            "pvalue",
            required,
            f"{fit.chisq_words} with {fit.df_words} has p = {_probability(required)}, not"
            f" {_text(fit, 'pvalue')}: these cannot all be right.",
        )


def _rmsea(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        u, multiplier, printed = fit.per_df, fit.multiplier, fit.interval("rmsea")
        if not fit.is_plain or u is None or multiplier is None or printed is None:
            continue
        excess = (u - 1.0).clipped(0.0, math.inf)
        each = [(excess * g / multiplier).sqrt() for g in {1, fit.n_groups}]
        if any(required.overlaps(printed) for required in each):
            yield Held(RMSEA, fit.model.place)
            continue
        required = Interval.hull(each)
        text = required.text(_decimals(fit, "rmsea"))
        degrees = f", {fit.df_words}" if fit.get("chisq") is not None and fit.df else ""
        yield fit.finding(
            RMSEA,
            "rmsea",
            required,
            f"RMSEA follows from chi2/df and n: {fit.chisq_words}{degrees} with {fit.n_words}"
            f" gives {text}, not {_text(fit, 'rmsea')}: these cannot all be right.",
        )


def _from_noncentrality(
    fit: FitNumbers, value: Callable[[float, float, float], float]
) -> Interval | None:
    """Return the hull of a function of chi2, df and N over everything that is printed."""
    df, multiplier = fit.df, fit.multiplier
    if df is None or multiplier is None:
        return None
    u = fit.per_df
    if u is None:
        if fit.get("rmsea") is None:
            return None
        u = per_df_of_rmsea(fit)
        if not math.isfinite(u.upper):
            return None
    chisq = u * df
    # Several groups: N, or as in Steiger (1998) N over the number of groups.
    sizes = {multiplier.lower, multiplier.upper}
    sizes |= {size / fit.n_groups for size in sizes}
    corners = product((chisq.lower, chisq.upper), {df.lower, df.upper}, sizes)
    values = [value(*corner) for corner in corners]
    return Interval(min(values), max(values))


def _is_exact(fit: FitNumbers) -> bool:
    """Whether the interval is that of the printed chi2: programs differ on scaled ones."""
    return fit.is_plain and not fit.suffix


def _interval(paper: Published) -> Iterator[Outcome]:
    for fit in filter(_is_exact, families(paper)):
        for index, end in (("rmsea_ci_lower", 0), ("rmsea_ci_upper", 1)):
            printed = fit.interval(index)
            if printed is None:
                continue

            def bound(chisq: float, df: float, n: float, end: int = end) -> float:
                return indices.rmsea_interval(chisq, df, n)[end]

            required = _from_noncentrality(fit, bound)
            if required is None:
                continue
            # The bounds are solved for, to a millionth.
            if Interval(required.lower - 1e-6, required.upper + 1e-6).overlaps(printed):
                yield Held(INTERVAL, fit.model.place)
                continue
            yield fit.finding(
                INTERVAL,
                index,
                required,
                f"With {_source(fit)} the {label(index)} at 90 % is"
                f" {required.text(_decimals(fit, index))}, not {_text(fit, index)}: these cannot"
                " all be right.",
            )


def _close(paper: Published) -> Iterator[Outcome]:
    for fit in filter(_is_exact, families(paper)):
        printed = fit.interval("rmsea_pvalue")
        if printed is None:
            continue

        def close(chisq: float, df: float, n: float) -> float:
            return indices.rmsea_close_pvalue(chisq, df, n, _CLOSE)

        required = _from_noncentrality(fit, close)
        if required is None:
            continue
        if required.overlaps(printed):
            yield Held(CLOSE, fit.model.place)
            continue
        yield fit.finding(
            CLOSE,
            "rmsea_pvalue",
            required,
            f"With {_source(fit)} the test of close fit has p = {_probability(required)}, not"
            f" {_text(fit, 'rmsea_pvalue')}: these cannot all be right.",
        )


def _order(paper: Published) -> Iterator[Outcome]:
    for fit in filter(_is_exact, families(paper)):
        point = fit.interval("rmsea")
        ends = [fit.interval(f"rmsea_ci_{end}") for end in ("lower", "upper")]
        if point is None or ends == [None, None]:
            continue
        low = ends[0].lower if ends[0] is not None else -math.inf
        high = ends[1].upper if ends[1] is not None else math.inf
        # An interval [0, 0] beside an RMSEA above zero is printed where chi2 is far below df.
        if low > high or not point.overlaps(Interval(low, high)):
            shown = [_text(fit, f"rmsea_ci_{e}") for e in ("lower", "upper")
                     if fit.get(f"rmsea_ci_{e}")]  # fmt: skip
            yield fit.finding(
                ORDER,
                "rmsea",
                Interval(min(low, high), max(low, high)),
                f"RMSEA {_text(fit, 'rmsea')} is not within its own interval"
                f" ({' to '.join(shown)}): these cannot all be right.",
            )
        else:
            yield Held(ORDER, fit.model.place)


def _critical(paper: Published) -> Iterator[Outcome]:
    for fit in filter(_is_exact, families(paper)):
        chisq, df, n = fit.chisq, fit.df, fit.multiplier
        if chisq is None or df is None or n is None or chisq.lower <= 0.0:
            continue
        for index, alpha in (("cn_05", 0.05), ("cn_01", 0.01)):
            printed = fit.interval(index)
            if printed is None:
                continue
            required = _critical_n(chisq, df.middle, n, alpha, fit.n_groups)
            if required.overlaps(printed):
                yield Held(CRITICAL, fit.model.place)
                continue
            yield fit.finding(
                CRITICAL,
                index,
                required,
                f"{fit.chisq_words} with {fit.df_words} and {fit.n_words} would become significant"
                f" at {required.text(0)} respondents, not {_text(fit, index)}: these cannot all be"
                " right.",
            )


def _critical_n(chisq: Interval, df: float, n: Interval, alpha: float, groups: int) -> Interval:
    """Return Hoelter's N, by the quantile and by his normal approximation of it.

    Whole numbers below it are printed too, and one or the number of groups is added.
    """
    normal = 0.5 * (float(ndtri(1.0 - alpha)) + math.sqrt(2.0 * df - 1.0)) ** 2
    exact = float(chdtri(df, alpha))
    critical = Interval(min(normal, exact), max(normal, exact)) * n / chisq
    return Interval(critical.lower, critical.upper + max(groups, 1))


def _minimum(paper: Published) -> Iterator[Outcome]:
    for fit in filter(_is_exact, families(paper)):
        printed, chisq, n = fit.interval("fmin"), fit.interval("chisq"), fit.multiplier
        if printed is None or chisq is None or n is None or not _by_likelihood(fit):
            continue
        f = chisq.clipped(0.0, math.inf) / n
        if any((f * share).overlaps(printed) for share in (1.0, 0.5)):
            yield Held(MINIMUM, fit.model.place)
            continue
        yield fit.finding(
            MINIMUM,
            "fmin",
            f,
            f"chi2 is the minimum of the discrepancy times n: {fit.as_printed('chisq')} with"
            f" {fit.n_words} gives F = {f.text(_decimals(fit, 'fmin'))} (or half of it), not"
            f" {_text(fit, 'fmin')}: these cannot all be right.",
        )


def _by_likelihood(fit: FitNumbers) -> bool:
    """Whether a likelihood was maximised: chi2 of unweighted least squares is no minimum."""
    return any(fit.get(name) is not None for name in ("aic", "bic", "logl", "caic"))


def _source(fit: FitNumbers) -> str:
    told = fit.chisq_words if fit.per_df is not None else fit.as_printed("rmsea")
    return f"{told}, {fit.df_words} and {fit.n_words}"


def _hull(value: Callable[[float, float], float], chisq: Interval, df: Interval) -> Interval:
    values = [value(x, d) for x in (chisq.lower, chisq.upper) for d in (df.lower, df.upper)]
    return Interval(min(values), max(values))


def _probability(p: Interval) -> str:
    return "less than 0.0001" if p.upper < 1e-4 else p.text(4)


def _decimals(fit: FitNumbers, index: str) -> int:
    printed = fit.get(index)
    return 3 if printed is None else max(printed.decimals, 0)


def _text(fit: FitNumbers, index: str) -> str:
    printed = fit.get(index)
    return "" if printed is None else printed.text


_STEIGER = (
    "Steiger, J. H. (1990). Multivariate Behavioral Research, 25, 173-180."
    " doi:10.1207/s15327906mbr2502_4; several groups: Steiger, J. H. (1998). Structural Equation"
    " Modeling, 5, 411-419. doi:10.1080/10705519809540115"
)
_BROWNE = (
    "Browne, M. W., & Cudeck, R. (1992). Sociological Methods & Research, 21, 230-258."
    " doi:10.1177/0049124192021002005"
)

RULES: tuple[Rule, ...] = (
    Rule(
        RATIO,
        "chi2/df is chi2 divided by the degrees of freedom.",
        "Wheaton, B., et al. (1977). Sociological Methodology, 8, 84-136. doi:10.2307/270754",
        "chi2, df (or the model as drawn) and chi2/df",
        _ratio,
    ),
    Rule(
        PVALUE,
        "p is the chance that a chi-square variable with these degrees of freedom exceeds chi2.",
        "Joereskog, K. G. (1969). Psychometrika, 34, 183-202. doi:10.1007/BF02289343",
        "chi2 (or chi2/df), df (or the model as drawn) and p",
        _pvalue,
    ),
    Rule(
        RMSEA,
        "RMSEA is the root of (chi2/df - 1) / n, zero where chi2 is below df; with n - 1, n less"
        " the number of groups, or times the root of that number in some programs.",
        _STEIGER,
        "RMSEA, n and chi2/df (or chi2 and df)",
        _rmsea,
    ),
    Rule(
        INTERVAL,
        "The ends of RMSEA's 90 % interval are those noncentralities at which chi2 has the"
        " probabilities .95 and .05.",
        _BROWNE,
        "an end of the interval, n, df (or the model as drawn) and chi2, chi2/df or RMSEA",
        _interval,
    ),
    Rule(
        CLOSE,
        "p of close fit is the chance of a larger chi2 where RMSEA is .05.",
        _BROWNE,
        "p of close fit, n, df (or the model as drawn) and chi2, chi2/df or RMSEA",
        _close,
    ),
    Rule(
        ORDER,
        "RMSEA lies within its own interval.",
        _BROWNE,
        "RMSEA and an end of its interval",
        _order,
    ),
    Rule(
        CRITICAL,
        "Hoelter's critical n is the number of respondents at which the same discrepancy would"
        " just be significant.",
        "Hoelter, J. W. (1983). Sociological Methods & Research, 11, 325-344."
        " doi:10.1177/0049124183011003003",
        "critical n, chi2 (or chi2/df), df (or the model as drawn) and n",
        _critical,
    ),
    Rule(
        MINIMUM,
        "chi2 is the minimum of the discrepancy, or twice that, times n, n - 1 or n less the number"
        " of groups.",
        "Bollen, K. A. (1989). Structural equations with latent variables. Wiley."
        " doi:10.1002/9781118619179",
        "the minimum of the discrepancy, chi2, n, and a criterion or likelihood that tells maximum"
        " likelihood",
        _minimum,
    ),
)
