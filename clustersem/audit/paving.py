"""Whether a model and a null model exist whose fit indices are all within what is printed.

Every incremental index is a function of three numbers, with x and d the model's chi2 and degrees of
freedom, b and e the null model's::

    q = (x / d) / (b / e)      w = e / b      r = d / e

    chi2/df = q / w      NFI = 1 - r q        TLI = (1 - q) / (1 - w)    PNFI = r NFI
    RFI = 1 - q          RNI = 1 - r (1 - TLI)  IFI = (1 - r q) / (1 - r w)  PCFI = r CFI

and CFI is RNI between 0 and 1. A box of (q, w, r) is cut down by each printed number and halved
until nothing is left, or until a point is found that satisfies all. The first is a proof.

References
----------
Benhamou, F., Goualard, F., Granvilliers, L., & Puget, J.-F. (1999). Revising hull and box
consistency. *Proceedings of ICLP'99*, 230-244. MIT Press.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clustersem.audit.interval import Interval

Array = NDArray[np.float64]
#: Many intervals: their lower and their upper ends.
Ends = tuple[Array, Array]
Known = Mapping[str, Interval]

#: Quantities that can be known.
QUANTITIES = (
    "q", "w", "r", "per_df", "nfi", "rfi", "tli", "rni", "cfi", "ifi", "pnfi", "pcfi",
)  # fmt: skip

_EDGE = 1e-12
_START = {
    "q": Interval(0.0, 1e4),
    "r": Interval(1e-7, 50.0),
    "per_df": Interval(0.0, math.inf),
}
# chi2 of the null model above its degrees of freedom, and below.
_SIDES = (Interval(0.0, 1.0 - _EDGE), Interval(1.0 + _EDGE, 1e6))
#: What is left undecided with so many boxes counts as possible.
_MOST_BOXES = 3000
_MOST_ROUNDS = 60


def is_possible(known: Known) -> bool:
    """Return whether some model and null model satisfy all; True where it stays undecided.

    Parameters
    ----------
    known : mapping of str to Interval
        What each of :data:`QUANTITIES` can be.

    Examples
    --------
    >>> r = Interval.exact(272 / 325)
    >>> is_possible({"r": r, "nfi": Interval(0.952, 0.954), "cfi": Interval(0.947, 0.949)})
    False
    """
    return any(_side_is_possible(known, side) for side in _SIDES)


def range_of(quantity: str, known: Known, *, digits: float = 1e-5) -> Interval | None:
    """Return what a quantity can be where the others are known; None where nothing is possible.

    Parameters
    ----------
    quantity : str
        One of :data:`QUANTITIES`.
    known : mapping of str to Interval
        As in :func:`is_possible`.
    digits : float
        To this share of itself, or to as much where it is below one; the ends are outside.
    """
    if not is_possible(known):
        return None
    least = 0.0 if quantity in ("q", "w", "r", "per_df") else -1e6
    whole = known.get(quantity, Interval(least, 1e6)).clipped(least, 1e6)

    def is_below(end: float) -> bool:
        return is_possible({**known, quantity: Interval(whole.lower, end)})

    def is_above(end: float) -> bool:
        return is_possible({**known, quantity: Interval(end, whole.upper)})

    def halve(none: float, some: float, holds: object) -> float:
        assert callable(holds)
        while abs(some - none) > digits * max(1.0, min(abs(some), abs(none))):
            middle = 0.5 * (none + some)
            # Far from zero the exponent is halved, near it the number.
            if min(abs(none), abs(some)) > 10.0 and none * some > 0.0:
                middle = math.copysign(math.sqrt(none * some), none)
            elif max(abs(none), abs(some)) > 100.0:
                middle = math.copysign(10.0, none if abs(none) > abs(some) else some)
                if not min(none, some) < middle < max(none, some):
                    middle = 0.5 * (none + some)
            none, some = (none, middle) if holds(middle) else (middle, some)
        return none

    lower = halve(whole.lower, whole.upper, is_below)
    upper = halve(whole.upper, whole.lower, is_above)
    return Interval(min(lower, upper), max(lower, upper))


def null_model(known: Known, *, rounds: int = 12) -> Interval | None:
    """Return an interval that holds every w = e / b that is possible; None where none is.

    It is found in a few rounds, and may be wider than :func:`range_of` says.
    """
    found = []
    for side in _SIDES:
        box = _first_box(known, side)
        if box is None or (side.lower > 1.0 and _is_neither_bound(known)):
            continue
        lower, upper = box
        for _ in range(rounds):
            lower, upper = _narrowed(lower, upper, known, above=side.lower > 1.0)
            if not 0 < len(lower) < 200:
                break
            lower, upper = _halved(lower, upper)
        if len(lower):
            found.append(Interval(float(lower[:, 1].min()), float(upper[:, 1].max())))
    return Interval.hull(found) if found else None


def _side_is_possible(known: Known, side: Interval) -> bool:
    box = _first_box(known, side)
    if box is None:
        return False
    above = side.lower > 1.0
    if above and _is_neither_bound(known):
        return False
    lower, upper = box
    for _ in range(_MOST_ROUNDS):
        lower, upper = _narrowed(lower, upper, known, above=above)
        if not len(lower):
            return False
        if len(lower) > _MOST_BOXES or _has_witness(lower, upper, known):
            return True
        if _widths(lower, upper).max() < 1e-10:
            return True
        lower, upper = _halved(lower, upper)
    return True


def _is_neither_bound(known: Known) -> bool:
    """Whether CFI is neither 0 nor 1, as it is where the null model fits."""
    return "cfi" in known and not (0.0 in known["cfi"] or 1.0 in known["cfi"])


def _widths(lower: Array, upper: Array) -> Array:
    size = np.maximum(np.abs(upper) + np.abs(lower), 1e-6)
    return np.asarray((upper - lower) / size)


def _halved(lower: Array, upper: Array) -> tuple[Array, Array]:
    """Return twice as many boxes, each half of one across its relatively widest side."""
    widest = _widths(lower, upper).argmax(axis=1)
    rows = np.arange(len(lower))
    middle = 0.5 * (lower[rows, widest] + upper[rows, widest])
    left, right = upper.copy(), lower.copy()
    left[rows, widest] = right[rows, widest] = middle
    return np.concatenate([lower, right]), np.concatenate([left, upper])


def _first_box(known: Known, side: Interval) -> tuple[Array, Array] | None:
    ends = []
    for name, start in (("q", _START["q"]), ("w", side), ("r", _START["r"])):
        both = start.intersection(known.get(name, start))
        if both is None:
            return None
        ends.append((both.lower, both.upper))
    box = np.array(ends)
    return box[None, :, 0], box[None, :, 1]


def _narrowed(lower: Array, upper: Array, known: Known, *, above: bool) -> tuple[Array, Array]:
    """Return what the printed numbers leave of boxes; columns are q, w, r."""
    for _ in range(3):
        q, w, r = ((lower[:, k], upper[:, k]) for k in range(3))
        q, w, r = _by_ratio(q, w, r, known)
        q, r = _by_normed(q, r, known)
        q, w, r = _by_noncentrality(q, w, r, known, above=above)
        q, w, r = _by_ifi(q, w, r, known)
        lower = np.stack([q[0], w[0], r[0]], axis=1)
        upper = np.stack([q[1], w[1], r[1]], axis=1)
        left = (lower <= upper).all(axis=1)
        lower, upper = lower[left], upper[left]
        if not len(lower):
            break
    return lower, upper


def _by_ratio(q: Ends, w: Ends, r: Ends, known: Known) -> tuple[Ends, Ends, Ends]:
    """Narrow by chi2/df = q / w."""
    if "per_df" in known:
        u = _meet(_over(q, w), _ends(known["per_df"]))
        q, w = _meet(q, _times(u, w)), _meet(w, _over(q, u))
        w = _void(w, u)
    return q, w, r


def _by_normed(q: Ends, r: Ends, known: Known) -> tuple[Ends, Ends]:
    """Narrow by NFI = 1 - r q, PNFI = r NFI and RFI = 1 - q."""
    if "rfi" in known:
        q = _meet(q, _less(1.0, _ends(known["rfi"])))
    if "nfi" not in known and "pnfi" not in known:
        return q, r
    nfi = _less(1.0, _times(r, q))
    if "nfi" in known:
        nfi = _meet(nfi, _ends(known["nfi"]))
    if "pnfi" in known:
        pnfi = _meet(_times(r, nfi), _ends(known["pnfi"]))
        nfi, r = _meet(nfi, _over(pnfi, r)), _meet(r, _over(pnfi, nfi))
        r = _void(r, pnfi)
    lost = _less(1.0, nfi)
    q, r = _meet(q, _over(lost, r)), _meet(r, _over(lost, q))
    return q, _void(r, nfi)


def _by_noncentrality(
    q: Ends, w: Ends, r: Ends, known: Known, *, above: bool
) -> tuple[Ends, Ends, Ends]:
    """Narrow by TLI = (1 - q) / (1 - w), RNI = 1 - r (1 - TLI), CFI and PCFI."""
    if not {"tli", "rni", "cfi", "pcfi"} & set(known):
        return q, w, r
    left, room = _less(1.0, q), _less(1.0, w)
    tli = _over(left, room)
    if "tli" in known:
        tli = _meet(tli, _clamped(known["tli"]))
    rni = _less(1.0, _times(r, _less(1.0, tli)))
    if "rni" in known:
        rni = _meet(rni, _clamped(known["rni"]))
    if above:
        u = _over(q, w)
        cfi = (np.where(u[1] > 1.0, 0.0, 1.0), np.where(u[0] > 1.0, 0.0, 1.0))
    else:
        cfi = (np.clip(rni[0], 0.0, 1.0), np.clip(rni[1], 0.0, 1.0))
    if "cfi" in known:
        cfi = _meet(cfi, _ends(known["cfi"]))
        if not above:
            rni = _meet(rni, _clamped(known["cfi"]))
    if "pcfi" in known:
        pcfi = _meet(_times(r, cfi), _ends(known["pcfi"]))
        cfi, r = _meet(cfi, _over(pcfi, r)), _meet(r, _over(pcfi, cfi))
        r = _void(r, pcfi)
        if not above:
            inner = (
                np.where(cfi[0] <= 0.0, -np.inf, cfi[0]),
                np.where(cfi[1] >= 1.0, np.inf, cfi[1]),
            )
            rni = _meet(rni, inner)
    lost = _less(1.0, rni)
    distance = _less(1.0, tli)
    distance, r = _meet(distance, _over(lost, r)), _meet(r, _over(lost, distance))
    tli = _meet(tli, _less(1.0, distance))
    q, w = (
        _meet(q, _less(1.0, _times(tli, room))),
        _meet(w, _less(1.0, _over(left, tli))),
    )
    for part in (tli, rni, cfi):
        w = _void(w, part)
    return q, w, r


def _by_ifi(q: Ends, w: Ends, r: Ends, known: Known) -> tuple[Ends, Ends, Ends]:
    """Narrow by IFI = (1 - r q) / (1 - r w)."""
    if "ifi" not in known:
        return q, w, r
    over, under = _less(1.0, _times(r, q)), _less(1.0, _times(r, w))
    ifi = _meet(_over(over, under), _clamped(known["ifi"]))
    lost = _less(1.0, _times(ifi, under))
    q, w = _meet(q, _over(lost, r)), _meet(w, _over(_less(1.0, _over(over, ifi)), r))
    return q, _void(w, ifi), r


def _has_witness(lower: Array, upper: Array, known: Known) -> bool:
    """Return whether the middle of a box, or a point near it, satisfies all."""
    for share in (0.5, 0.1, 0.9):
        q, w, r = (lower + share * (upper - lower)).T
        candidates = [(q, w, r)]
        if "per_df" in known:
            u = known["per_df"]
            middle = u.middle if math.isfinite(u.middle) else max(u.lower, 1.0)
            candidates += [(q, q / max(middle, 1e-12), r), (w * middle, w, r)]
        if any(_satisfied(*point, known) for point in candidates):
            return True
    return False


def _satisfied(q: Array, w: Array, r: Array, known: Known) -> bool:
    with np.errstate(all="ignore"):
        tli = (1.0 - q) / (1.0 - w)
        rni = 1.0 - r * (1.0 - tli)
        fits = q <= w
        cfi = np.where(w < 1.0, np.clip(rni, 0.0, 1.0), np.where(fits, 1.0, 0.0))
        values = {
            "q": q,
            "w": w,
            "r": r,
            "per_df": q / w,
            "nfi": 1.0 - r * q,
            "rfi": 1.0 - q,
            "tli": tli,
            "rni": rni,
            "cfi": cfi,
            "ifi": (1.0 - r * q) / (1.0 - r * w),
            "pnfi": r * (1.0 - r * q),
            "pcfi": r * cfi,
        }
    inside = (q >= 0.0) & (w > 0.0) & (r > 0.0) & (w != 1.0)
    for name, interval in known.items():
        value = values[name]
        # An exact count as a quotient is exact to rounding only.
        with np.errstate(invalid="ignore"):
            slack = 1e-12 * np.abs(value)
            inside &= (interval.lower <= value + slack) & (value - slack <= interval.upper)
    return bool(inside.any())


def _clamped(printed: Interval) -> Ends:
    """Return what an index is before a program cuts it off at 0 or at 1."""
    lower = -math.inf if 0.0 in printed else printed.lower
    upper = math.inf if 1.0 in printed else printed.upper
    return np.array(lower), np.array(upper)


def _ends(interval: Interval) -> Ends:
    return np.array(interval.lower), np.array(interval.upper)


def _meet(a: Ends, b: Ends) -> Ends:
    return np.maximum(a[0], b[0]), np.minimum(a[1], b[1])


def _void(a: Ends, part: Ends) -> Ends:
    """Return `a`, emptied where `part` is empty."""
    empty = part[0] > part[1]
    return np.where(empty, np.inf, a[0]), np.where(empty, -np.inf, a[1])


def _less(one: float, a: Ends) -> Ends:
    return one - a[1], one - a[0]


def _times(a: Ends, b: Ends) -> Ends:
    with np.errstate(all="ignore"):
        corners = np.stack(np.broadcast_arrays(a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]))
    # An end at infinity stands for arbitrarily large numbers, of which zero times is zero.
    corners = np.where(np.isnan(corners), 0.0, corners)
    return _outward(corners.min(axis=0), corners.max(axis=0))


def _over(a: Ends, b: Ends) -> Ends:
    """Divide; nothing is known of a quotient by what contains zero inside."""
    with np.errstate(all="ignore"):
        corners = np.stack(np.broadcast_arrays(a[0] / b[0], a[0] / b[1], a[1] / b[0], a[1] / b[1]))
    low, high = np.fmin.reduce(corners), np.fmax.reduce(corners)
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    touches = (b[0] <= 0.0) & (b[1] >= 0.0)
    # Of a non-negative number by one that may be as small as zero, the lower end is known.
    one_sided = (b[0] == 0.0) & (b[1] > 0.0) & (a[0] >= 0.0)
    with np.errstate(all="ignore"):
        from_below = np.where(np.isnan(a[0] / b[1]), 0.0, a[0] / b[1])
    low = np.where(touches, np.where(one_sided, from_below, -np.inf), low)
    high = np.where(touches, np.inf, high)
    return _outward(low, high)


def _outward(low: Array, high: Array) -> Ends:
    """Return ends moved outwards by more than rounding can have moved them inwards."""
    with np.errstate(all="ignore"):
        return low - 1e-14 * np.abs(low) - 1e-300, high + 1e-14 * np.abs(high) + 1e-300
