"""The models that no data can tell from a fitted one, and what they do to its hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pandas as pd

from clustersem.errors import ModelError
from clustersem.fit.hypotheses import Hypothesis, parse_path
from clustersem.fit.result import Fit
from clustersem.respecify.trial import Trial
from clustersem.spec import ModelSpec
from clustersem.spec.entries import key_of
from clustersem.survey.names import did_you_mean

#: What an equivalent model does to a hypothesised parameter.
Effect = Literal["reversed", "covariance", "arrow", "replaced"]

_NUMBERS = ("est", "se", "z", "p_value", "ci_lower", "ci_upper", "std_all")
_TABLE = ("model", "changes", "source", "lhs", "op", "rhs", "group", *_NUMBERS, "chisq", "df")
_OF = ("model", "effect", "instead", "changes", "group", *_NUMBERS)


class Instead(NamedTuple):
    """What stands in an equivalent model where a hypothesised parameter stood.

    Attributes
    ----------
    effect : str
        ``"reversed"`` (the arrow points the other way), ``"covariance"`` (the arrow became one),
        ``"arrow"`` (the covariance became one) or ``"replaced"`` (by something elsewhere).
    parameter : str
        What stands there instead, as in the model text; of ``"replaced"`` all that was added.
    """

    effect: Effect
    parameter: str


@dataclass(frozen=True, eq=False)
class EquivalentModel:
    """One model that implies the same moments as the fitted one can.

    Attributes
    ----------
    number : int
        Its place in the list, from 1.
    changes : str
        In words: ``"A1 ~ B1 replaced by B1 ~ A1"``.
    removed, added : tuple of str
        The parameters that are not in it, and those that are instead.
    source : str
        ``"rule"`` (a replacing rule) or ``"tie"`` (of modification indices).
    spec : ModelSpec
        The model; ``spec.text`` can be fitted again.
    fit : Fit
        It fitted to the same samples with the same options.
    instead : mapping of str to Instead
        By hypothesis id, for the hypotheses whose parameter it does not have.
    """

    number: int
    changes: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    source: Literal["rule", "tie"]
    spec: ModelSpec
    fit: Fit
    instead: Mapping[str, Instead]

    @property
    def proper(self) -> bool:
        """Whether its solution is admissible: no negative variance, no correlation above one."""
        return Trial(self.fit).proper

    @property
    def estimates(self) -> pd.DataFrame:
        """The rows of ``fit.estimates`` for what was added."""
        return _rows_of(self.fit, self.added)

    def __repr__(self) -> str:
        return f"<EquivalentModel {self.number}: {self.changes}>"


@dataclass(frozen=True)
class Dropped:
    """A model that a rule proposed and that was left out.

    Attributes
    ----------
    changes : str
        In words.
    source : str
        ``"rule"`` or ``"tie"``. What a rule proposes is equivalent; that it could not be verified
        is then a matter of the sample (a model that it hardly identifies, say).
    why : str
        What was found when it was fitted.
    """

    changes: str
    source: Literal["rule", "tie"]
    why: str


@dataclass(frozen=True, eq=False)
class EquivalentModels:
    """What :func:`clustersem.equivalent_models` found; print it to read it.

    Attributes
    ----------
    fit : Fit
        The model that they are equivalent to.
    models : tuple of EquivalentModel
        Those that change a hypothesised parameter first, then by the number of replacements.
    hypotheses : tuple of Hypothesis
        What was hypothesised; empty where nothing was given.
    kept : mapping of str to str
        By hypothesis id, for those whose parameter every model keeps: what stands in the way of
        replacing it.
    dropped : tuple of Dropped
        Proposed models that did not pass the test of equivalence.
    left_out : int
        Proposed models beyond the limit, which were not fitted.
    depth : int
        The most replacements in a row.
    notes : tuple of str
        What the reader should know of this search.
    """

    fit: Fit
    models: tuple[EquivalentModel, ...]
    hypotheses: tuple[Hypothesis, ...]
    kept: Mapping[str, str]
    dropped: tuple[Dropped, ...]
    left_out: int
    depth: int
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a parameter that an equivalent model has and the fitted one has not.

        ``model``, its number; ``changes source``; ``lhs op rhs group``; raw ``est se z p_value
        ci_lower ci_upper`` and ``std_all`` in that model; its ``chisq df``.
        """
        rows = [
            {
                "model": model.number,
                "changes": model.changes,
                "source": model.source,
                **{name: row[name] for name in ("lhs", "op", "rhs", "group", *_NUMBERS)},
                "chisq": model.fit.measures["chisq"],
                "df": model.fit.df,
            }
            for model in self.models
            for row in model.estimates.to_dict("records")
        ]
        return pd.DataFrame(rows, columns=list(_TABLE))

    def of(self, hypothesis: str) -> pd.DataFrame:
        """Return the equivalent models that do not have a hypothesised parameter.

        Parameters
        ----------
        hypothesis : str
            Its id.

        Returns
        -------
        DataFrame
            ``model``, its number; ``effect`` and ``instead``, what stands where the parameter
            stood (see :class:`Instead`); ``changes``, all that differs; the numbers of what stands
            there. Empty where every model that was found keeps the parameter.

        Raises
        ------
        ModelError
            Where no hypothesis has that id.
        """
        self._known(hypothesis)
        rows = []
        for model in self.models:
            if hypothesis not in model.instead:
                continue
            effect, parameter = model.instead[hypothesis]
            table = _rows_of(model.fit, parameter.split(", "))
            for row in table.to_dict("records"):
                found = {"model": model.number, "effect": effect, "instead": parameter}
                found |= {"changes": model.changes, "group": row["group"]}
                rows.append(found | {name: row[name] for name in _NUMBERS})
        return pd.DataFrame(rows, columns=list(_OF))

    def in_words(self, hypothesis: str) -> str:
        """Return what the equivalent models make of a hypothesis; empty where nothing.

        Parameters
        ----------
        hypothesis : str
            Its id.

        Raises
        ------
        ModelError
            Where no hypothesis has that id.
        """
        self._known(hypothesis)
        first: dict[Instead, int] = {}
        for model in self.models:
            if hypothesis in model.instead:
                first.setdefault(model.instead[hypothesis], model.number)
        order: tuple[Effect, ...] = ("reversed", "arrow", "covariance", "replaced")
        words = []
        for effect in order:
            found = [f"{x.parameter} ({n})" for x, n in first.items() if x.effect == effect]
            if found:
                words.append(f"{effect}: {', '.join(found)}")
        return "; ".join(words)

    def verdicts(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of hypotheses with what equivalent models make of each.

        Parameters
        ----------
        table : DataFrame
            Of :func:`clustersem.test_hypotheses`, or any other with a column ``id``.

        Returns
        -------
        DataFrame
            The table with a column ``equivalent``: ``"reversed: B1 ~ A1 (3)"``, where 3 is the
            number of the model. Empty where no model that was found changes the arrow.

        Raises
        ------
        ModelError
            Where the table has no ids, or one that was not among the hypotheses.
        """
        if not isinstance(table, pd.DataFrame) or "id" not in table:
            raise ModelError(
                "verdicts() takes the table of cs.test_hypotheses(fit, hypotheses), with a column"
                " 'id'."
            )
        result = table.copy()
        result["equivalent"] = [self.in_words(str(name)) for name in table["id"]]
        return result

    def _known(self, hypothesis: str) -> None:
        names = [each.id for each in self.hypotheses]
        if not names:
            raise ModelError(
                "no hypotheses were given: call cs.equivalent_models(fit, hypotheses) with those"
                " that cs.test_hypotheses takes."
            )
        if hypothesis not in names:
            raise ModelError(
                f"there is no hypothesis {hypothesis!r}{did_you_mean(hypothesis, names)}; there are"
                f" {', '.join(names)}."
            )

    def __str__(self) -> str:
        from clustersem.respecify.equivalent_text import text_of

        return text_of(self)

    def __repr__(self) -> str:
        return f"<EquivalentModels: {len(self.models)} found, {len(self.dropped)} dropped>"


def _rows_of(fit: Fit, parameters: Sequence[str]) -> pd.DataFrame:
    """Return the estimates of parameters, in their order and with their names."""
    table = fit.estimates
    keys = [key_of(*row) for row in table[["lhs", "op", "rhs"]].itertuples(index=False)]
    parts = []
    for parameter in parameters:
        path = parse_path(parameter)
        rows = table[[key == key_of(*path) for key in keys]]
        parts.append(rows.assign(lhs=path.lhs, rhs=path.rhs))
    return pd.concat(parts, ignore_index=True)
