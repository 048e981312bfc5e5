"""Two printed models of one sample: chi2, degrees of freedom, and the null model they share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.paving import is_possible, null_model, range_of
from clustersem.audit.published import Published
from clustersem.audit.rules.drawn_counts import counts_of_moments
from clustersem.audit.rules.fit_numbers import FitNumbers, label, whole
from clustersem.audit.rules.incremental import Claim, Reconciled, reconcile
from clustersem.fit.indices import chisq_pvalue

CHISQ, DEGREES, NULL, SHARE = "nested chi2", "df freed", "one null model", "parsimony of two models"
DIFFERENCE = "difference test"


@dataclass(frozen=True)
class Pair:
    """Two models of one sample, the second of which has all parameters of the first and more."""

    small: FitNumbers
    large: FitNumbers

    @property
    def is_plain(self) -> bool:
        """Whether chi2 of both are plain: a scaled one may rise."""
        return self.small.is_plain and self.large.is_plain

    @property
    def place(self) -> str:
        """Where the larger model stands."""
        return self.large.model.place

    @property
    def words(self) -> str:
        """How the two are called."""
        return f"the {self.small.model.name} model is the {self.large.model.name} one with less"


def pairs(paper: Published) -> Iterator[Pair]:
    """Yield the pairs of nested models of the same respondents."""
    for model in paper.models:
        larger = paper.model(model.nested_in) if model.nested_in else None
        if larger is None or larger is model:
            continue
        pair = Pair(FitNumbers(paper, model), FitNumbers(paper, larger))
        if pair.small.n == pair.large.n and model.scaled == larger.scaled:
            yield pair


def _chisq(paper: Published) -> Iterator[Outcome]:
    for pair in pairs(paper):
        first, second = pair.small.chisq, pair.large.chisq
        if not pair.is_plain or first is None or second is None:
            continue
        if second.lower <= first.upper:
            yield Held(CHISQ, pair.place)
            continue
        index = "chisq" if pair.large.get("chisq") else "cmin_df"
        df = pair.large.df
        required = first.upper if index == "chisq" or df is None else first.upper / df.lower
        yield pair.large.finding(
            CHISQ,
            index,
            Interval(0.0, required),
            f"A model with more parameters fits no worse: chi2 is {first.text(1)} before they were"
            f" freed ({pair.words}) and {second.text(1)} after: these cannot all be right.",
        )


def _degrees(paper: Published) -> Iterator[Outcome]:
    for pair in pairs(paper):
        printed = [fit.get("df") for fit in (pair.small, pair.large)]
        freed = pair.large.model.freed
        if printed[0] is None or printed[1] is None or pair.small.model.scaled:
            continue
        difference = whole(printed[0]) - whole(printed[1])
        # A parameter may be freed in every group, or be one that all groups share.
        expected = {len(freed) * g for g in (1, pair.large.n_groups)} if freed else set()
        fine = any(k in difference for k in expected) if expected else difference.upper >= 1.0
        if fine:
            yield Held(DEGREES, pair.place)
            continue
        counted = (
            f"{len(freed)} parameters were freed" if freed else "the larger model has some more"
        )
        required = whole(printed[0]) - (
            Interval(float(min(expected)), float(max(expected))) if expected else 1.0
        )
        if not expected:
            required = Interval(0.0, required.upper)
        yield pair.large.finding(
            DEGREES,
            "df",
            required,
            f"Every freed parameter costs a degree of freedom: {counted}, and df goes from"
            f" {printed[0].text} to {printed[1].text}: these cannot all be right.",
        )


def _same_null(paper: Published) -> Iterator[Pair]:
    """Yield pairs with one null model: nested ones, and those drawn with the same variables."""
    nested = list(pairs(paper))
    yield from nested
    known = {(id(one.small.model), id(one.large.model)) for one in nested}
    for first, second in combinations(paper.models, 2):
        if {(id(first), id(second)), (id(second), id(first))} & known:
            continue
        if first.spec is None or second.spec is None or first.scaled != second.scaled:
            continue
        if set(first.spec.observed) != set(second.spec.observed):
            continue
        pair = Pair(FitNumbers(paper, first), FitNumbers(paper, second))
        if pair.small.n == pair.large.n and pair.small.n_groups == pair.large.n_groups:
            yield pair


def _null(paper: Published) -> Iterator[Outcome]:
    for pair in _same_null(paper):
        if not pair.is_plain or _has_covariates(pair):
            continue
        first, second = reconcile(pair.small), reconcile(pair.large)
        if not _same_baseline(pair) or not (_tells_null(first) and _tells_null(second)):
            continue
        own = null_model(first.known())
        if own is None or own.lower <= 0.0:
            continue  # nothing printed tells the null model
        known = second.known()
        both = own.intersection(known.get("w", own))
        if both is not None and is_possible({**known, "w": both}):
            yield Held(NULL, pair.place)
            continue
        yield _null_finding(pair, range_of("w", first.known()) or own, second.kept)


def _tells_null(at: Reconciled) -> bool:
    return any(claim.quantity != "per_df" for claim in at.kept)


def _null_finding(pair: Pair, own: Interval, kept: tuple[Claim, ...]) -> Finding:
    """Return a finding on the index that does not go with the other model's null model."""
    large = pair.large
    frame = reconcile(large).frame
    other = range_of("w", reconcile(large).known())
    odd = next(
        (
            claim
            for claim in (*[c for c in kept if c.quantity not in ("per_df", "w")], *kept[::-1])
            if large.get(claim.quantity) is not None
            and is_possible({**_without(frame, kept, claim), "w": own})
        ),
        None,
    )
    e = large.df_baseline
    by = [f"{_null_text(w, e)} by the {name} model's indices"
          for w, name in ((own, pair.small.model.name), (other, large.model.name))
          if w is not None]  # fmt: skip
    unit = "chi2" if e is not None else "chi2/df"
    sentence = (
        f"Both models are compared with the same null model, whose {unit} is {' and '.join(by)}:"
        " these cannot all be right."
    )
    if odd is None:
        return Finding(NULL, pair.place, unit, " and ".join(c.words for c in kept), None, "",
                       sentence, concerns=("fit",))  # fmt: skip
    required = range_of(odd.quantity, {**_without(frame, kept, odd), "w": own})
    assert required is not None
    printed = large.get(odd.quantity)
    assert printed is not None
    sentence += (
        f" By the {pair.small.model.name} model's null model {label(odd.quantity)} would be"
        f" {required.text(max(printed.decimals, 0))}, not {printed.text}."
    )
    return large.finding(NULL, odd.quantity, required, sentence)


def _without(frame: object, kept: tuple[Claim, ...], odd: Claim) -> dict[str, Interval]:
    assert isinstance(frame, dict)
    return {**frame, **{claim.quantity: claim.interval for claim in kept if claim is not odd}}


def _null_text(w: Interval, df: Interval | None) -> str:
    per_df = Interval(1.0 / w.upper, 1.0 / w.lower)
    return per_df.text(2) if df is None else (per_df * df).text(0)


def _has_covariates(pair: Pair) -> bool:
    specs = [fit.model.spec for fit in (pair.small, pair.large)]
    given = [set(spec.exogenous_observed) for spec in specs if spec is not None]
    return any(one != given[0] for one in given[1:])


def _same_baseline(pair: Pair) -> bool:
    """Whether the printed null models have the same degrees of freedom, as far as is known."""
    first, second = pair.small.df_baseline, pair.large.df_baseline
    return first is None or second is None or first.overlaps(second)


def _share(paper: Published) -> Iterator[Outcome]:
    for pair in pairs(paper):
        first, second = (_df_per_moment(fit) for fit in (pair.small, pair.large))
        freed, spec = pair.large.model.freed, pair.large.model.spec
        if first is None or second is None or spec is None:
            continue
        expected = (
            Interval(float(len(freed)), float(len(freed) * pair.large.n_groups))
            if freed
            else Interval(1.0, math.inf)
        )
        counts = counts_of_moments(spec)
        if not counts or any(((first - second) * float(m)).overlaps(expected) for m in counts):
            if counts:
                yield Held(SHARE, pair.place)
            continue
        before, after = first * float(counts[0]), second * float(counts[0])
        gfi = pair.large.interval("gfi")
        assert gfi is not None
        what = (
            f"Freeing {len(freed)} parameters costs as many degrees of freedom"
            if freed
            else "Freeing parameters costs degrees of freedom"
        )
        yield pair.large.finding(
            SHARE,
            "pgfi",
            ((before - expected.lower) / float(counts[0])).clipped(0.0, 1.0) * gfi,
            f"{what}, but PGFI / GFI tells {before.text(1)} of them before and, with"
            f" {pair.large.as_printed('pgfi')}, {after.text(1)} after: these cannot all be right.",
        )


def _df_per_moment(fit: FitNumbers) -> Interval | None:
    """Return PGFI / GFI."""
    pgfi, gfi = fit.interval("pgfi"), fit.interval("gfi")
    if pgfi is None or gfi is None or gfi.lower <= 0.0:
        return None
    return pgfi / gfi if math.isfinite(pgfi.width + gfi.width) else None


def _difference(paper: Published) -> Iterator[Outcome]:
    for pair in pairs(paper):
        for fit in (pair.small, pair.large):
            drop, df, p = (fit.interval(f"{name}_diff") for name in ("chisq", "df", "pvalue"))
            first, second = pair.small.interval("chisq"), pair.large.interval("chisq")
            if drop is not None and pair.is_plain and first is not None and second is not None:
                required = first - second
                yield from _told(fit, "chisq_diff", required, required.overlaps(drop),
                                 f"chi2 falls from {first.text(3)} to {second.text(3)}, that is by"
                                 f" {required.text(3)}")  # fmt: skip
            if drop is not None and df is not None and p is not None:
                df = whole_of(fit)
                chisq = drop.clipped(0.0, math.inf)
                required = Interval(
                    chisq_pvalue(chisq.upper, df.lower), chisq_pvalue(chisq.lower, df.upper)
                )
                yield from _told(fit, "pvalue_diff", required, required.overlaps(p),
                                 f"A drop of chi2 of {chisq.text(3)} with {df.text(0)} degrees of"
                                 f" freedom has p = {required.text(4)}")  # fmt: skip


def whole_of(fit: FitNumbers) -> Interval:
    """Return the degrees of freedom of the printed difference test."""
    printed = fit.get("df_diff")
    assert printed is not None
    return whole(printed)


def _told(
    fit: FitNumbers, index: str, required: Interval, holds: bool, sentence: str
) -> Iterator[Outcome]:
    if holds:
        yield Held(DIFFERENCE, fit.model.place)
        return
    printed = fit.get(index)
    assert printed is not None
    yield fit.finding(
        DIFFERENCE,
        index,
        required,
        f"{sentence}, not {label(index)} {printed.text}: these cannot all be right.",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        CHISQ,
        "The chi2 of a model does not rise where parameters are freed.",
        "Steiger, J. H., Shapiro, A., & Browne, M. W. (1985). Psychometrika, 50, 253-263."
        " doi:10.1007/BF02294104",
        "chi2 (or chi2/df and df) of two nested models",
        _chisq,
    ),
    Rule(
        DEGREES,
        "Every freed parameter costs one degree of freedom.",
        "Steiger, J. H., Shapiro, A., & Browne, M. W. (1985). Psychometrika, 50, 253-263."
        " doi:10.1007/BF02294104",
        "df of two nested models, and which parameters were freed",
        _degrees,
    ),
    Rule(
        NULL,
        "Two models of the same variables and respondents are compared with one null model.",
        "Bentler, P. M., & Bonett, D. G. (1980). Psychological Bulletin, 88, 588-606."
        " doi:10.1037/0033-2909.88.3.588",
        "indices that tell the null model's chi2 (NFI and chi2/df, say) of two models",
        _null,
    ),
    Rule(
        SHARE,
        "PGFI / GFI is df over the moments, so that two models' ratios tell how many parameters"
        " were freed.",
        "Mulaik, S. A., et al. (1989). Psychological Bulletin, 105, 430-445."
        " doi:10.1037/0033-2909.105.3.430",
        "GFI and PGFI of two nested models as drawn",
        _share,
    ),
    Rule(
        DIFFERENCE,
        "The difference test's chi2 is the drop of chi2, and its p follows from it and the"
        " difference of the degrees of freedom.",
        "Steiger, J. H., Shapiro, A., & Browne, M. W. (1985). Psychometrika, 50, 253-263."
        " doi:10.1007/BF02294104",
        "chisq_diff, df_diff, pvalue_diff of one of two nested models",
        _difference,
    ),
)
