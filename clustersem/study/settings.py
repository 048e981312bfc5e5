"""The sections of a study file that say how to analyse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from clustersem.errors import CodebookError, UnsupportedError
from clustersem.fit.options import FitOptions
from clustersem.fit.resolve import check_option
from clustersem.respecify.policy import CRITICAL_MI, CriterionName, RespecificationPolicy, Search
from clustersem.study.estimation import ELSEWHERE, decided
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.toml import line_of


class Section(BaseModel):
    """Base of the sections: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScaleSettings(Section):
    """``[scale]``: how the items are factored and purified.

    Attributes
    ----------
    purify : bool
        Delete items that load too little or elsewhere before the model is fitted.
    cutoff : float
        Smallest absolute loading of an item on its construct's factor.
    minimum_items : int
        No construct is brought below this number of items; one item has no reliability.
    together : str
        ``"subsystem"``: items of one subsystem are factored together, as the codebook has them;
        ``"all"``: all items at once.
    parallel : bool
        Compare the eigenvalues with those of random answers.
    seed : int
        Of the random answers.
    """

    purify: bool = True
    cutoff: float = Field(default=0.5, gt=0.0, lt=1.0)
    minimum_items: int = Field(default=2, ge=2)
    together: Literal["subsystem", "all"] = "subsystem"
    parallel: bool = True
    seed: int = Field(default=1, ge=0)


class ModelSettings(Section):
    """``[model]``: the model and how it is fitted.

    Attributes
    ----------
    syntax : str
        Model syntax. Without it the model follows from constructs and hypotheses.
    markers : dict of str to str
        Items whose loading is fixed at one; by default each construct's first.
    estimator, missing, ordered, parameterization, se, test, bounds, sampling_weights, cluster
        As in :func:`clustersem.sem`.
    std_lv, orthogonal, fixed_x : bool
        Likewise.
    likelihood : str
        ``"normal"`` (lavaan, Mplus) or ``"wishart"`` (AMOS, EQS, LISREL).
    engine : str
        ``"native"`` or ``"semopy"``.
    """

    syntax: str = ""
    markers: dict[str, str] = Field(default_factory=dict)
    estimator: str | None = None
    missing: str = "listwise"
    ordered: bool | list[str] | None = None
    parameterization: Literal["delta", "theta"] = "delta"
    se: str | None = None
    test: str | None = None
    bounds: bool | str | None = None
    sampling_weights: str | None = None
    cluster: str | None = None
    std_lv: bool = False
    orthogonal: bool = False
    fixed_x: bool = True
    likelihood: Literal["normal", "wishart"] = "normal"
    engine: Literal["native", "semopy"] = "native"

    @field_validator("estimator", "missing", "se", "test", "bounds")
    @classmethod
    def _is_known(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - of any of these
        if value is not None:
            try:
                check_option(str(info.field_name), value)
            except UnsupportedError as error:
                raise ValueError(str(error)) from None
        return value

    def options(self) -> FitOptions:
        """Return the options of the estimation.

        Raises
        ------
        UnsupportedError
            Where they do not go together.
        """
        return decided(self.model_dump())


class RespecificationSettings(Section):
    """``[respecification]``: see :class:`clustersem.RespecificationPolicy` for the keys."""

    allow: str | list[str] | dict[str, str] = "within_construct"
    forbid: str | list[str] = Field(default_factory=list)
    steps: str | list[str | list[str]] | dict[str, str] = Field(default_factory=list)
    reasons: dict[str, str] = Field(default_factory=dict)
    search: Search = "forward"
    criterion: CriterionName | None = None
    minimum_mi: float = CRITICAL_MI
    adjust: Literal["holm", "bonferroni", "bh"] = "holm"
    alpha: float | None = None
    relevant: float | dict[str, float] | None = None
    max_steps: int | None = None
    target: dict[str, str] = Field(default_factory=dict)
    inadmissible: Literal["skip", "keep"] | None = None
    max_models: int = 5000
    breadth: int = 10
    folds: int = 5
    seed: int = 1

    def policy(self) -> RespecificationPolicy:
        """Return the policy that the section describes."""
        return RespecificationPolicy(**self.model_dump())


class SharedWork(Section):
    """What takes its time, and can be shared.

    Attributes
    ----------
    seed : int
        Of the random numbers.
    n_jobs : int
        How many processes share the work; -1 takes all cores.
    """

    seed: int = Field(default=1, ge=0)
    n_jobs: int = 1

    @field_validator("n_jobs")
    @classmethod
    def _is_some(cls, value: int) -> int:
        # Found out here, and not when all that comes before is done.
        if value == 0:
            raise ValueError("write how many processes share the work; -1 takes all cores")
        return value


class CutoffSettings(SharedWork):
    """``[cutoffs]``: cutoffs of fit indices for this model and this n.

    Attributes
    ----------
    n : int
        Replications of every level of misspecification.
    answers : str or None
        How answers are drawn: ``"normal"`` or ``"likert"``; None as the sample suggests.
    """

    n: int = Field(default=500, ge=1)
    answers: Literal["normal", "likert"] | None = None


class PriceSettings(SharedWork):
    """``[price]``: what the respecification costs; see :func:`clustersem.price`."""

    n: int = Field(default=200, ge=2)
    folds: int = Field(default=5, ge=2)
    repeats: int = Field(default=4, ge=1)


class MultiverseSettings(SharedWork):
    """``[multiverse]``: hypotheses in every model; see :func:`clustersem.multiverse`."""

    max_models: int = Field(default=1000, ge=1)
    estimators: list[str] = Field(default_factory=list)
    deletions: Literal["each"] | list[str | list[str]] = Field(default_factory=list)

    @field_validator("estimators")
    @classmethod
    def _are_known(cls, value: list[str]) -> list[str]:
        # Found out here, and not when all that comes before is done.
        for name in value:
            try:
                check_option("estimator", name)
            except UnsupportedError as error:
                raise ValueError(str(error)) from None
        return value


class EquivalentSettings(Section):
    """``[equivalent_models]``: see :func:`clustersem.equivalent_models`."""

    depth: int = Field(default=2, ge=1, le=3)
    limit: int = Field(default=200, ge=1)


class OptionSettings(Section):
    """``[options]``: how hypotheses are read.

    Attributes
    ----------
    alpha : float
        Level of significance, two-sided.
    main_path : float
        Absolute standardised estimates above this are main paths, below it auxiliary ones.
    """

    alpha: float = Field(default=0.05, gt=0.0, lt=1.0)
    main_path: float = Field(default=0.6, ge=0.0)


_SHAPES = {
    "ordered": 'true for all items, or a list of them: ["t1", "t2"]',
    "bounds": '"pos.var", "standard" or "wide"',
    "allow": '"within_construct", or a list of such names and of parameters: ["C11 ~~ C12"]',
    "forbid": '"cross_loadings", or a list of such names and of parameters: ["C11 ~~ C12"]',
    "relevant": "a standardised change, 0.1, or one by operator: { '=~' = 0.4, '~~' = 0.1 }",
    "target": 'a table of indices: { cfi = "> .9", cmin_df = "< 3" }',
    "reasons": 'a table of parameters: { "C11 ~~ C12" = "why" }',
    "deletions": '"each", or a list of items, or of items that go together: [["C1", "C2"]]',
    "estimators": 'a list of names: ["MLR", "GLS"]',
    "steps": 'a list of parameters: ["C11 ~~ C12", "C2 ~~ C3"]',
}

AnySection = TypeVar("AnySection", bound=Section)


def read_section(
    kind: type[AnySection], name: str, values: object, *, source: str, text: str = ""
) -> AnySection:
    """Make a section of a table of a study file.

    Parameters
    ----------
    kind : type
        The section's class.
    name : str
        Its heading.
    values : mapping
        What the file says.
    source, text : str
        The file's name and whole text, for messages.

    Raises
    ------
    CodebookError
        Where a key is unknown or a value is not what it may be; file, line and key are named.
    """
    if not isinstance(values, Mapping):
        raise CodebookError(
            f"{source}: {name} is a section: write [{name}], with one pair of brackets, and its"
            " keys below that line."
        )
    try:
        return kind(**values)
    except ValidationError as error:
        lines = [_line(kind, name, detail, source, text) for detail in error.errors()]
        raise CodebookError("\n".join(dict.fromkeys(lines))) from None


def _line(kind: type[Section], name: str, detail: Any, source: str, text: str) -> str:  # noqa: ANN401
    location = [str(part) for part in detail["loc"]]
    if location[0] in _SHAPES:
        # Of a union pydantic names every member that it tried, which tells a researcher nothing.
        location = location[:1]
    at = line_of(text, (name, *location)) if text else None
    place = f"{source}, line {at}" if at else source
    key = ".".join(location)
    if detail["type"] == "extra_forbidden" and name == "model" and key in ELSEWHERE:
        return f"{place}: [{name}] {key}: {ELSEWHERE[key]}."
    if detail["type"] == "extra_forbidden":
        known = list(kind.model_fields)
        hint = did_you_mean(location[-1], known) or f"; known are {listed(known, limit=20)}"
        return f"{place}: [{name}] has no key {key!r}{hint}"
    if detail["type"] == "value_error":
        return f"{place}: [{name}] {key}: {detail['ctx']['error']}"
    if key in _SHAPES:
        return f"{place}: [{name}] {key}: write {_SHAPES[key]}"
    said = detail["msg"]
    return f"{place}: [{name}] {key}: {said[:1].lower()}{said[1:]}, not {detail['input']!r}"
