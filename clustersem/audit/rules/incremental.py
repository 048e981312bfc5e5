"""NFI, CFI, TLI, IFI, RFI, RNI, PNFI, PCFI: all compare one chi2 with one null model's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.paving import is_possible, range_of
from clustersem.audit.published import Published
from clustersem.audit.rules.fit_numbers import FitNumbers, families, label

NAME = "incremental fit"

#: What is believed first when numbers disagree; none of it says who erred, but a table of what each
#: would have to be needs a place to stand.
_ORDER = ("per_df", "w", "nfi", "cfi", "tli", "rni", "rfi", "ifi", "pnfi", "pcfi")
_INDICES = _ORDER[2:]
#: A null model whose chi2/df is less all but fits: its items hardly correlate.
_LEAST_BASELINE = 1.5
#: Indices of one noncentrality, which is that of the robust ones too.
_ROBUST = ("cfi", "tli", "rni")


@dataclass(frozen=True)
class Claim:
    """What one printed number says: which quantity lies in which interval.

    Attributes
    ----------
    quantity : str
        As in :mod:`clustersem.audit.paving`.
    interval : Interval
        Every value that prints so.
    words : str
        As printed: ``"CFI 0.948"``.
    """

    quantity: str
    interval: Interval
    words: str


@dataclass(frozen=True)
class Reconciled:
    """Printed numbers of one model that can all be right, and those that then can not.

    Attributes
    ----------
    frame : mapping
        What is known beside them: degrees of freedom.
    kept, removed : tuple of Claim
        The largest set that can be right together, and the rest.
    """

    frame: Mapping[str, Interval]
    kept: tuple[Claim, ...]
    removed: tuple[Claim, ...]

    def known(self, *more: Claim) -> dict[str, Interval]:
        """Return what the kept numbers, and these, say."""
        return _known(self.frame, (*self.kept, *more)) or {}


def reconcile(fit: FitNumbers, *, with_related_items: bool = False) -> Reconciled:
    """Return which printed numbers of a model can be right together.

    Parameters
    ----------
    fit : FitNumbers
        The model.
    with_related_items : bool
        Whether a null model that all but fits is ruled out, where its chi2 is not printed.
    """
    frame, claims = _frame(fit), tuple(_claims(fit))
    if with_related_items:
        frame["w"] = Interval(0.0, 1.0 / _LEAST_BASELINE)
    key = tuple(sorted(frame.items(), key=lambda entry: entry[0]))
    return _reconciled(key, claims)


@lru_cache(maxsize=256)
def _reconciled(frame: tuple[tuple[str, Interval], ...], claims: tuple[Claim, ...]) -> Reconciled:
    given = dict(frame)
    for size in range(len(claims) + 1):
        # Among sets of a size the last in the order go first.
        for removed in combinations(reversed(claims), size):
            kept = tuple(claim for claim in claims if claim not in removed)
            if _fits(given, kept):
                return Reconciled(given, kept, tuple(reversed(removed)))
    raise AssertionError("nothing printed is always possible")


def _frame(fit: FitNumbers) -> dict[str, Interval]:
    if fit.df is None or fit.df_baseline is None:
        return {}
    if fit.model.scaled and fit.df.width > 0.0:
        return {}  # adjusted degrees of freedom, which robust indices do not have
    return {"r": fit.df / fit.df_baseline}


def _claims(fit: FitNumbers) -> Iterator[Claim]:
    """Yield what is printed, in the order in which it is believed."""
    if fit.is_plain:
        yield from _of_statistics(fit)
    for index in _INDICES if fit.is_plain else _ROBUST:
        printed = fit.get(index)
        # lavaan prints a negative RFI as 1.
        if printed is not None and not (index == "rfi" and 1.0 in printed.interval):
            yield Claim(index, printed.interval, fit.as_printed(index))


def _of_statistics(fit: FitNumbers) -> Iterator[Claim]:
    u = fit.per_df
    if u is not None:
        yield Claim("per_df", u, fit.chisq_words)
    elif fit.get("rmsea") is not None and fit.n is not None:
        yield Claim("per_df", per_df_of_rmsea(fit), fit.as_printed("rmsea"))
    baseline = fit.interval("baseline_chisq")
    if baseline is None or baseline.lower <= 0.0:
        return
    if fit.df_baseline is not None:
        yield Claim("w", fit.df_baseline / baseline, fit.as_printed("baseline_chisq"))
    elif fit.chisq is not None:
        words = f"{fit.chisq_words} and {fit.as_printed('baseline_chisq')}"
        yield Claim("nfi", 1.0 - fit.chisq / baseline, words)


def per_df_of_rmsea(fit: FitNumbers) -> Interval:
    """Return chi2/df by the RMSEA and n, under any convention."""
    rmsea, multiplier = fit.interval("rmsea"), fit.multiplier
    assert rmsea is not None
    assert multiplier is not None
    square = rmsea.clipped(0.0, math.inf).square()
    most = 1.0 + square.upper * multiplier.upper if math.isfinite(square.upper) else math.inf
    least = 1.0 + square.lower * multiplier.lower / fit.n_groups
    return Interval(least if rmsea.lower > 0.0 else 0.0, most)


def _known(frame: Mapping[str, Interval], claims: Sequence[Claim]) -> dict[str, Interval] | None:
    known = dict(frame)
    for claim in claims:
        both = claim.interval.intersection(known.get(claim.quantity, claim.interval))
        if both is None:
            return None
        known[claim.quantity] = both
    return known


def _fits(frame: Mapping[str, Interval], claims: Sequence[Claim]) -> bool:
    known = _known(frame, claims)
    return known is not None and is_possible(known)


def _core(frame: Mapping[str, Interval], claims: Sequence[Claim], odd: Claim) -> tuple[Claim, ...]:
    """Return the fewest of some claims that exclude the odd one."""
    for size in range(len(claims) + 1):
        for some in combinations(claims, size):
            if not _fits(frame, (*some, odd)):
                return some
    return tuple(claims)


def _check(paper: Published) -> Iterator[Outcome]:
    for fit in (*families(paper), *_robust(paper)):
        at = reconcile(fit)
        n_indices = sum(claim.quantity in _INDICES for claim in (*at.kept, *at.removed))
        if len(at.kept) + len(at.removed) + ("r" in at.frame) < 2 or not n_indices:
            continue
        if at.removed:
            yield from (_finding(fit, at, claim) for claim in at.removed)
        elif any(claim.quantity == "w" for claim in at.kept) or fit.get("baseline_chisq"):
            yield Held(NAME, fit.model.place)
        else:
            yield from _where_items_are_related(fit)


def _where_items_are_related(fit: FitNumbers) -> Iterator[Outcome]:
    at = reconcile(fit, with_related_items=True)
    if not at.removed:
        yield Held(NAME, fit.model.place)
    for claim in at.removed:
        found = _finding(fit, at, claim)
        sentence = (
            f"{found.sentence.removesuffix('.')}, unless the null model's chi2/df is below"
            f" {_LEAST_BASELINE}, as of items that hardly correlate."
        )
        yield replace(found, sentence=sentence, certainty="implausible")


def _robust(paper: Published) -> Iterator[FitNumbers]:
    for model in paper.models:
        if any(f"{name}_robust" in model.indices for name in _ROBUST):
            yield _Robust(paper, model, "_robust")


@dataclass(frozen=True)
class _Robust(FitNumbers):
    """Robust indices share a noncentrality that nothing else printed tells.

    Their degrees of freedom are the model's own.
    """

    @property
    def is_plain(self) -> bool:
        return False

    @property
    def df(self) -> Interval | None:
        return None if self.model.scaled else FitNumbers(self.paper, self.model).df

    @property
    def df_baseline(self) -> Interval | None:
        return None if self.model.scaled else FitNumbers(self.paper, self.model).df_baseline


def _finding(fit: FitNumbers, at: Reconciled, odd: Claim) -> Finding:
    core = _core(at.frame, at.kept, odd)
    known = at.known()
    index = odd.quantity
    required = range_of(index, known) if known else None
    by = _listed([*(claim.words for claim in at.kept), *_degrees(fit, at)])
    name = label(index + fit.suffix) if fit.get(index) else odd.words
    printed = fit.get(index)
    if required is None or printed is None:
        required = odd.interval
    text = required.text(max(printed.decimals, 0)) if printed else required.text(3)
    sentence = (
        f"With {by} {name} is {text}, not {printed.text if printed else odd.words}: these cannot"
        " all be right."
    )
    if len(core) < len(at.kept):
        together = _listed([*(claim.words for claim in core), odd.words])
        already = (
            "exclude each other already" if core else "cannot be with these degrees of freedom"
        )
        sentence += f" {together} {already}."
    if index == "cfi" and any(c.quantity == "nfi" and c.interval.lower > odd.interval.upper
                              for c in core):  # fmt: skip
        sentence += " CFI is below NFI only where the null model fits"
        sentence += " better per degree of freedom than the model."
    if printed is None:
        return Finding(
            NAME, fit.model.place, odd.words, odd.words, required, text, sentence,
            concerns=("fit",),
        )  # fmt: skip
    return fit.finding(NAME, index, required, sentence)


def _degrees(fit: FitNumbers, at: Reconciled) -> list[str]:
    if "r" not in at.frame or fit.df is None or fit.df_baseline is None:
        return []
    e = fit.df_baseline
    return [f"{fit.df_words} ({e.text(0 if e.width == 0 else 2)} of the null model)"]


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


RULES: tuple[Rule, ...] = (
    Rule(
        NAME,
        "NFI, RFI, IFI, TLI, RNI, CFI, PNFI and PCFI are functions of the chi2 and the degrees of"
        " freedom of the model and of the null model: some four numbers must give all of them.",
        "Bentler, P. M. (1990). Psychological Bulletin, 107, 238-246."
        " doi:10.1037/0033-2909.107.2.238; Bollen, K. A. (1989). Sociological Methods & Research,"
        " 17, 303-316. doi:10.1177/0049124189017003004",
        "two of NFI, RFI, IFI, TLI, RNI, CFI, PNFI, PCFI, chi2/df (or RMSEA and n), chi2 of the"
        " null model; with the model as drawn or both degrees of freedom more follows",
        _check,
    ),
)
