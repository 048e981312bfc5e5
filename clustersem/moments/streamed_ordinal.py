"""Ordinal statistics from contingency tables, with the respondents themselves long gone.

Thresholds and polychoric correlations need the tables of pairs only, and so does the variance of
each: what a respondent adds to a correlation depends on two answers. How the estimates of two
different correlations covary depends on four answers; that is estimated from a random sample of the
respondents, and scaled to the variances, which are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clustersem.moments.contingency import CodedAnswers
from clustersem.moments.continuous import standardised
from clustersem.moments.influence import gamma, tabled_variances
from clustersem.moments.order import Index, MomentOrder
from clustersem.moments.part import check_pairs
from clustersem.moments.sample import Array, OrdinalStatistics
from clustersem.moments.streamed_tables import Tables
from clustersem.moments.two_step import two_steps


@dataclass(frozen=True, eq=False, kw_only=True)
class TabledAnswers(CodedAnswers):
    """Answers of which the tables are known, and the codes of a random sample.

    Attributes
    ----------
    frequencies : ndarray of shape (q, K, q, K)
        Joint frequencies of all respondents.
    n_respondents : int
        How many these are.
    """

    frequencies: Array
    n_respondents: int

    @property
    def n_rows(self) -> int:
        """Number of all respondents."""
        return self.n_respondents

    @cached_property
    def joint(self) -> Array:
        """Frequencies of every two categories, shape (q, K, q, K)."""
        return self.frequencies


def statistics_from_tables(
    tables: Tables, n_respondents: int, drawn: Array, *, names: Sequence[str], source: str
) -> OrdinalStatistics:
    """Return thresholds, polychoric correlations and their covariance matrix Gamma.

    Parameters
    ----------
    tables : Tables
        Of all respondents, every level of every item with at least one answer.
    n_respondents : int
        Number of respondents with an answer to any item.
    drawn : ndarray of shape (m, q)
        Answers of a uniform random sample of them, NaN where missing.
    names : sequence of q str
        The items.
    source : str
        What to call the answers, or the group, in messages.

    Raises
    ------
    DataError
        Where nobody answered both items of a pair, or a correlation runs to 1 or -1.
    """
    sizes = np.array([len(levels) for levels in tables.levels], dtype=np.intp)
    codes = _codes(drawn, tables.levels, int(sizes.max()))
    frequencies = tables.joint.astype(np.float64)
    answers = TabledAnswers(
        codes, sizes, None, frequencies=frequencies, n_respondents=n_respondents
    )
    check_pairs(np.argwhere(np.triu(answers.n_both == 0.0)), names, source, least=1)
    order = MomentOrder(tuple((sizes - 1).tolist()), True)
    nothing = standardised(np.empty((len(drawn), 0)), None)
    steps = two_steps(order, answers, nothing, names, source)
    variances, estimated = tabled_variances(steps), gamma(steps)
    own = estimated.diagonal()
    scale = np.sqrt(np.divide(variances, own, out=np.zeros_like(own), where=own > 0.0))
    estimated *= np.outer(scale, scale)
    np.fill_diagonal(estimated, variances)
    return OrdinalStatistics(order, steps.moments, estimated, tables.levels)


def _codes(answers: Array, levels: Sequence[Array], missing: int) -> Index:
    """Return the place of every answer among its item's levels, (q, m)."""
    codes = np.full(answers.shape[::-1], missing, dtype=np.intp)
    for j, found in enumerate(levels):
        known = ~np.isnan(answers[:, j])
        codes[j, known] = np.searchsorted(found, answers[known, j])
    return codes
