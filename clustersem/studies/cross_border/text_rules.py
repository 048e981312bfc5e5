"""Contradictions of the reliability tables and the text with the tables of the model."""

from __future__ import annotations

from collections.abc import Iterator

from clustersem.studies.cross_border.contradiction import Contradiction, contradiction, printed
from clustersem.studies.cross_border.interval import Interval
from clustersem.studies.cross_border.paper import Published


def two_item_alphas(paper: Published) -> Iterator[Contradiction]:
    """Check that two items with correlation r have an alpha of at most 2 r / (1 + r)."""
    correlated = {item for pair in paper.modifications for item in pair}
    two = Interval.exact(2.0)
    for name, alpha in paper.alphas.items():
        rows = [row for row in paper.loadings if row.construct == name]
        if len(rows) != 2 or any(row.item in correlated for row in rows):
            continue
        r = printed(rows[0].std) * printed(rows[1].std)
        largest = Interval(2 * r.lower / (1 + r.lower), 2 * r.upper / (1 + r.upper))
        if printed(alpha).lower > largest.upper:
            a = printed(alpha)
            needed = a / (two - a)
            items = f"{rows[0].item} and {rows[1].item}"
            yield contradiction(
                "two-item alpha",
                f"Tables 3 to 5, {name}",
                "alpha",
                alpha,
                Interval(0.0, largest.upper),
                f"An alpha of {alpha:.3f} needs {items} to correlate at least {needed.lower:.3f}; "
                f"the model implies {r.text(3)} by the loadings {rows[0].std:.3f} and "
                f"{rows[1].std:.3f}, and an alpha of at most {largest.upper:.3f}: these cannot all "
                "be right for a model that fits its only pair of indicators.",
            )


def explained_variance(paper: Published) -> Iterator[Contradiction]:
    """Check that components explain at least what the constructs' own sums explain.

    The first k eigenvalues of a correlation matrix sum to at least its quadratic form in any k
    orthonormal vectors (Fan, 1949). The normed sums of k disjoint pairs of items are such
    vectors, with 1 + r each, and an alpha of two items needs r >= alpha / (2 - alpha).

    Fan, K. (1949). On a theorem of Weyl concerning eigenvalues of linear transformations I.
    Proceedings of the National Academy of Sciences, 35, 652-655.
    https://doi.org/10.1073/pnas.35.11.652
    """
    kept = [row.item for row in paper.loadings]
    one, two = Interval.exact(1.0), Interval.exact(2.0)
    for subsystem, share in paper.cumulative_variance.items():
        members = [c for c in paper.constructs.values() if c.subsystem == subsystem]
        if any(sum(item in kept for item in c.items) != 2 for c in members):
            continue
        total = Interval.exact(0.0)
        for construct in members:
            alpha = printed(paper.alphas[construct.name])
            total = total + one + alpha / (two - alpha)
        least = total * Interval.exact(100.0 / (2 * len(members)))
        if printed(share).upper < least.lower:
            alphas = " and ".join(f"{paper.alphas[c.name]:.3f}" for c in members)
            yield contradiction(
                "explained variance",
                f"Tables 3 to 5, {subsystem}",
                "cumulative variance, %",
                share,
                Interval(least.lower, 100.0),
                f"Alphas of {alphas} for two items each need correlations at which "
                f"{len(members)} components explain at least {least.lower:.1f} % of the variance, "
                f"not {share:.3f} %: these cannot all be right.",
            )


def text_against_tables(paper: Published) -> Iterator[Contradiction]:
    """Check what the text says of the tables."""
    low, high = paper.correlation_range
    stated = Interval(low - 0.0005, high + 0.0005)
    for path in paper.paths:
        if path.op == "~~" and not stated.overlaps(printed(path.std)):
            yield contradiction(
                "text against table",
                f"section 4.2 and Table 7, {path.id}: {path.path}",
                "correlation",
                path.std,
                stated,
                f"The text puts all correlations between {low:.3f} and {high:.3f}; the table "
                f"prints {path.std:.3f} for {path.path}: these cannot both be right.",
            )
    largest = max([row.std for row in paper.loadings] + [row.std for row in paper.paths])
    if largest < 0.95:
        yield contradiction(
            "text against table",
            "section 4.2 and Tables 7 and 9",
            "standardised estimates",
            largest,
            Interval(0.95, 1.0),
            'The text says that "the standardized estimates in this research all exceed 0.95"; the '
            f"largest printed one is {largest:.3f}: these cannot both be right.",
        )
    if "cmin_df" not in paper.reached_standard and paper.fit_initial["cmin_df"] < 5.0:
        yield contradiction(
            "text against table",
            "section 4.2, initial model, and Table 6",
            "chi2/df",
            paper.fit_initial["cmin_df"],
            Interval(5.0, float("inf")),
            'The text says that of the initial model "only the CFI and NFI reached the reference '
            f'standard"; chi2/df of {paper.fit_initial["cmin_df"]:.3f} is below the standard of 5: '
            "these cannot both be right.",
        )
