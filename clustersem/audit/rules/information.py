"""AIC, BIC, CAIC, BCC, ECVI and the log-likelihood: all hold one number of parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
from clustersem.audit.rules.fit_numbers import FitNumbers, label, whole

PARAMETERS, LIKELIHOOD, STATISTIC = "number of parameters", "log-likelihood", "chi2 of likelihoods"

#: What a criterion adds to minus twice the log-likelihood (or to chi2) for each parameter, at n.
_PENALTIES = ("aic", "bic", "bic2", "caic")


def _penalty(criterion: str, n: float) -> float:
    if criterion == "aic":
        return 2.0
    if criterion == "bic2":
        return math.log((n + 2.0) / 24.0)
    return math.log(n) + (1.0 if criterion == "caic" else 0.0)


def _plain(paper: Published) -> Iterator[FitNumbers]:
    for model in paper.models:
        yield FitNumbers(paper, model)


def _sources(fit: FitNumbers) -> Iterator[tuple[str, Interval]]:
    """Yield what pairs of printed criteria say of the number of parameters, with the words."""
    n = fit.n
    sizes = None if n is None else {max(n.lower - fit.n_groups, 2.0), n.upper}
    printed = [name for name in _PENALTIES if fit.get(name)]
    for k, first in enumerate(printed):
        for second in printed[k + 1 :]:
            a, b = fit.interval(first), fit.interval(second)
            if sizes is None or a is None or b is None:
                continue
            steps = [_penalty(second, size) - _penalty(first, size) for size in sizes]
            step = Interval(min(steps), max(steps))
            if step.lower <= 0.05 and step.upper >= -0.05:
                continue  # where they hardly differ they say nothing
            yield f"{fit.as_printed(second)} and {fit.as_printed(first)}", (b - a) / step
    ecvi, multiplier = fit.interval("ecvi"), fit.multiplier
    if ecvi is not None and multiplier is not None and fit.is_plain and fit.chisq is not None:
        words = f"{fit.as_printed('ecvi')} and {fit.chisq_words}"
        yield words, (ecvi * multiplier - fit.chisq) * 0.5
    aic, logl = fit.interval("aic"), fit.interval("logl")
    if aic is not None and logl is not None:
        yield f"{fit.as_printed('aic')} and {fit.as_printed('logl')}", (aic + 2.0 * logl) * 0.5


def _parameters(paper: Published) -> Iterator[Outcome]:
    for fit in _plain(paper):
        sources = [(words, q) for words, q in _sources(fit) if math.isfinite(q.width)]
        npar = fit.get("npar")
        # Criteria of chi2 less a penalty for each degree of freedom (EQS) tell df instead.
        by_df = [(words, -q) for words, q in sources if q.upper < 0.0]
        by_npar = [(words, q) for words, q in sources if q.upper >= 0.0]
        if by_npar and npar is not None:
            by_npar.insert(0, (fit.as_printed("npar"), whole(npar)))
        if by_df and fit.df is not None and not fit.model.scaled:
            by_df.insert(0, (f"{fit.df.text(0)} degrees of freedom", fit.df))
        for claims, index in ((by_npar, "npar"), (by_df, "df")):
            odd = _first_odd(claims)
            if odd is not None:
                yield _finding(fit, claims, odd, index)
            elif claims:
                yield Held(PARAMETERS, fit.model.place)


def _first_odd(claims: list[tuple[str, Interval]]) -> int | None:
    """Return the place of the first that leaves no whole number; None where all agree."""
    left: Interval | None = None
    for number, (_, q) in enumerate(claims):
        left = q if left is None else left.intersection(q)
        if left is None or not _has_count(left):
            return number
    return None


def _has_count(q: Interval) -> bool:
    return math.ceil(q.lower - 1e-9) <= math.floor(q.upper + 1e-9)


def _finding(fit: FitNumbers, claims: list[tuple[str, Interval]], odd: int, index: str) -> Finding:
    words, q = claims[odd]
    noun = "free parameters" if index == "npar" else "degrees of freedom"
    before = [one for one in claims[:odd] if not _agree(one[1], q)] or claims[:odd]
    printed = fit.get(index)
    other = f", {before[0][0]} mean {before[0][1].text(2)}" if before else ""
    if before and before[0] is claims[0] and (index == "df" or printed is not None):
        other = f", not {before[0][1].text(0)}"
    return Finding(
        PARAMETERS,
        fit.model.place,
        label(index),
        printed.text if printed is not None else words,
        q,
        q.text(2),
        f"{words} mean {q.text(2)} {noun} at {_size(fit)}{other}; it must be one whole number:"
        " these cannot all be right.",
        severity="serious" if printed is not None else "minor",
        concerns=("fit",),
    )


def _agree(first: Interval, second: Interval) -> bool:
    both = first.intersection(second)
    return both is not None and _has_count(both)


def _size(fit: FitNumbers) -> str:
    return fit.n_words if fit.n is not None else "any n"


def _likelihood(paper: Published) -> Iterator[Outcome]:
    for fit in _plain(paper):
        logl, npar = fit.interval("logl"), fit.get("npar")
        if logl is None or npar is None:
            continue
        q = whole(npar)
        for name in _PENALTIES:
            printed = fit.interval(name)
            if printed is None or (name != "aic" and fit.n is None):
                continue
            n = fit.multiplier or Interval.exact(2.0)
            ends = [_penalty(name, max(size, 2.0)) for size in (n.lower, n.upper)]
            required = q * Interval(min(ends), max(ends)) - 2.0 * logl
            if required.overlaps(printed):
                yield Held(LIKELIHOOD, fit.model.place)
                continue
            found = fit.get(name)
            assert found is not None
            yield fit.finding(
                LIKELIHOOD,
                name,
                required,
                f"{label(name)} is minus twice the log-likelihood and a penalty for each"
                f" parameter: {fit.as_printed('logl')} with {npar.text} parameters gives"
                f" {required.text(max(found.decimals, 0))}, not {found.text}: these cannot all be"
                " right.",
            )


def _statistic(paper: Published) -> Iterator[Outcome]:
    for fit in _plain(paper):
        chisq, n, size = fit.interval("chisq"), fit.multiplier, fit.n
        own, saturated = fit.interval("logl"), fit.interval("unrestricted_logl")
        spec = fit.model.spec
        if not fit.is_plain or None in (chisq, own, saturated) or n is None or size is None:
            continue
        if spec is None or spec.exogenous_observed:
            continue  # programs differ in which likelihood of covariates they count
        assert chisq is not None
        assert own is not None
        assert saturated is not None
        twice = (2.0 * (saturated - own)).clipped(0.0, math.inf)
        required = twice * Interval(n.lower / size.upper, 1.0)
        if required.overlaps(chisq):
            yield Held(STATISTIC, fit.model.place)
            continue
        yield fit.finding(
            STATISTIC,
            "chisq",
            required,
            "chi2 is twice the difference of the log-likelihoods of the saturated model and of the"
            f" model: {saturated.text(1)} and {own.text(1)} give {required.text(1)}, not"
            f" {fit.as_printed('chisq').removeprefix('chi2 ')}: these cannot all be right.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        PARAMETERS,
        "BIC - AIC is q (ln n - 2), CAIC - BIC is q, n ECVI - chi2 is 2 q, AIC plus twice the"
        " log-likelihood is 2 q: q is one whole number, the free parameters.",
        "Schwarz, G. (1978). Annals of Statistics, 6, 461-464. doi:10.1214/aos/1176344136; Browne,"
        " M. W., & Cudeck, R. (1989). Multivariate Behavioral Research, 24, 445-455."
        " doi:10.1207/s15327906mbr2404_4",
        "two of AIC, BIC, adjusted BIC, CAIC and n; or ECVI, chi2 and n; or AIC and the"
        " log-likelihood",
        _parameters,
    ),
    Rule(
        LIKELIHOOD,
        "AIC is -2 ln L + 2 q, BIC -2 ln L + q ln n.",
        "Akaike, H. (1974). IEEE Transactions on Automatic Control, 19, 716-723."
        " doi:10.1109/TAC.1974.1100705",
        "the log-likelihood, the number of parameters and AIC or BIC",
        _likelihood,
    ),
    Rule(
        STATISTIC,
        "chi2 is twice the difference of two log-likelihoods, or (n - 1) / n of that.",
        "Bollen, K. A. (1989). Structural equations with latent variables. Wiley."
        " doi:10.1002/9781118619179",
        "chi2, both log-likelihoods, n and the model as drawn, without observed covariates",
        _statistic,
    ),
)
