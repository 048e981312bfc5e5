"""Purification: delete poor items one at a time, factoring anew after every deletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.scale.answers import Answers, Constructs, complete_answers, constructs_of
from clustersem.scale.assignment import assign_factors
from clustersem.scale.efa import EfaResult, Method, analyse
from clustersem.scale.rotation import Rotation

Rule = Literal["low_loading", "wrong_factor"]


@dataclass(frozen=True)
class Violation:
    """An item that breaks a rule of purification in one solution.

    Attributes
    ----------
    item, construct : str
    rule : {"low_loading", "wrong_factor"}
        Wrong factor: its largest loading is on a factor that is not its construct's.
    reason : str
        A sentence with the numbers.
    factor : str
        The factor of its construct.
    loading : float
        On that factor.
    other_factor : str
        The other factor on which it loads most; empty with one factor.
    other_construct : str
        The construct of that factor; empty when it has none.
    other_loading : float
        On that factor; zero with one factor.
    margin : float
        How far from passing: the smaller of |loading| - cutoff and |loading| - |other_loading|.
        Negative; the most negative item goes first.
    """

    item: str
    construct: str
    rule: Rule
    reason: str
    factor: str
    loading: float
    other_factor: str
    other_construct: str
    other_loading: float
    margin: float


@dataclass(frozen=True)
class PurifyStep:
    """One deletion.

    Attributes
    ----------
    number : int
        From 1.
    violation : Violation
        Why the item went.
    loadings : DataFrame, items x factors
        The rotated solution in which it was found wanting, the item still in it.
    assignment : dict
        Construct to factor in that solution.
    n_items, n_factors : int
        Of that solution.
    cumulative_variance_before, cumulative_variance_after : float
        Share of the total variance that the factors account for, with and without the item.
    """

    number: int
    violation: Violation
    loadings: pd.DataFrame
    assignment: dict[str, str]
    n_items: int
    n_factors: int
    cumulative_variance_before: float
    cumulative_variance_after: float

    @property
    def item(self) -> str:
        """The deleted item."""
        return self.violation.item

    @property
    def construct(self) -> str:
        """Its construct."""
        return self.violation.construct

    @property
    def rule(self) -> str:
        """The rule that it broke."""
        return self.violation.rule

    @property
    def reason(self) -> str:
        """Why it was deleted, as a sentence."""
        return self.violation.reason

    def __str__(self) -> str:
        before, after = self.cumulative_variance_before, self.cumulative_variance_after
        return (
            f"{self.number}. {self.item} ({self.construct}) deleted: {self.reason}.\n"
            f"   {self.n_factors} factors accounted for {100.0 * before:.2f} % of the variance "
            f"before, {100.0 * after:.2f} % after."
        )


@dataclass(frozen=True)
class PurifyResult:
    """A purified scale and how it was reached.

    Attributes
    ----------
    kept : tuple of str
        Items that remain, in the order of the constructs.
    deleted : tuple of str
        Items in the order of their deletion.
    steps : tuple of PurifyStep
    constructs : dict
        Construct to its remaining items.
    flagged : tuple of Violation
        Items that break a rule in the final solution but stay, because without them their construct
        would have fewer than `minimum_items` items.
    efa : EfaResult
        The final solution.
    assignment : dict
        Construct to factor in the final solution.
    cutoff : float
    warnings : tuple of str
        Flagged items, negative loadings, and what the final solution warns of.
    """

    kept: tuple[str, ...]
    deleted: tuple[str, ...]
    steps: tuple[PurifyStep, ...]
    constructs: dict[str, tuple[str, ...]]
    flagged: tuple[Violation, ...]
    efa: EfaResult
    assignment: dict[str, str]
    cutoff: float
    warnings: tuple[str, ...]

    @property
    def log(self) -> str:
        """The whole course as text, two lines a deletion."""
        lines = [str(step) for step in self.steps] or ["No item was deleted."]
        lines += [f"Warning: {text}." for text in self.warnings]
        lines.append(
            f"{len(self.kept)} items kept; {self.efa.n_factors} factors account for "
            f"{100.0 * self.efa.cumulative_variance:.2f} % of the variance."
        )
        return "\n".join(lines)

    @property
    def table(self) -> pd.DataFrame:
        """One row a deletion: what a report prints."""
        columns = [
            "step", "item", "construct", "rule", "loading", "other_loading", "other_construct",
            "n_factors", "cumulative_variance_before", "cumulative_variance_after", "reason",
        ]  # fmt: skip
        rows = [
            (
                step.number, step.item, step.construct, step.rule, step.violation.loading,
                step.violation.other_loading, step.violation.other_construct, step.n_factors,
                step.cumulative_variance_before, step.cumulative_variance_after, step.reason,
            )
            for step in self.steps
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def find_violations(
    loadings: pd.DataFrame,
    constructs: dict[str, tuple[str, ...]],
    assignment: dict[str, str],
    cutoff: float,
) -> tuple[Violation, ...]:
    """Items that load too little, or elsewhere; the worst first, ties in questionnaire order."""
    owner = {factor: construct for construct, factor in assignment.items()}
    factors = [str(name) for name in loadings.columns]
    found = []
    for construct, items in constructs.items():
        factor = assignment[construct]
        for item in items:
            row = dict(zip(factors, loadings.loc[item].to_numpy(dtype=float).tolist(), strict=True))
            own = row.pop(factor)
            other_factor = max(row, key=lambda name: abs(row[name])) if row else ""
            other = row.get(other_factor, 0.0)
            margin = min(abs(own) - cutoff, abs(own) - abs(other))
            if margin >= 0.0:
                continue
            place = f"loads {own:.3f} on the factor of {construct} ({factor})"
            whose = owner.get(other_factor, "")
            where = f"the factor of {whose}" if whose else "a factor that is no construct's"
            low = f"below the cutoff {cutoff:g}" if abs(own) < cutoff else ""
            away = (
                f"and more, {other:.3f}, on {where} ({other_factor})"
                if abs(other) > abs(own)
                else ""
            )
            found.append(
                Violation(
                    item=item,
                    construct=construct,
                    rule="wrong_factor" if away else "low_loading",
                    reason=", ".join(part for part in (place, low, away) if part),
                    factor=factor,
                    loading=own,
                    other_factor=other_factor,
                    other_construct=whose,
                    other_loading=other,
                    margin=margin,
                )
            )
    return tuple(sorted(found, key=lambda violation: violation.margin))


def _negative(
    loadings: pd.DataFrame, constructs: dict[str, tuple[str, ...]], assignment: dict[str, str]
) -> tuple[str, ...]:
    """Name items whose loading on their construct's factor is opposite to the construct's sum."""
    texts = []
    for construct, items in constructs.items():
        own = loadings.loc[list(items), assignment[construct]]
        turned = own.index[np.sign(own) == (-1.0 if own.sum() >= 0.0 else 1.0)]
        texts += [
            f"{item} loads on {construct} against the other items: it is reverse-keyed and should "
            "be recoded, or it was keyed wrongly"
            for item in turned
        ]
    return tuple(texts)


def purify(
    data: Answers,
    constructs: Constructs | None = None,
    *,
    cutoff: float = 0.5,
    n_factors: int | None = None,
    method: Method = "principal",
    rotation: Rotation = "varimax",
    kaiser: bool | None = None,
    minimum_items: int = 2,
) -> PurifyResult:
    """Delete poor items one at a time, factoring anew after every deletion.

    Each round factors the remaining items (by default principal components with varimax and Kaiser
    normalisation, as SPSS does) and gives every construct a factor of its own, so that the sum of
    squared loadings of all items on the factor of their construct is largest. An item fails when
    its absolute loading on that factor is below the cutoff, or smaller than on another factor. The
    item that is farthest from passing is deleted: the smallest of |own| - cutoff and |own| -
    |largest other|; among equals the first in the order of the constructs. It ends when every item
    passes, or when those that fail cannot be spared.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items; those with a missing answer among the remaining items are left out.
    constructs : mapping of construct to items, optional
        By default those of the survey. Pass some of them to purify a part of the questionnaire.
    cutoff : float
        Smallest absolute loading that an item may have on its construct's factor, between 0 and 1.
    n_factors : int, optional
        By default the number of constructs; more leaves factors that are no construct's, and an
        item that loads most on one of those fails.
    method, rotation, kaiser
        See :func:`~clustersem.scale.efa.efa`.
    minimum_items : int
        No construct is brought below this number; the items that should have gone are `flagged`.

    Returns
    -------
    PurifyResult

    Raises
    ------
    DataError
        For a construct with fewer than `minimum_items` items, fewer factors than constructs,
        unknown items, or answers that cannot be factored.

    References
    ----------
    Churchill, G. A. (1979). A paradigm for developing better measures of marketing constructs.
    Journal of Marketing Research, 16, 64-73. https://doi.org/10.1177/002224377901600110

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import purify
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(300, 2)), 3, axis=1)
    >>> answers = pd.DataFrame(traits + rng.normal(size=(300, 6)), columns=list("abcdef"))
    >>> answers["noise"] = rng.normal(size=300)
    >>> result = purify(answers, {"A": ["a", "b", "c"], "B": ["d", "e", "f", "noise"]})
    >>> result.deleted
    ('noise',)
    >>> result.steps[0].rule, round(result.steps[0].violation.loading, 3)
    ('wrong_factor', -0.106)
    >>> print(result.log.splitlines()[-1])
    6 items kept; 2 factors account for 65.06 % of the variance.
    """
    remaining = constructs_of(data, constructs)
    if not 0.0 < cutoff < 1.0:
        raise DataError(f"cutoff must lie between 0 and 1, got {cutoff}")
    if minimum_items < 1:
        raise DataError(f"minimum_items must be at least 1, got {minimum_items}")
    short = [name for name, items in remaining.items() if len(items) < minimum_items]
    if short:
        raise DataError(
            f"construct {short[0]!r} has {len(remaining[short[0]])} item(s), fewer than "
            f"{minimum_items}: give it more items or leave it out"
        )
    k = len(remaining) if n_factors is None else n_factors
    if k < len(remaining):
        raise DataError(
            f"{k} factors for {len(remaining)} constructs: each construct needs a factor of its own"
        )

    def factor(current: dict[str, tuple[str, ...]]) -> tuple[EfaResult, dict[str, str]]:
        items = [item for members in current.values() for item in members]
        solution = analyse(
            complete_answers(data, items), k, method=method, rotation=rotation, kaiser=kaiser
        )
        return solution, assign_factors(solution.loadings, current)

    steps: list[PurifyStep] = []
    solution, assignment = factor(remaining)
    while True:
        failing = find_violations(solution.loadings, remaining, assignment, cutoff)
        worst = next((v for v in failing if len(remaining[v.construct]) > minimum_items), None)
        if worst is None:
            break
        before, before_assignment = solution, assignment
        remaining = {
            name: tuple(item for item in items if item != worst.item)
            for name, items in remaining.items()
        }
        solution, assignment = factor(remaining)
        steps.append(
            PurifyStep(
                number=len(steps) + 1,
                violation=worst,
                loadings=before.loadings,
                assignment=before_assignment,
                n_items=len(before.loadings),
                n_factors=before.n_factors,
                cumulative_variance_before=before.cumulative_variance,
                cumulative_variance_after=solution.cumulative_variance,
            )
        )
    spared = tuple(
        f"{v.item} ({v.construct}) {v.reason}, but stays: {v.construct} has only "
        f"{len(remaining[v.construct])} items left"
        for v in failing
    )
    return PurifyResult(
        kept=tuple(item for members in remaining.values() for item in members),
        deleted=tuple(step.item for step in steps),
        steps=tuple(steps),
        constructs=remaining,
        flagged=failing,
        efa=solution,
        assignment=assignment,
        cutoff=cutoff,
        warnings=(
            *spared,
            *_negative(solution.loadings, remaining, assignment),
            *solution.warnings,
        ),
    )
