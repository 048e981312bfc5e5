"""What a paper prints, as records: any part of it may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from clustersem.audit.fixed import Fixed
from clustersem.audit.printed import Printed
from clustersem.spec import ModelSpec


def _nothing() -> Mapping[str, Printed]:
    return Fixed({})


@dataclass(frozen=True)
class PrintedCoefficient:
    """One row of a table of loadings, paths or covariances.

    Attributes
    ----------
    lhs, op, rhs : str
        As in model syntax: ``B1 =~ C1``, ``A1 ~ B1`` (outcome first), ``B1 ~~ B4``.
    place : str
        Where it stands: ``"Table 7, H1: A1 ~ B1"``.
    id : str
        The hypothesis that it tests; empty for none.
    est, se, cr, std, ci_lower, ci_upper : Printed, optional
        Unstandardised estimate, its standard error, critical ratio (z or t), standardised estimate,
        ends of the 95 % interval of `est`.
    p : Printed, optional
        The p-value; for stars the interval that the table's key gives them.
    supported : bool, optional
        What the paper concludes of the hypothesis.
    expect : str
        ``"+"``, ``"-"`` or empty: the sign that the hypothesis expects.
    model : str
        The name of the :class:`PrintedModel` that it belongs to.
    """

    lhs: str
    op: Literal["=~", "~", "~~"]
    rhs: str
    place: str
    id: str = ""
    est: Printed | None = None
    se: Printed | None = None
    cr: Printed | None = None
    p: Printed | None = None
    std: Printed | None = None
    ci_lower: Printed | None = None
    ci_upper: Printed | None = None
    supported: bool | None = None
    expect: str = ""
    model: str = ""

    @property
    def path(self) -> str:
        """The row as model syntax, ``"A1 ~ B1"``."""
        return f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True)
class PrintedModel:
    """One fitted model, as far as it is printed.

    Attributes
    ----------
    name, place : str
        ``"revised"``; ``"Table 6"``.
    indices : mapping of str to Printed
        By the names of ``fit.measures``: ``chisq df pvalue cmin_df rmsea rmsea_ci_lower
        rmsea_ci_upper rmsea_pvalue nfi cfi tli ifi rfi rni pnfi pcfi gfi agfi pgfi srmr rmr aic bic
        ecvi cn_05 cn_01 baseline_chisq baseline_df npar ...``; scaled and robust ones with their
        suffix. chi2 of the plain test where no suffix says otherwise.
    standards : mapping of str to Printed
        The reference standards that the paper names, as bounds: ``cmin_df`` below 5.
    reached : tuple of str, optional
        The indices of which the paper says that they reach their standard, if it names those that
        do; None where it names none.
    n : Printed, optional
        Respondents of this model; where omitted, those of the paper.
    n_groups : int
        Groups that were fitted at once.
    scaled : bool
        Whether the printed chi2 is a scaled one (MLR, MLM, WLSMV), so that relations of the plain
        statistic do not hold.
    incomplete : bool
        Whether answers were missing and the model fitted to all that are there (full information),
        so that chi2 and the indices of residuals are not of one matrix.
    spec : ModelSpec, optional
        The model as drawn.
    nested_in : str
        The name of a printed model that has all parameters of this one and more.
    freed : tuple of (str, str, str)
        Parameters that were freed to come from the model that is nested in this one.
    """

    name: str
    place: str
    indices: Mapping[str, Printed] = field(default_factory=_nothing)
    standards: Mapping[str, Printed] = field(default_factory=_nothing)
    reached: tuple[str, ...] | None = None
    n: Printed | None = None
    n_groups: int = 1
    scaled: bool = False
    incomplete: bool = False
    spec: ModelSpec | None = None
    nested_in: str = ""
    freed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class PrintedConstruct:
    """A construct of the scale, with its reliability and validity as printed.

    Attributes
    ----------
    name : str
        As in the model.
    label : str
        In words; may be empty.
    place : str
        Where its numbers stand.
    items : tuple of str
        The items that it has in the tables, after deletions.
    alpha, composite_reliability, ave, sqrt_ave, r_squared, mean, sd : Printed, optional
        Cronbach's alpha, composite reliability, average variance extracted, its root on the
        diagonal of a Fornell-Larcker table, explained variance, mean and standard deviation of its
        score (the mean of its items).
    msv, asv : Printed, optional
        Largest and average squared correlation with the other constructs of the table.
    subsystem : str
        The set of constructs that one factor analysis was made of; may be empty.
    """

    name: str
    place: str
    label: str = ""
    items: tuple[str, ...] = ()
    alpha: Printed | None = None
    composite_reliability: Printed | None = None
    ave: Printed | None = None
    sqrt_ave: Printed | None = None
    r_squared: Printed | None = None
    mean: Printed | None = None
    sd: Printed | None = None
    subsystem: str = ""
    msv: Printed | None = None
    asv: Printed | None = None


@dataclass(frozen=True)
class PrintedItem:
    """An item with what is printed of its answers; ``n`` where it differs from the paper's."""

    name: str
    place: str
    mean: Printed | None = None
    sd: Printed | None = None
    n: Printed | None = None
    loading: Printed | None = None


@dataclass(frozen=True)
class PrintedCorrelation:
    """A correlation of a printed matrix.

    Attributes
    ----------
    first, second, place : str
        Which, and where.
    value : Printed
        The correlation.
    kind : str
        ``"latent"``, of the model's constructs; ``"scores"``, of the items' sums or means;
        ``"items"``.
    matrix : str
        Which table: only correlations of one table belong to one matrix.
    """

    first: str
    second: str
    place: str
    value: Printed
    kind: Literal["latent", "scores", "items"] = "latent"
    matrix: str = ""


@dataclass(frozen=True)
class PrintedEffect:
    """An indirect or total effect.

    Attributes
    ----------
    steps : tuple of str
        The variables that it passes, cause first: ``("B1", "M", "A1")``. For a total effect the
        first and last only.
    kind : str
        ``"indirect"`` by exactly these steps, ``"total_indirect"`` or ``"total"``.
    est, std : Printed, optional
        Raw and standardised.
    """

    steps: tuple[str, ...]
    kind: Literal["indirect", "total_indirect", "total"]
    place: str
    id: str = ""
    est: Printed | None = None
    std: Printed | None = None


@dataclass(frozen=True)
class PrintedShare:
    """A percentage of a count: 90.41 % of 532 are 481.

    Attributes
    ----------
    label, place : str
        ``"valid questionnaires"``, and where it stands.
    percent, count, of : Printed
        90.41, 481 and 532; the last two may be missing.
    group : str
        The list of categories that everybody is in one of (``"sex"``), whose percentages sum to
        100; empty where it is in none.
    """

    label: str
    place: str
    percent: Printed
    count: Printed | None = None
    of: Printed | None = None
    group: str = ""


@dataclass(frozen=True)
class PrintedSample:
    """The questionnaires: how many, on which scale.

    Attributes
    ----------
    n : Printed, optional
        Those that were analysed.
    distributed, returned : Printed, optional
        Those before.
    counts : tuple of Printed
        Every n that the paper prints for the same sample, with its place: they must agree.
    scale : (int, int), optional
        Lowest and highest answer.
    shares : tuple of PrintedShare
        Response rates, sex, age groups.
    complete : bool
        Whether every one of the `n` answered every item, as the paper says or as it follows from
        deleting incomplete questionnaires. Means of items are compared with counts only then, or
        where the item has an n of its own.
    """

    n: Printed | None = None
    distributed: Printed | None = None
    returned: Printed | None = None
    counts: tuple[Printed, ...] = ()
    scale: tuple[int, int] | None = None
    shares: tuple[PrintedShare, ...] = ()
    complete: bool = False


@dataclass(frozen=True)
class PrintedClaim:
    """What the text says of the tables, in a form that can be checked.

    Attributes
    ----------
    about : str
        ``"correlations"`` (of the coefficients' table), ``"standardised"`` (all such estimates
        do), ``"loadings"``, ``"alpha"``, ``"ave"``, ``"composite_reliability"``, ``"kmo"``,
        ``"p"``; ``"discriminant"``, which has no ends, that the root of AVE exceeds the
        correlations.
    lower, upper : Printed, optional
        The ends of what the text says they lie between; one of them for "all exceed 0.7".
    words : str
        The sentence of the paper.
    """

    about: str
    place: str
    lower: Printed | None = None
    upper: Printed | None = None
    words: str = ""


@dataclass(frozen=True)
class VarianceExplained:
    """The cumulative share of variance, in per cent, that a factor analysis of some items prints.

    Attributes
    ----------
    subsystem : str
        The constructs' `subsystem`.
    percent : Printed
        Of the variance of the items kept.
    n_components : int
        How many components were kept; one a construct where the paper does not say.
    method : str
        ``"components"`` of the items' correlations, or ``"factors"``, which explain less of the
        items' variance than as many components.
    """

    subsystem: str
    place: str
    percent: Printed
    n_components: int
    method: Literal["components", "factors"] = "components"


@dataclass(frozen=True)
class Published:
    """Everything that a paper prints, as far as it was given.

    The order of each tuple is that of the paper. Everything is optional: a rule checks what it
    finds.
    """

    title: str = ""
    sample: PrintedSample = field(default_factory=PrintedSample)
    models: tuple[PrintedModel, ...] = ()
    coefficients: tuple[PrintedCoefficient, ...] = ()
    constructs: tuple[PrintedConstruct, ...] = ()
    items: tuple[PrintedItem, ...] = ()
    correlations: tuple[PrintedCorrelation, ...] = ()
    effects: tuple[PrintedEffect, ...] = ()
    variance: tuple[VarianceExplained, ...] = ()
    claims: tuple[PrintedClaim, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def construct(self) -> Mapping[str, PrintedConstruct]:
        """The constructs by name."""
        return Fixed({one.name: one for one in self.constructs})

    @property
    def final(self) -> PrintedModel | None:
        """The model that the coefficients are of where they name none: the last one printed."""
        return self.models[-1] if self.models else None

    def model(self, name: str) -> PrintedModel | None:
        """Return a model by its name; the final one for an empty name."""
        if not name:
            return self.final
        return next((one for one in self.models if one.name == name), None)

    def n_of(self, model: PrintedModel) -> Printed | None:
        """Return the number of respondents of a model."""
        return model.n or self.sample.n

    def coefficients_of(self, model: PrintedModel | None) -> tuple[PrintedCoefficient, ...]:
        """Return the rows of one model, in the order of the paper."""
        return tuple(row for row in self.coefficients if self.model(row.model) is model)
