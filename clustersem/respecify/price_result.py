"""The price of a respecification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clustersem.fit.result import Fit


@dataclass(frozen=True, eq=False)
class Price:
    """What :func:`clustersem.price` found.

    Attributes
    ----------
    initial, final : Fit
        The model before the steps and after them, on the whole sample.
    fit_table : DataFrame
        By index (the names of ``fit.measures`` that are reported for the estimator): ``initial``,
        ``plain`` (the revised model on this sample), ``corrected`` (what it would be on as many new
        respondents), ``optimism`` (corrected less plain), and ``mc_se``, the standard error that
        `optimism` has because only so many halves were drawn.
    validation : DataFrame
        By model (``initial``, ``revised``, ``searched``: the search repeated in each training
        part): ``chisq`` and ``ecvi`` of the sample, and cross-validated in folds (``cv_chisq``,
        ``cv_ecvi``) and in halves (``holdout_chisq``, ``holdout_ecvi``), each with ``_se``.
        ``ecvi`` columns are in units of F, a discrepancy per respondent.
    steps : DataFrame
        One row a freed parameter of the revised model: ``lhs op rhs``; ``picked`` and
        ``picked_halves``, in which share of resamples and of halves the search freed it (NaN where
        no search could, because the policy only allows it as a given step; and ``picked_halves``
        of any given steps, for halves make these and search for none); ``epc`` and ``est`` of
        the sample; of the ``n_halves`` halves that freed it, ``est_found`` there and ``est_new`` in
        the other half, means of both, ``shrinkage`` = est_new / est_found and ``epc_shrinkage`` =
        est_new / the expected change there; and ``caution``.
    candidates : DataFrame
        Every parameter that was ever picked: ``lhs op rhs picked picked_halves in_final``.
    sets : DataFrame
        The distinct models that resamples led to: ``freed n_freed times share is_final``.
    failures : DataFrame
        What gave no number: ``what failure times example``.
    counts : mapping of str to number
        ``resamples``, ``resamples_searched``, ``distinct_sets``, ``final_set`` (resamples that
        found the very same model), ``mean_freed``; ``partings`` into halves, ``partings_used``;
        ``folds``, ``folds_used``.
    given : bool
        Whether the steps were given. Then the indices have no optimism, and frequencies are those
        of the search that the policy would have made without them.
    n_folds : int
        Parts of each cross-validation.
    seed : int
        Of the random numbers.
    stopped : str
        Empty, or why replications are missing.
    """

    initial: Fit
    final: Fit
    fit_table: pd.DataFrame
    validation: pd.DataFrame
    steps: pd.DataFrame
    candidates: pd.DataFrame
    sets: pd.DataFrame
    failures: pd.DataFrame
    counts: Mapping[str, float]
    given: bool
    n_folds: int
    seed: int
    stopped: str

    def __str__(self) -> str:
        from clustersem.respecify.price_text import text_of

        return text_of(self)

    def __repr__(self) -> str:
        rmsea = next(name for name in self.fit_table.index if name.startswith("rmsea"))
        row = self.fit_table.loc[rmsea]
        return (
            f"<Price: {len(self.steps)} freed, RMSEA {row['plain']:.3f}, corrected"
            f" {row['corrected']:.3f}, {self.counts['resamples']:g} resamples>"
        )
