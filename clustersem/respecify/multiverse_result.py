"""The hypotheses under all models: how far the conclusions depend on the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clustersem.engine.ram import Array
from clustersem.errors import ModelError
from clustersem.fit.hypotheses import Hypothesis
from clustersem.respecify.multiverse_fits import FITTED, MEASURES, READ
from clustersem.respecify.policy import RespecificationPolicy, Target
from clustersem.survey.names import did_you_mean, listed

SUPPORTED, CONTRADICTED = "supported", "contradicted"
NOT_SUPPORTED, NOT_TESTED = "not supported", "not tested"
MISSED = "off target"


@dataclass(frozen=True, eq=False)
class Multiverse:
    """What becomes of hypotheses in every model that was looked at.

    Attributes
    ----------
    hypotheses : tuple of Hypothesis
        What was tested.
    alpha : float
        The level.
    n_obs : int
        Respondents behind the fit.
    models : DataFrame
        One row a model: ``model`` (its number), ``sample estimator deleted freed n_freed``;
        ``role``, ``"initial"``, ``"final"`` (where the policy leads), ``"on the way"`` or empty;
        ``status``, ``"fitted"`` or why it is left out, and ``why`` at length (of a fitted model:
        what makes it inadmissible, where the policy keeps it); ``chisq df pvalue cmin_df cfi tli
        rmsea srmr aic bic``, the robust or scaled ones where the estimator corrects its test.
    values : ndarray of shape (models, hypotheses, 6)
        ``est se p_value std_all std_ci_lower std_ci_upper``; NaN where there is no value.
    how : str
        How the sets of modifications were chosen.
    whole : bool
        Whether they are all that the policy allows.
    notes : tuple of str
        What else there is to say.
    """

    hypotheses: tuple[Hypothesis, ...]
    alpha: float
    n_obs: int
    models: pd.DataFrame
    values: Array
    how: str
    whole: bool
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.values.setflags(write=False)

    @cached_property
    def fitted(self) -> NDArray[np.bool_]:
        """Which models count: those that are not left out."""
        return np.asarray(self.models["status"] == FITTED)

    @cached_property
    def verdicts(self) -> NDArray[np.object_]:
        """As :func:`test_hypotheses` gives them (models x hypotheses); empty where none is."""
        est, p = self.values[..., READ.index("est")], self.values[..., READ.index("p_value")]
        expect = np.array([hypothesis.expect for hypothesis in self.hypotheses])
        with np.errstate(invalid="ignore"):
            as_expected = (expect == "!=0") | ((est > 0) == (expect == "+"))
            significant = p < self.alpha
        found = np.select(
            [np.isnan(est), np.isnan(p), ~significant, as_expected],
            ["", NOT_TESTED, NOT_SUPPORTED, SUPPORTED],
            CONTRADICTED,
        )
        return np.asarray(found.astype(object))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a hypothesis.

        ``id path expect``; ``n_models`` that have the parameter; ``std_min std_median std_max`` of
        the standardised estimate; ``p_max``; ``share_supported``; ``share_contradicted``,
        significant with the other sign; ``initial`` and ``final``, the verdicts in these models;
        ``share_same``, the share of models with the verdict of the final one; and ``survives``:
        whether that verdict is the same ``"in all"`` models, ``"in most (94 %)"``, more than half,
        ``"in some (31 %)"``, half of them or fewer, or ``"in none"``. A conclusion is robust if its
        verdict is the same in all.
        """
        rows = []
        for j, hypothesis in enumerate(self.hypotheses):
            own = self.fitted & (self.verdicts[:, j] != "")
            verdict, values = self.verdicts[own, j], self.values[own, j]
            std, p = values[:, READ.index("std_all")], values[:, READ.index("p_value")]
            final = self.verdict_in("final", j)
            same = _share(verdict == final)
            rows.append(
                {
                    "id": hypothesis.id,
                    "path": hypothesis.path,
                    "expect": hypothesis.expect,
                    "n_models": int(own.sum()),
                    "std_min": _of(np.nanmin, std),
                    "std_median": _of(np.nanmedian, std),
                    "std_max": _of(np.nanmax, std),
                    "p_max": _of(np.nanmax, p),
                    "share_supported": _share(verdict == SUPPORTED),
                    "share_contradicted": _share(verdict == CONTRADICTED),
                    "initial": self.verdict_in("initial", j),
                    "final": final,
                    "share_same": same,
                    "survives": survival(same) if final else "",
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """One row a fitted model and hypothesis that it has.

        ``model id path est se p_value std_all std_ci_lower std_ci_upper verdict supported``.
        """
        model, hypothesis = np.nonzero(self.fitted[:, None] & (self.verdicts != ""))
        ids = np.array([h.id for h in self.hypotheses], dtype=object)
        paths = np.array([h.path for h in self.hypotheses], dtype=object)
        verdict = self.verdicts[model, hypothesis]
        return pd.DataFrame(
            {
                "model": self.models["model"].to_numpy()[model],
                "id": ids[hypothesis],
                "path": paths[hypothesis],
                **dict(zip(READ, self.values[model, hypothesis].T, strict=True)),
                "verdict": verdict,
                "supported": verdict == SUPPORTED,
            }
        )

    @cached_property
    def choices(self) -> pd.DataFrame:
        """Which model makes which choice: models x choices, bool.

        A column a freed parameter, and where there are several, a sample, an estimator, items that
        are left out; only choices that some fitted models make and others do not.
        """
        columns: dict[str, NDArray[np.bool_]] = {}
        for column, lead in (("sample", "sample "), ("estimator", ""), ("deleted", "without ")):
            values = self.models[column]
            for value in values.unique():
                if value and values.nunique() > 1:
                    columns[f"{lead}{value}"] = np.asarray(values == value)
        freed = [text.split(", ") if text else [] for text in self.models["freed"]]
        by_number = self.models["n_freed"].sort_values(kind="stable").index
        for name in dict.fromkeys(name for i in by_number for name in freed[i]):
            columns[name] = np.array([name in own for own in freed], dtype=bool)
        own = self.fitted
        return pd.DataFrame(
            {k: v for k, v in columns.items() if 0 < (v & own).sum() < own.sum()},
            index=self.models.index,
        )

    @cached_property
    def influence(self) -> pd.DataFrame:
        """What each choice does to each hypothesis: choices x hypotheses.

        The mean standardised estimate of the fitted models that make the choice less that of those
        that do not; they differ in other respects too, so it describes and does not isolate.
        """
        std = self.values[..., READ.index("std_all")]
        columns = {}
        for j, hypothesis in enumerate(self.hypotheses):
            known = self.fitted & np.isfinite(std[:, j])
            columns[hypothesis.id] = [
                _mean(std[known & made, j]) - _mean(std[known & ~made, j])
                for made in self.choices.to_numpy(dtype=bool).T
            ]
        return pd.DataFrame(columns, index=list(self.choices.columns), dtype=float)

    @property
    def counts(self) -> dict[str, int]:
        """How many models came to what: ``"fitted"`` first, then why others are left out."""
        left_out = self.models.loc[~self.fitted, "status"].value_counts()
        return {FITTED: int(self.fitted.sum()), **{str(k): int(n) for k, n in left_out.items()}}

    @property
    def left_out(self) -> pd.DataFrame:
        """The models that are left out: ``model sample estimator deleted freed status why``."""
        columns = ["model", "sample", "estimator", "deleted", "freed", "status", "why"]
        return self.models.loc[~self.fitted, columns].reset_index(drop=True)

    @property
    def robust(self) -> tuple[str, ...]:
        """The hypotheses whose verdict is that of the final model in all models."""
        table = self.table
        return tuple(table.loc[table["survives"] == "in all", "id"])

    def verdict_in(self, role: str, hypothesis: int) -> str:
        """Return a hypothesis' verdict in the fit's own initial or final model; may be empty."""
        at = self.place_of(role)
        return "" if at is None else str(self.verdicts[at, hypothesis])

    def place_of(self, role: str) -> int | None:
        """Return the row of the fit's own initial or final model; None where it is not there."""
        first = self.models.iloc[:1]
        own = np.ones(len(self.models), dtype=bool)
        for column in ("sample", "estimator", "deleted"):
            own &= np.isin(self.models[column], first[column])
        named = self.models["role"].str.split(", ").map(lambda roles: role in roles)
        known = np.isin(self.models["status"], (FITTED, MISSED))
        found = np.flatnonzero(own & named.to_numpy(dtype=bool) & known)
        return int(found[0]) if len(found) else None

    def among(self, target: Target) -> Multiverse:
        """Return the multiverse of the models whose fit meets a target.

        Parameters
        ----------
        target : mapping
            As in :class:`RespecificationPolicy`: ``{"cmin_df": "< 3", "cfi": "> .9"}``, by the
            measures in ``.models``.

        Returns
        -------
        Multiverse
            The verdicts of the initial and of the final model are still shown where these miss the
            target, but do not count.

        Raises
        ------
        ModelError
            Where a measure is not there, or the target cannot be read.
        """
        policy = RespecificationPolicy(target=target)
        for name in policy.goals:
            if name not in MEASURES:
                raise ModelError(
                    f"the target names {name!r}, which is none of {', '.join(MEASURES)}"
                    f"{did_you_mean(name, MEASURES)}."
                )
        goals = [f"{name} {sign} {wanted:g}" for name, (sign, wanted) in policy.goals.items()]
        status, why = list(self.models["status"]), list(self.models["why"])
        measures = self.models[list(MEASURES)].to_numpy(dtype=float)
        for at in np.flatnonzero(self.fitted).tolist():
            missed = policy.unmet(dict(zip(MEASURES, measures[at].tolist(), strict=True)))
            if missed:
                status[at], why[at] = MISSED, "; ".join(missed)
        return replace(
            self,
            models=self.models.assign(status=status, why=why),
            notes=(*self.notes, f"Only models with {listed(goals)} count."),
        )

    def __str__(self) -> str:
        from clustersem.respecify.multiverse_text import multiverse_text

        return multiverse_text(self)

    def __repr__(self) -> str:
        return (
            f"<Multiverse: {len(self.hypotheses)} hypotheses in {self.counts[FITTED]} models,"
            f" {len(self.robust)} verdicts the same in all>"
        )


def survival(share: float) -> str:
    """Say in how many models a verdict is that of the final one; documented on the table.

    Examples
    --------
    >>> survival(1.0), survival(0.9996), survival(0.4), survival(0.0)
    ('in all', 'in most (99.9 %)', 'in some (40 %)', 'in none')
    """
    if share in (0.0, 1.0):
        return "in all" if share else "in none"
    return f"in {'most' if share > 0.5 else 'some'} ({percent(share)})"


def percent(share: float) -> str:
    """Return a share as a percentage that is 0 or 100 only where it is exactly that."""
    if share != share:
        return "-"
    if 0.0 < share < 0.001:
        return "<0.1 %"
    if 0.99 < share < 1.0 or 0.0 < share < 0.01:
        return f"{np.floor(1000.0 * share) / 10.0:.1f} %"
    return f"{100.0 * share:.0f} %"


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _share(of: NDArray[np.bool_]) -> float:
    return float(np.mean(of)) if len(of) else float("nan")


def _of(statistic: object, values: Array) -> float:
    assert callable(statistic)
    return float(statistic(values)) if np.isfinite(values).any() else float("nan")
