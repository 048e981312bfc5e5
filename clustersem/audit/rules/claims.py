"""What the text says of the tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedClaim, PrintedModel, Published

# A number, where it stands, and what it is of.
_Value = tuple[Printed, str, str]
_QUANTITIES = {
    "correlations": "correlation",
    "standardised": "standardised estimates",
    "loadings": "loadings",
    "alpha": "alpha",
    "ave": "AVE",
    "composite_reliability": "composite reliability",
    "p": "p",
}
_CONCERNS = {
    "alpha": "reliability",
    "composite_reliability": "reliability",
    "p": "fit",
}
_NAMES = {"cmin_df": "chi2/df", "chisq": "chi2"}


def ranges(paper: Published) -> Iterator[Outcome]:
    """Check what the text says of the size of printed numbers."""
    for claim in paper.claims:
        stated = _stated(claim)
        sources = _sources(paper, claim.about)
        if stated is None or not sources:
            continue
        # A claim about loadings may be about any table of them.
        missed = [
            [one for one in values if not one[0].interval.overlaps(stated)] for values in sources
        ]
        if any(not each for each in missed):
            yield Held(TEXT.name, claim.place)
            continue
        if claim.about == "standardised":
            yield _summary(claim, stated, sources[0], missed[0])
            continue
        for value, place, name in missed[0]:
            yield Finding(
                TEXT.name,
                f"{claim.place} and {place}",
                _QUANTITIES[claim.about],
                value.text,
                stated,
                stated.text(max(value.decimals, 2)),
                f"The text {_says(claim, stated)}; the table prints {value.text} for {name}: these "
                "cannot both be right.",
                severity="minor",
                concerns=(_CONCERNS.get(claim.about, "validity"),),
            )


def _stated(claim: PrintedClaim) -> Interval | None:
    """Return the range; a single end is a standard, which was not rounded, two were read off."""
    if claim.lower is None and claim.upper is None:
        return None
    if claim.lower is not None and claim.upper is not None:
        lower, upper = claim.lower.interval.lower, claim.upper.interval.upper
        lower = claim.lower.value if math.isinf(lower) else lower
        upper = claim.upper.value if math.isinf(upper) else upper
        return Interval(lower, upper) if lower <= upper else None
    if claim.lower is not None:
        return Interval(claim.lower.value, math.inf)
    assert claim.upper is not None
    return Interval(-math.inf, claim.upper.value)


def _says(claim: PrintedClaim, stated: Interval) -> str:
    if claim.words:
        return f'says that "{claim.words}"'
    what = _QUANTITIES[claim.about]
    if claim.lower is not None and claim.upper is not None:
        return f"puts every {what} between {claim.lower.text} and {claim.upper.text}"
    bound = claim.lower or claim.upper
    assert bound is not None
    return f"puts every {what} {'above' if claim.lower else 'below'} {bound.text.strip('<>=≤≥')}"


def _summary(
    claim: PrintedClaim, stated: Interval, values: Sequence[_Value], missed: Sequence[_Value]
) -> Finding:
    """Describe all numbers that are not what the text says in one finding."""
    low = sum(value.interval.upper < stated.lower for value, _, _ in missed) * 2 >= len(missed)
    # The one that comes nearest says most: even that is out.
    key = (lambda one: one[0].value) if low else (lambda one: -one[0].value)
    value, place, name = max(missed, key=key)
    places = " and ".join(dict.fromkeys(where.partition(",")[0] for _, where, _ in missed))
    extreme = "largest" if low else "smallest"
    return Finding(
        TEXT.name,
        f"{claim.place} and {places}",
        _QUANTITIES[claim.about],
        value.text,
        stated,
        stated.text(max(value.decimals, 2)),
        f"The text {_says(claim, stated)}; {len(missed)} of {len(values)} printed ones do not lie "
        f"there, of which the {extreme} is {value.text} ({place}; {name}): these cannot both be "
        "right.",
        concerns=("validity",),
    )


def _sources(paper: Published, about: str) -> list[list[_Value]]:
    """Return the printed numbers that a claim can be about, table by table."""
    final = paper.coefficients_of(paper.final)
    inner = {row.rhs for row in final if row.op == "=~"}
    found: list[list[_Value]] = []
    if about == "correlations":
        found.append(
            [
                (row.std, row.place, row.path)
                for row in final
                if row.op == "~~" and row.std is not None and not {row.lhs, row.rhs} <= inner
            ]
        )
        found.append(
            [(row.value, row.place, f"{row.first} with {row.second}") for row in paper.correlations]
        )
    elif about == "standardised":
        found.append([(row.std, row.place, row.path) for row in final if row.std is not None])
    elif about == "loadings":
        found.append(
            [
                (row.std, row.place, row.path)
                for row in final
                if row.op == "=~" and row.std is not None
            ]
        )
        found.append(
            [
                (item.loading, item.place, item.name)
                for item in paper.items
                if item.loading is not None
            ]
        )
    elif about == "p":
        found.append([(row.p, row.place, row.path) for row in final if row.p is not None])
    elif about in ("alpha", "ave", "composite_reliability"):
        each = [(getattr(one, about), one.place, one.name) for one in paper.constructs]
        found.append([(value, value.place or place, name) for value, place, name in each if value])
    return [values for values in found if values]


def reached_standards(paper: Published) -> Iterator[Outcome]:
    """Check which indices reach the standard that the paper names against what it says of them."""
    for model in paper.models:
        if model.reached is None:
            continue
        for name, value in model.indices.items():
            standard = _standard(paper, model, name)
            if standard is None:
                continue
            said = name in model.reached
            surely = (
                standard.interval.lower < value.interval.lower
                and value.interval.upper < standard.interval.upper
            )
            never = not value.interval.overlaps(standard.interval)
            place = f"{model.place} and {standard.place}" if standard.place else model.place
            if (said and not never) or (not said and not surely):
                yield Held(STANDARD.name, place)
                continue
            shown = _NAMES.get(name, name.upper())
            reached = " and ".join(_NAMES.get(one, one.upper()) for one in model.reached)
            only = f"only {reached} {'reach' if len(model.reached) > 1 else 'reaches'}"
            verdict = (
                f"{shown} reaches its standard"
                if said
                else f"{only if reached else 'no index reaches'} the standard"
            )
            yield Finding(
                STANDARD.name,
                place,
                shown,
                value.text,
                standard.interval if said else None,
                standard.text if said else f"not {standard.text}",
                f"The text says of the {model.name} model that {verdict}; {shown} of {value.text} "
                f"is {'not within' if said else 'within'} the standard of {standard.text}: these "
                "cannot both be right.",
                severity="serious" if said else "minor",
                concerns=("fit",),
            )


def _standard(paper: Published, model: PrintedModel, name: str) -> Printed | None:
    """Return the standard of an index: the model's own, or the one that all others share."""
    if name in model.standards:
        return model.standards[name]
    others = [one.standards[name] for one in paper.models if name in one.standards]
    return others[0] if others and len({one.interval for one in others}) == 1 else None


TEXT = Rule(
    "text against table",
    "What the text says of the size of numbers is true of the table.",
    "American Psychological Association (2020). Publication manual (7th ed.). "
    "doi:10.1037/0000165-000",
    "a range or standard that the text names for printed numbers",
    ranges,
)
STANDARD = Rule(
    "standard reached",
    "An index that is said to reach its standard does, and one that is said not to does not.",
    "Hu, L., & Bentler, P. M. (1999). Cutoff criteria for fit indexes in covariance structure "
    "analysis. Structural Equation Modeling, 6(1), 1-55. doi:10.1080/10705519909540118",
    "indices, their standards, and which of them are said to reach them",
    reached_standards,
)

RULES: tuple[Rule, ...] = (TEXT, STANDARD)
