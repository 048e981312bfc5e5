"""The policy of a respecification: what may be freed, in which order, and when to stop."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Literal, NamedTuple

from clustersem.errors import ModelError
from clustersem.fit.hypotheses import Path
from clustersem.fit.preferred import preferred
from clustersem.resample.numbers import is_number
from clustersem.resample.streams import is_whole
from clustersem.respecify.misspecification import RELEVANT
from clustersem.respecify.multiplicity import ADJUSTMENTS
from clustersem.respecify.rules import (
    Roles,
    Row,
    Rules,
    TidyRule,
    key_of,
    reason_of_rule,
    row_of,
    tidy_rules,
)
from clustersem.survey.names import did_you_mean

#: The 5 % point of chi2 with one degree of freedom.
CRITICAL_MI = 3.84

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TARGET = re.compile(r"\s*(<=|>=|<|>)\s*(\S+)\s*")

#: What `search` may be, and by which criterion each judges if none is named.
SEARCHES = {
    "forward": "mi",
    "stepwise": "mi",
    "backward": "mi",
    "exhaustive": "bic",
    "beam": "bic",
    "tabu": "bic",
    "best_subset": "bic",
}
CRITERIA = ("mi", "aic", "bic", "cv")
#: Searches that compare whole models, which indices cannot.
OF_MODELS = ("exhaustive", "beam", "tabu", "best_subset")

Search = Literal["forward", "stepwise", "backward", "exhaustive", "beam", "tabu", "best_subset"]
CriterionName = Literal["mi", "aic", "bic", "cv"]

StepLike = str | Sequence[str]
Target = Mapping[str, str | tuple[str, float]]


class GivenStep(NamedTuple):
    """A step that the researcher gives: a parameter, and why theory wants it."""

    row: Row
    reason: str


@dataclass(frozen=True, kw_only=True)
class RespecificationPolicy:
    """What :func:`respecify` may do.

    Attributes
    ----------
    allow : str, parameter, function, or a sequence of these
        What a search may free. ``"within_construct"``, the default: residual covariances of items
        of the same construct, in the model as it was before any step. Also
        ``"residual_covariances"`` (of any two items), ``"latent_covariances"``,
        ``"cross_loadings"``, ``"paths"``; a single parameter, ``"C11 ~~ C12"`` or
        ``("C11", "~~", "C12")``; a part of the model, ``"within B1"`` (residual covariances of
        its items), ``"between B1 and B2"`` (of items of one with items of the other),
        ``"loadings on B1"``, ``"about C11"`` (whatever names it); or a function of lhs, op and rhs
        that returns a bool. A mapping gives each its reason:
        ``{"within B1": "the items share their wording"}``.
    forbid : the same
        What must stay as it is, whatever `allow` says.
    steps : sequence or mapping
        Steps to make in this order instead of searching: ``"C11 ~~ C12"``,
        ``("C11", "~~", "C12")``, ``("C11", "~~", "C12", "why")``, or a mapping of text to reason.
    reasons : mapping
        The substantive reason of a parameter, given or found. A step without one is marked so.
    search : str
        How a model is looked for. ``"forward"`` frees one parameter after the other.
        ``"stepwise"`` also fixes again what later steps have made superfluous, by Wald tests.
        ``"backward"`` frees all that is allowed and can be, then fixes what its Wald test finds
        superfluous. ``"exhaustive"`` looks at every set of allowed parameters, ``"beam"`` goes on
        from the best few sets of each size, ``"tabu"`` from set to neighbouring set without turning
        back; ``"best_subset"`` is exhaustive where there are at most `max_models` sets, and tabu
        beyond.
    criterion : str, optional
        What decides. ``"mi"``: the largest modification index, or the smallest Wald statistic.
        ``"aic"``, ``"bic"``: those of whole models. ``"cv"``: the discrepancy of respondents that
        the model was not fitted to, in `folds` folds. By default ``"mi"`` for steps one after the
        other, ``"bic"`` for sets.
    minimum_mi : float
        A search frees nothing with a modification index below this, and fixes what has a smaller
        Wald statistic. 3.84 is the 5 % point of chi2 with 1 df for one index named in advance;
        among many it is passed by chance.
    adjust : str
        How p-values are adjusted for the number of allowed parameters: ``"holm"``,
        ``"bonferroni"``, or ``"bh"`` (Benjamini and Hochberg).
    alpha : float, optional
        A search frees nothing with an adjusted p-value above this.
    relevant : float or mapping, optional
        The standardised change that matters, one for all or by operator
        (``{"=~": 0.4, "~~": 0.1}``). With it a search frees only what the decision of Saris,
        Satorra and van der Veld calls misspecified. The candidates' table shows that decision in
        any case, by 0.4 for loadings and 0.1 for paths and covariances.
    max_steps : int, optional
        A search stops after so many freed parameters; no set is larger.
    target : mapping, optional
        A forward or stepwise search stops as soon as all of these hold:
        ``{"cmin_df": ("<", 3), "cfi": "> .9"}``, by the names of ``fit.measures``. Where the
        estimator corrects its test these mean the variant that is reported: ``"cfi"`` is the robust
        one, or else the scaled one, ``"cmin_df"`` the scaled one.
    inadmissible : str, optional
        A step to an inadmissible solution (a negative variance, a correlation above one) is
        ``"skip"``-ped or made and ``"keep"``-t with a warning. By default a found step is skipped
        and a given one kept.
    max_models : int
        How many sets a search of sets may look at.
    breadth : int
        Of a set's candidates, those with the largest indices that a search by AIC, BIC or
        cross-validation tries; and how many sets of a size a beam goes on from.
    folds, seed : int
        Of cross-validation: into how many parts the respondents are divided, and the seed that
        divides them.

    Raises
    ------
    ModelError, ModelSyntaxError, UnsupportedError
        Where the policy contradicts itself or cannot be read.

    References
    ----------
    Marcoulides, G. A., Drezner, Z., & Schumacker, R. E. (1998). Model specification searches in
    structural equation modeling using tabu search. Structural Equation Modeling, 5, 365-376.
    doi:10.1080/10705519809540112
    Saris, W. E., Satorra, A., & van der Veld, W. M. (2009). Testing structural equation models or
    detection of misspecifications? Structural Equation Modeling, 16, 561-582.
    doi:10.1080/10705510903203433

    Examples
    --------
    >>> policy = RespecificationPolicy(allow=["paths", "B2 =~ C1"], target={"cfi": "> .9"})
    >>> policy.goals["cfi"]
    ('>', 0.9)
    """

    allow: Rules = "within_construct"
    forbid: Rules = ()
    steps: Sequence[StepLike] | Mapping[str, str] = ()
    reasons: Mapping[str | Row, str] = field(default_factory=dict)
    search: Search = "forward"
    criterion: CriterionName | None = None
    minimum_mi: float = CRITICAL_MI
    adjust: Literal["holm", "bonferroni", "bh"] = "holm"
    alpha: float | None = None
    relevant: float | Mapping[str, float] | None = None
    max_steps: int | None = None
    target: Target = field(default_factory=dict)
    inadmissible: Literal["skip", "keep"] | None = None
    max_models: int = 5000
    breadth: int = 10
    folds: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        # Reading them here shows a mistake where it was made.
        self._check_kinds()
        _ = self.allowed, self.forbidden, self.given, self.goals, self.relevance
        _check_choice("search", self.search, SEARCHES)
        _check_choice("criterion", self.judge, CRITERIA)
        _check_choice("adjust", self.adjust, ADJUSTMENTS)
        self._check_search()
        if self.inadmissible not in (None, "skip", "keep"):
            raise ModelError(f"inadmissible={self.inadmissible!r}: write 'skip' or 'keep'.")
        if self.minimum_mi < 0:
            raise ModelError(f"minimum_mi={self.minimum_mi}: an index is never negative.")
        if self.given and (self.max_steps is not None or self.goals):
            raise ModelError(
                "given steps are all made, so max_steps and target have no say: leave them out, or"
                " leave out steps and let the indices choose."
            )

    def _check_kinds(self) -> None:
        """Refuse what is no number, no whole number, or no mapping where it must be one."""
        for name, example in (("minimum_mi", "3.84"), ("alpha", "0.05")):
            value = getattr(self, name)
            if not is_number(value) and not (name == "alpha" and value is None):
                raise ModelError(f"{name}={value!r}: write a number, such as {example}.")
        least = {"max_steps": 0, "max_models": 1, "breadth": 1, "folds": 2, "seed": 0}
        for name, smallest in least.items():
            value = getattr(self, name)
            if name == "max_steps" and value is None:
                continue
            if not is_whole(value) or value < smallest:
                raise ModelError(f"{name}={value!r}: write a whole number, {smallest} or more.")
        for name, example in (("target", "{'cfi': '> .9'}"), ("reasons", "{'C11 ~~ C12': '...'}")):
            if not isinstance(getattr(self, name), Mapping):
                raise ModelError(f"{name}={getattr(self, name)!r}: write a mapping, {example}.")

    def _check_search(self) -> None:
        """Refuse what the chosen search does not know."""
        if self.search in OF_MODELS and self.judge == "mi":
            raise ModelError(
                f"search={self.search!r} compares whole models, which a modification index cannot:"
                " write criterion='bic', 'aic' or 'cv'."
            )
        if self.goals and self.search not in ("forward", "stepwise"):
            raise ModelError(
                f"search={self.search!r} ends at the best model by its criterion, so target has no"
                " say: leave it out, or search='forward'."
            )
        if self.alpha is not None and not 0.0 < self.alpha <= 1.0:
            raise ModelError(f"alpha={self.alpha}: write a level between 0 and 1, such as 0.05.")

    @property
    def judge(self) -> str:
        """`criterion`, or what the search takes where none is named."""
        return self.criterion or SEARCHES[self.search]

    @cached_property
    def relevance(self) -> Mapping[str, float]:
        """`relevant` by operator, with the usual values where nothing else is said."""
        given = self.relevant
        if given is None:
            return RELEVANT
        stated = dict(given) if isinstance(given, Mapping) else dict.fromkeys(RELEVANT, given)
        for op, value in stated.items():
            if op not in RELEVANT or not (is_number(value) and value > 0.0):
                raise ModelError(
                    f"relevant: {op!r} = {value!r} cannot be read; write a positive standardised"
                    f" change for {', '.join(RELEVANT)}, such as {{'~~': 0.1}}."
                )
        return {**RELEVANT, **{op: float(value) for op, value in stated.items()}}

    @cached_property
    def allowed(self) -> tuple[TidyRule, ...]:
        """`allow` as names of allowances, rows and functions."""
        return tidy_rules(self.allow)

    @cached_property
    def forbidden(self) -> tuple[TidyRule, ...]:
        """`forbid` as names of allowances, rows and functions."""
        return tidy_rules(self.forbid)

    @cached_property
    def given(self) -> tuple[GivenStep, ...]:
        """`steps`, each with its reason."""
        return _tidy_steps(self.steps, self._reasons)

    @cached_property
    def goals(self) -> dict[str, tuple[str, float]]:
        """`target`, each as a comparison and a value."""
        return {name: _tidy_target(name, goal) for name, goal in self.target.items()}

    @property
    def stated(self) -> tuple[Row, ...]:
        """The parameters that `reasons` speaks of."""
        return tuple(self._reasons)

    @cached_property
    def _reasons(self) -> dict[Row, str]:
        return {key_of(row_of(row)): str(why).strip() for row, why in self.reasons.items()}

    def reason(self, row: Row, roles: Roles) -> str:
        """Return the reason stated for a parameter, or for a rule that allows it; may be empty."""
        own = self._reasons.get(key_of(row), "")
        return own or reason_of_rule(self.allow, roles, row)

    def searching(self) -> RespecificationPolicy:
        """Return the policy of the search that given steps stand for: for as many steps."""
        return replace(self, steps=(), max_steps=len(self.given))

    def keeps_inadmissible(self, *, given: bool) -> bool:
        """Return whether a step to an inadmissible solution is made."""
        return given if self.inadmissible is None else self.inadmissible == "keep"

    def unmet(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        """Return what of the target does not hold, as ``"cfi 0.88 (wanted > 0.9)"``.

        Raises
        ------
        ModelError
            For a measure that the fit does not have.
        """
        return tuple(
            f"{name} {value:.3f} (wanted {sign} {wanted:g})"
            for name, value, sign, wanted in self.judged(measures)
            if not _COMPARISONS[sign](value, wanted)
        )

    def judged(self, measures: Mapping[str, float]) -> tuple[tuple[str, float, str, float], ...]:
        """Return of every goal the measure that it is about, its value, and what is wanted."""
        found = []
        for name, (sign, wanted) in self.goals.items():
            if name not in measures:
                near = get_close_matches(name, measures, n=1)
                raise ModelError(
                    f"the target names {name!r}, which is no measure of this fit; "
                    + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(measures)}.")
                )
            reported = preferred(measures, name)
            found.append((reported, measures[reported], sign, wanted))
        return tuple(found)


def _check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ModelError(
            f"{name}={value!r}: there are {', '.join(choices)}"
            f"{did_you_mean(str(value), choices) or '.'}"
        )


def _tidy_steps(
    steps: Sequence[StepLike] | Mapping[str, str], reasons: Mapping[Row, str]
) -> tuple[GivenStep, ...]:
    if isinstance(steps, str):
        steps = [line for line in steps.splitlines() if line.strip()]
    if isinstance(steps, Mapping):
        written = [(row_of(text), why) for text, why in steps.items()]
    elif isinstance(steps, Iterable):
        written = [_row_and_reason(step) for step in steps]
    else:
        raise ModelError(f"steps={steps!r}: write a list of parameters, such as ['C11 ~~ C12'].")
    found: dict[Row, GivenStep] = {}
    for row, why in written:
        if key_of(row) in found:
            raise ModelError(f"the step {Path(*row)} is given twice; leave one of them out.")
        found[key_of(row)] = GivenStep(row, str(why or "").strip() or reasons.get(key_of(row), ""))
    return tuple(found.values())


def _row_and_reason(step: StepLike) -> tuple[Row, str]:
    if isinstance(step, str):
        return row_of(step), ""
    if not isinstance(step, Sequence) or len(step) not in (3, 4):
        raise ModelError(
            f"the step {step!r} cannot be read; write 'C11 ~~ C12', ('C11', '~~', 'C12') or"
            " ('C11', '~~', 'C12', 'why')."
        )
    return row_of(step[:3]), step[3] if len(step) == 4 else ""


def _tidy_target(name: str, goal: str | tuple[str, float]) -> tuple[str, float]:
    text = goal if isinstance(goal, str) else ""
    if isinstance(goal, Sequence) and not isinstance(goal, str) and len(goal) == 2:
        text = f"{goal[0]} {goal[1]}"
    match = _TARGET.fullmatch(text)
    try:
        if match is not None and isinstance(name, str):
            return match.group(1), float(match.group(2))
    except ValueError:
        pass
    raise ModelError(f"the target {name} = {goal!r} cannot be read; write it as ('<', 3) or '< 3'.")
