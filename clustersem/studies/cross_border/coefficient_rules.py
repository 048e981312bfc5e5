"""Contradictions among the coefficients of Tables 7 and 9."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from scipy.special import erfc

from clustersem.studies.cross_border.contradiction import Contradiction, contradiction, printed
from clustersem.studies.cross_border.interval import Interval
from clustersem.studies.cross_border.paper import Published


def _coefficients(paper: Published) -> Iterator[tuple[str, float, float, float]]:
    for path in paper.paths:
        yield f"Table 7, {path.id}: {path.path}", path.est, path.se, path.cr
    for row in paper.loadings:
        if row.se is not None and row.cr is not None:
            yield f"Table 9, {row.construct} =~ {row.item}", row.est, row.se, row.cr


def critical_ratios(paper: Published) -> Iterator[Contradiction]:
    """Check C.R. = estimate / S.E. in every row."""
    for place, est, se, cr in _coefficients(paper):
        required = printed(est) / printed(se)
        if not required.overlaps(printed(cr)):
            yield contradiction(
                "critical ratio",
                place,
                "C.R.",
                cr,
                required,
                f"A critical ratio is the estimate over its standard error; {est:.3f} / {se:.3f} "
                f"is {required.text(2)}, not {cr:.3f}: these three cannot all be right.",
            )


def _two_sided_p(z: Interval) -> Interval:
    lower, upper = max(z.lower, 0.0), max(z.upper, 0.0)
    return Interval(float(erfc(upper / 2**0.5)), float(erfc(lower / 2**0.5)))


def significance(paper: Published) -> Iterator[Contradiction]:
    """Check that *** (p < .001) follows from the row's own numbers."""
    stars = Interval(0.0, 0.001)
    for path in paper.paths:
        sources = (
            (f"its C.R. of {path.cr:.3f}", printed(path.cr)),
            (f"{path.est:.3f} / {path.se:.3f}", printed(path.est) / printed(path.se)),
        )
        for origin, z in sources:
            p = _two_sided_p(z)
            if not p.overlaps(stars):
                yield Contradiction(
                    "significance",
                    f"Table 7, {path.id}: {path.path}",
                    "P",
                    "*** (p < .001)",
                    p,
                    p.text(3),
                    f"{path.id} carries *** (p < .001), but {origin} gives p = {p.text(3)}: "
                    "these cannot all be right.",
                )


def latent_scales(paper: Published) -> Iterator[Contradiction]:
    """Check that all rows give two constructs' standard deviations the same ratio.

    Covariance / correlation is the product of two standard deviations, so its ratio over a
    common partner is theirs; a path's unstandardised / standardised value is sd(outcome) /
    sd(cause), so its ratio over a common outcome is theirs, upside down.
    """
    sides = (
        ("A1", ("B1", "B2", "B3"), ("B4", "B5", "B6")),
        ("A2", ("B4", "B5", "B6"), ("B1", "B2", "B3")),
    )
    for outcome, causes, partners in sides:
        for first, second in combinations(causes, 2):
            ratios = {
                f"the covariances with {partner}": _scale(paper, f"{first} ~~ {partner}")
                / _scale(paper, f"{second} ~~ {partner}")
                for partner in partners
            }
            ratios[f"the paths to {outcome}"] = _scale(paper, f"{outcome} ~ {second}") / _scale(
                paper, f"{outcome} ~ {first}"
            )
            if all(one.overlaps(other) for one, other in combinations(ratios.values(), 2)):
                continue
            spelled = ", ".join(f"{ratio.text(2)} by {way}" for way, ratio in ratios.items())
            yield Contradiction(
                "latent scale",
                "Table 7",
                f"sd({first}) / sd({second})",
                "; ".join(ratio.text(2) for ratio in ratios.values()),
                None,
                "one ratio",
                f"Standardised and unstandardised values together fix sd({first}) / sd({second}): "
                f"{spelled}. These cannot all be right.",
            )


def _scale(paper: Published, path: str) -> Interval:
    row = paper.path(path)
    return printed(row.est) / printed(row.std)


def disturbance_scale(paper: Published) -> Iterator[Contradiction]:
    """Check that no disturbance varies more than its variable.

    H16 gives sd(disturbance A1) sd(disturbance A2); a path, a covariance and a path give
    sd(A1) sd(A2), which is at least as large.
    """
    row = paper.path("A1 ~~ A2")
    disturbances = _scale(paper, row.path)
    ways = []
    for cause in ("B1", "B2", "B3"):
        for other in ("B4", "B5", "B6"):
            ways.append(
                _scale(paper, f"A1 ~ {cause}")
                * _scale(paper, f"A2 ~ {other}")
                * _scale(paper, f"{cause} ~~ {other}")
            )
    # The most lenient of the nine ways; the rule holds even for it.
    largest = max(ways, key=lambda way: way.upper)
    if largest.upper < disturbances.lower:
        yield contradiction(
            "latent scale",
            f"Table 7, {row.id}: {row.path}",
            "covariance",
            row.est,
            Interval(0.0, largest.upper) * printed(row.std),
            f"sd(A1) sd(A2) is at most {largest.upper:.2f} by the paths and covariances of H1 to "
            f"H15, but the disturbances' standard deviations alone multiply to "
            f"{disturbances.text(2)} by H16: these cannot all be right.",
        )
