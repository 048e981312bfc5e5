"""Explained variance of a factor analysis against what else is printed of its items."""

from __future__ import annotations

from collections.abc import Iterator

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import PrintedConstruct, Published, VarianceExplained


def explained_by_alphas(paper: Published) -> Iterator[Outcome]:
    """Check that components explain at least what the constructs' own sums explain.

    The first m eigenvalues of a correlation matrix sum to at least its quadratic form in any m
    orthonormal vectors. The sum of k items with alpha a, weighed by their standard deviations and
    normed, is such a vector with the form k / (k - (k - 1) a), and items of other constructs are
    orthogonal to it; a single item is one with the form 1.
    """
    for row in paper.variance:
        members = _members(paper, row)
        if row.method != "components" or not members:
            continue
        terms = sorted((_least(one) for one in members), reverse=True)[: row.n_components]
        n_items = sum(len(one.items) for one in members)
        least = 100.0 * sum(terms) / n_items
        place = f"{row.place}, {row.subsystem}" if row.subsystem else row.place
        if row.percent.interval.upper >= least and row.percent.interval.lower <= 100.0:
            yield Held(ALPHAS.name, place)
            continue
        if row.percent.interval.lower > 100.0:
            sentence = f"No components explain {row.percent.text} % of a variance."
        else:
            alphas = " and ".join(
                f"{one.alpha.text} ({len(one.items)} items)" for one in members if one.alpha
            )
            sentence = (
                f"Alphas of {alphas} need correlations at which {row.n_components} principal "
                f"components explain at least {least:.1f} % of the variance, not "
                f"{row.percent.text.rstrip('%')} %: these cannot all be right."
            )
        required = Interval(min(least, 100.0), 100.0)
        yield Finding(
            ALPHAS.name,
            place,
            "cumulative variance, %",
            row.percent.text,
            required,
            required.text(max(row.percent.decimals, 1)),
            sentence,
            concerns=("reliability", "validity"),
        )


def _members(paper: Published, row: VarianceExplained) -> list[PrintedConstruct]:
    """Return the constructs of a factor analysis, if the items of each are known and its own."""
    members = [one for one in paper.constructs if one.subsystem == row.subsystem]
    items = [item for one in members for item in one.items]
    if not all(one.items for one in members) or len(set(items)) < len(items):
        return []
    return members


def _least(construct: PrintedConstruct) -> float:
    k = len(construct.items)
    if construct.alpha is None or k < 2:
        return 1.0
    alpha = min(construct.alpha.interval.lower, 1.0)
    return max(k / (k - (k - 1) * alpha), 1.0)


def loadings_and_explained_variance(paper: Published) -> Iterator[Outcome]:
    """Check that the squared loadings of the items do not sum to more than is explained."""
    loadings = {item.name: item.loading for item in paper.items if item.loading is not None}
    for row in paper.variance:
        members = _members(paper, row)
        items = [item for one in members for item in one.items]
        if not items or any(item not in loadings for item in items):
            continue
        squares = [loadings[item].interval.square() for item in items]
        least = 100.0 * sum(one.lower for one in squares) / len(items)
        place = f"{row.place}, {row.subsystem}" if row.subsystem else row.place
        if row.percent.interval.upper >= least:
            yield Held(SQUARES.name, place)
            continue
        required = Interval(least, max(least, 100.0))
        yield Finding(
            SQUARES.name,
            place,
            "cumulative variance, %",
            row.percent.text,
            required,
            required.text(max(row.percent.decimals, 1)),
            f"The squares of the {len(items)} printed loadings alone explain {least:.1f} % of the "
            f"variance of the items, more than the {row.percent.text.rstrip('%')} % of all "
            "components: these cannot all be right, unless the rotation is oblique.",
            certainty="implausible",
            concerns=("validity",),
        )


def loadings_within_bounds(paper: Published) -> Iterator[Outcome]:
    """Check that no loading of an item lies beyond one."""
    one = Interval(-1.0, 1.0)
    for item in paper.items:
        if item.loading is None:
            continue
        place = item.loading.place or item.place
        if item.loading.interval.overlaps(one):
            yield Held(BOUND.name, place)
            continue
        yield Finding(
            BOUND.name,
            place,
            "loading",
            item.loading.text,
            one,
            one.text(0),
            f"The loading of {item.name}, {item.loading.text}, lies beyond one, which a "
            "standardised loading can only where the factors are correlated or a residual "
            "variance is negative.",
            certainty="implausible",
            severity="minor",
            concerns=("validity",),
        )


ALPHAS = Rule(
    "explained variance",
    "m principal components explain at least what the sums of the items of m constructs do, which "
    "for k items with alpha a is k / (k - (k - 1) a).",
    "Fan, K. (1949). On a theorem of Weyl concerning eigenvalues of linear transformations I. "
    "Proceedings of the National Academy of Sciences, 35(11), 652-655. doi:10.1073/pnas.35.11.652",
    "the cumulative share of variance of principal components, the constructs' items and alphas",
    explained_by_alphas,
)
SQUARES = Rule(
    "loadings and explained variance",
    "After orthogonal rotation the squared loadings of all items sum to what is explained of them.",
    "Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis. "
    "Psychometrika, 23(3), 187-200. doi:10.1007/BF02289233",
    "the cumulative share of variance and a loading of each item",
    loadings_and_explained_variance,
)
BOUND = Rule(
    "loading bound",
    "A standardised loading on uncorrelated factors lies between -1 and 1.",
    "Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis. "
    "Psychometrika, 23(3), 187-200. doi:10.1007/BF02289233",
    "loadings of items",
    loadings_within_bounds,
)

RULES: tuple[Rule, ...] = (ALPHAS, SQUARES, BOUND)
