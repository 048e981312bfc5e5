"""GFI, AGFI, PGFI and SRMR: what they can be, beside each other and beside chi2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from clustersem.audit.finding import Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
from clustersem.audit.rules.drawn_counts import counts_of_moments, degrees_of_freedom
from clustersem.audit.rules.fit_numbers import FitNumbers, families, label
from clustersem.spec import ModelSpec

BOUNDS, PARSIMONY, MISFIT = "bounds of indices", "parsimony", "gfi and chi2"

_SHARE = Interval(0.0, 1.0)
_AT_MOST_ONE = Interval(-math.inf, 1.0)
_NOT_NEGATIVE = Interval(0.0, math.inf)
_BOUNDS = {
    **dict.fromkeys(("cfi", "pvalue", "rmsea_pvalue"), _SHARE),
    **dict.fromkeys(("nfi", "rfi", "gfi", "agfi", "pgfi"), _AT_MOST_ONE),
    **dict.fromkeys(
        ("chisq", "cmin_df", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr", "rmr", "pcfi"),
        _NOT_NEGATIVE,
    ),
}
# Of which a program prints one that is beyond, where degrees of freedom are adjusted.
_LOOSE_WHEN_SCALED = ("rfi", "nfi")


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


@dataclass(frozen=True)
class Share:
    """df over the moments, as far as the model as drawn tells.

    Attributes
    ----------
    df : Interval
        Degrees of freedom.
    moments : int
        One of the counts that programs use.
    """

    df: Interval
    moments: int

    @property
    def value(self) -> Interval:
        """The share."""
        return self.df / float(self.moments)


def shares(fit: FitNumbers) -> tuple[Share, ...]:
    """Return df over the moments by every way to count them; none where the model is not drawn."""
    spec = fit.model.spec
    df = own_df(fit)
    if spec is None or df is None:
        return ()
    return tuple(Share(df, count) for count in counts_of_moments(spec))


def own_df(fit: FitNumbers) -> Interval | None:
    """Return the model's degrees of freedom, not those that a scaled test may have adjusted."""
    if not fit.model.scaled:
        return fit.df
    drawn = None if fit.model.spec is None else degrees_of_freedom(fit.model.spec)
    return Interval.exact(float(drawn)) if drawn else None


def _parsimony(paper: Published) -> Iterator[Outcome]:
    for fit in families(paper):
        gfi = fit.interval("gfi")
        if fit.suffix or gfi is None or gfi.lower <= 0.0 or not math.isfinite(gfi.upper):
            continue
        if fit.interval("pgfi") is not None:
            yield _pgfi(fit, gfi)
        if fit.interval("agfi") is not None and gfi.upper < 1.0:
            yield _agfi(fit, gfi)


def _pgfi(fit: FitNumbers, gfi: Interval) -> Outcome:
    printed = fit.interval("pgfi")
    assert printed is not None
    ways = shares(fit)
    required = [way.value * gfi for way in ways] or [Interval(0.0, gfi.upper)]
    if any(one.overlaps(printed) for one in required):
        return Held(PARSIMONY, fit.model.place)
    if not ways:
        sentence = (
            f"PGFI is a share of GFI: {fit.as_printed('pgfi')} cannot be above"
            f" {fit.as_printed('gfi')}."
        )
    else:
        means = (printed / gfi) * float(ways[0].moments)
        sentence = (
            f"PGFI is GFI times df / {ways[0].moments}; {fit.as_printed('pgfi')} and"
            f" {fit.as_printed('gfi')} mean {means.text(1)} degrees of freedom, while the"
            f" {_called(fit)} has {ways[0].df.text(0)}: these cannot all be right"
            f"{_otherwise(ways)}."
        )
    return fit.finding(PARSIMONY, "pgfi", required[0], sentence)


def _agfi(fit: FitNumbers, gfi: Interval) -> Outcome:
    printed, pgfi, ways = fit.interval("agfi"), fit.interval("pgfi"), shares(fit)
    assert printed is not None
    if ways:
        each = [way.value for way in ways]
        source = f" and {ways[0].df.text(0)} degrees of freedom of {ways[0].moments} moments"
    elif pgfi is not None and pgfi.lower > 0.0:
        # PGFI / GFI is df over the moments too.
        each, source = [pgfi / gfi], f" and {fit.as_printed('pgfi')}"
    else:
        each, source = [_SHARE], ""
    required = [_adjusted(gfi, share) for share in each]
    if any(one.overlaps(printed) for one in required):
        return Held(PARSIMONY, fit.model.place)
    return fit.finding(
        PARSIMONY,
        "agfi",
        required[0],
        f"1 - AGFI is 1 - GFI times the moments per degree of freedom: {fit.as_printed('gfi')}"
        f"{source} give AGFI {required[0].text(max(_printed_decimals(fit, 'agfi'), 0))}, not"
        f" {_text(fit, 'agfi')}: these cannot all be right{_otherwise(ways)}.",
    )


def _adjusted(gfi: Interval, share: Interval) -> Interval:
    lost = 1.0 - gfi
    lower = 1.0 - lost.upper / share.lower if share.lower > 0.0 else -math.inf
    return Interval(lower, 1.0 - lost.lower / min(share.upper, 1.0))


def _otherwise(ways: tuple[Share, ...]) -> str:
    others = " or ".join(str(way.moments) for way in ways[1:])
    return f", nor are they with {others} moments (means counted too)" if others else ""


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
        is_given = row.op == "~~" and not row.free and bool(row.value)
        if is_given and (row.lhs != row.rhs or row.lhs not in spec.latent or row.lhs in scaled):
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
        " Psychology, 38, 197-201. doi:10.1111/j.2044-8317.1985.tb00834.x; Krane, W. R., &"
        " McDonald, R. P. (1978). British Journal of Mathematical and Statistical Psychology, 31,"
        " 218-228.",
        "GFI, chi2 (or chi2/df), n and the model as drawn, of one group and without means",
        _misfit,
    ),
)
