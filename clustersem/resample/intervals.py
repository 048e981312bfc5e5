"""Confidence intervals from resampled estimates, for many parameters at once.

With the estimate t, resampled values t*, their standard deviation s, quantiles q(alpha) of t* (see
:mod:`clustersem.resample.quantiles`), alpha = (1 - level) / 2, and w the normal quantile of the
share of t* below t:

============  ===================================================================================
percentile    q(alpha) to q(1 - alpha)
basic         2 t - q(1 - alpha) to 2 t - q(alpha)
normal        t - bias -+ z s, bias the mean of t* less t
bc            percentiles at Phi(2 w -+ z): corrected for median bias (lavaan's ``bca.simple``)
bca           percentiles at Phi(w + (w -+ z) / (1 - a (w -+ z))), a the acceleration
studentized   t - s_t q_z(1 - alpha) to t - s_t q_z(alpha), q_z quantiles of (t* - t) / s_t*, where
              s_t and s_t* are the standard errors of the estimate and of every resample's own
============  ===================================================================================

References
----------
Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
University Press. doi:10.1017/CBO9780511802843 (chapter 5)
Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical
Association, 82, 171-185. doi:10.1080/01621459.1987.10478410
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from clustersem.errors import ModelError
from clustersem.moments.order import Index
from clustersem.resample.numbers import is_number
from clustersem.resample.quantiles import Array, Resampled, mean_and_sd
from clustersem.survey.names import did_you_mean, listed

Kind = Literal["percentile", "basic", "normal", "bc", "bca", "studentized"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Intervals of k parameters.

    Attributes
    ----------
    kind : str
        ``"percentile"``, ``"basic"``, ``"normal"``, ``"bc"``, ``"bca"`` or ``"studentized"``.
    level : float
        Their confidence level.
    lower, upper : ndarray of shape (k,)
        Limits, in the unit of the estimates; NaN where there is no such interval. Of a parameter
        that is the same in all resamples both are that value.
    n_used : ndarray of int, shape (k,)
        Resamples with a result (for ``"studentized"``, with a standard error too).
    extreme : ndarray of bool, shape (k,)
        Where a limit is the outermost resample because there are too few for the level.
    undefined : ndarray of bool, shape (k,)
        Where the correction of ``"bc"`` and ``"bca"`` has no value: all resamples lie on one side
        of the estimate, or the acceleration is too large; or where fewer than two resamples have a
        result.
    """

    kind: Kind
    level: float
    lower: Array
    upper: Array
    n_used: Index
    extreme: NDArray[np.bool_]
    undefined: NDArray[np.bool_]

    @property
    def _needed(self) -> str:
        return "value with a standard error" if self.kind == "studentized" else "value"

    def remarks(self, names: list[str]) -> tuple[str, ...]:
        """Return in words what is to be known of these intervals, one sentence a matter.

        Parameters
        ----------
        names : list of k str
            The parameters.
        """
        said = []
        if self.extreme.any():
            which = [names[i] for i in np.flatnonzero(self.extreme).tolist()]
            n = int(self.n_used[self.extreme].min())
            said.append(
                f"{self.level:.0%} limits of {listed(which)} are the outermost of {n} resamples:"
                f" more resamples are needed ({least_resamples(self.level)} at least, better 1000;"
                " 'bc' and 'bca' want more than 'percentile')."
            )
        few = self.n_used < 2
        least = self.n_used.max(initial=0)
        partly = ~few & (self.n_used < least)
        if partly.any():
            which = [names[i] for i in np.flatnonzero(partly).tolist()]
            lost = least - int(self.n_used[partly].min())
            said.append(
                f"{lost} of {least} resamples gave {listed(which)} no {self._needed} (a logarithm"
                " of a negative number, say). These intervals are of the others, and too narrow"
                " where those are no fair sample."
            )
        for these, why in (
            (
                self.undefined & ~few,
                "all resamples lie on one side of the estimate, or the acceleration is too large."
                " Look at how the resamples are distributed.",
            ),
            (self.undefined & few, f"fewer than two resamples gave a {self._needed}."),
        ):
            if not these.any():
                continue
            which = [names[i] for i in np.flatnonzero(these).tolist()]
            said.append(f"There is no {self.kind!r} interval of {listed(which)}: " + why)
        return tuple(said)


def intervals(
    estimate: Array,
    resampled: Array,
    *,
    kind: Kind = "percentile",
    level: float = 0.95,
    acceleration: Array | None = None,
    se: Array | None = None,
    resampled_se: Array | None = None,
) -> Intervals:
    """Return confidence intervals of parameters from their resampled estimates.

    Parameters
    ----------
    estimate : ndarray of shape (k,)
        Estimates from the sample itself.
    resampled : ndarray of shape (B, k)
        Estimates from the resamples; NaN where a resample gave none. Those are left out of the
        quantiles and counted (``n_used``).
    kind : str
        Which interval; see the table at the head of this module.
    level : float
        Confidence level, between 0 and 1.
    acceleration : ndarray of shape (k,), optional
        For ``"bca"``; see :func:`clustersem.resample.acceleration.acceleration`.
    se : ndarray of shape (k,), optional
        For ``"studentized"``: standard errors of the estimates.
    resampled_se : ndarray of shape (B, k), optional
        For ``"studentized"``: standard errors in every resample, computed as `se` was.

    Returns
    -------
    Intervals
        Limits, and where they are not to be trusted.

    Raises
    ------
    ModelError
        Where the kind is unknown, the level is not between 0 and 1, or what the kind needs is
        missing.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> resampled = np.exp(rng.standard_normal((999, 1)))
    >>> for kind in ("percentile", "basic", "normal", "bc"):
    ...     found = intervals(np.array([1.0]), resampled, kind=kind)
    ...     print(f"{kind:10} {found.lower[0]:6.2f} {found.upper[0]:6.2f}")
    percentile   0.12   6.47
    basic       -4.47   1.88
    normal      -3.98   4.87
    bc           0.14   6.89
    """
    level = check_level(level)
    if kind not in KINDS:
        raise ModelError(
            f"There is no bootstrap interval {kind!r}{did_you_mean(kind, KINDS)}. Write one of"
            f" {listed(repr(one) for one in KINDS)}."
        )
    if kind == "studentized":
        if se is None or resampled_se is None:
            raise ModelError(
                "A studentized interval needs the standard errors of the estimates in every"
                " resample. Ask for 'bca' or 'percentile' where there are none."
            )
        return _studentized(estimate, resampled, level, se, resampled_se)
    values = Resampled.of(resampled)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    alpha = np.broadcast_to(tails, (len(estimate), 2))
    undefined = values.n_used < 2
    if kind == "normal":
        mean, sd = mean_and_sd(resampled)
        limits = (2 * estimate - mean)[:, None] + sd[:, None] * ndtri(tails)
        extreme = np.zeros((len(estimate), 2), dtype=np.bool_)
    elif kind == "basic":
        quantiles, extreme = values.quantiles(alpha)
        limits = 2 * estimate[:, None] - quantiles[:, ::-1]
    else:
        if kind != "percentile":
            if kind == "bca" and acceleration is None:
                raise ModelError(
                    "A 'bca' interval needs the acceleration of every parameter. Ask for 'bc',"
                    " which goes without."
                )
            alpha = _corrected(
                values.share_below(estimate),
                np.zeros(len(estimate)) if kind == "bc" or acceleration is None else acceleration,
                ndtri(tails),
            )
            undefined = undefined | (np.isnan(alpha).any(axis=1) & ~values.constant)
        limits, extreme = values.quantiles(alpha)
    return _dressed(kind, level, limits, values, extreme, undefined)


def check_level(level: float) -> float:
    """Return a confidence level that lies between 0 and 1.

    Raises
    ------
    ModelError
        Where it does not.
    """
    if not is_number(level) or not 0 < level < 1:
        is_percent = is_number(level) and 1 < level < 100
        advice = f" Write {level / 100:g} for {level:g} %." if is_percent else ""
        raise ModelError(f"A confidence level lies between 0 and 1; {level!r} does not.{advice}")
    return float(level)


def least_resamples(level: float) -> int:
    """Return how many resamples a percentile interval of this level needs to lie inside of them.

    The rank of its lower limit, (B + 1) (1 - level) / 2, must not be below one: 39 for 95 %, 199
    for 99 %. That many give a limit; a limit that does not jump when the resampling is done again
    takes a thousand or more.

    Examples
    --------
    >>> least_resamples(0.95), least_resamples(0.99)
    (39, 199)
    """
    # 1 - 0.99 is a little more or less than 0.01 in binary: without rounding, luck would decide.
    return math.ceil(round(2 / (1 - check_level(level)), 6)) - 1


def _corrected(share_below: Array, acceleration: Array, z: Array) -> Array:
    """Return the shares whose quantiles are the limits of a BCa interval, shape (k, 2)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        w = ndtri(share_below)[:, None]
        shifted = w + z
        room = 1 - acceleration[:, None] * shifted
        corrected: Array = ndtr(w + shifted / room)
    # Beyond room = 0 the corrected share turns around and means nothing.
    return np.where(np.isfinite(w) & (room > 0), corrected, np.nan)


def _studentized(
    estimate: Array, resampled: Array, level: float, se: Array, resampled_se: Array
) -> Intervals:
    # A standard error of zero belongs to a fixed parameter; it leaves nothing to divide by.
    usable = np.isfinite(resampled) & np.isfinite(resampled_se) & (resampled_se > 0)
    z = np.full(resampled.shape, np.nan)
    np.divide(resampled - estimate, resampled_se, out=z, where=usable)
    values = Resampled.of(z)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    quantiles, extreme = values.quantiles(np.broadcast_to(tails, (len(estimate), 2)))
    limits = estimate[:, None] - se[:, None] * quantiles[:, ::-1]
    fixed = Resampled.of(resampled)
    # What the model takes over from the sample varies, but has no standard error: no interval is
    # expected of it.
    undefined = (se != 0) & ((values.n_used < 2) | ~np.isfinite(se))
    found = _dressed("studentized", level, limits, fixed, extreme, undefined)
    n_used = np.where(fixed.constant, fixed.n_used, values.n_used)
    return Intervals("studentized", level, found.lower, found.upper, n_used, *_flags(found))


def _flags(found: Intervals) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return found.extreme, found.undefined


def _dressed(
    kind: Kind,
    level: float,
    limits: Array,
    values: Resampled,
    outermost: NDArray[np.bool_],
    undefined: NDArray[np.bool_],
) -> Intervals:
    """Return the intervals; constant parameters are their value, undefined ones are NaN."""
    extreme = outermost[:, 0] | outermost[:, 1]
    # One resample differs from no other: that does not make a parameter constant.
    constant = values.constant & (values.n_used > 1)
    undefined = undefined & ~constant
    limits = np.where(undefined[:, None], np.nan, limits)
    limits = np.where(constant[:, None], values.ascending[:, :1], limits)
    return Intervals(
        kind,
        level,
        limits[:, 0],
        limits[:, 1],
        values.n_used,
        extreme & ~constant & ~undefined,
        undefined,
    )
