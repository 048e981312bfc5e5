"""Bounds of parameters: the user's own, and those that the data imply.

References
----------
De Jonckere, J., & Rosseel, Y. (2022). Using bounded estimation to avoid nonconvergence in small
sample structural equation modeling. Structural Equation Modeling, 29, 412-427.
doi:10.1080/10705511.2021.1982716
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from clustersem.engine.ram import Array
from clustersem.errors import ModelError, UnsupportedError
from clustersem.spec import ModelSpec, Parameter

# A marker explains at least this share of its own variance.
MARKER_RELIABILITY = 0.1
# Least residual variance of a latent variable that others predict.
SMALLEST_RESIDUAL = 0.005


@dataclass(frozen=True)
class Preset:
    """Which bounds a name stands for, and by which share of its range each is moved out.

    Attributes
    ----------
    observed, latent : bool
        Whether variances of observed and latent variables are at least zero.
    implied : bool
        Whether the bounds are those that the sample variances imply, loadings included.
    residual, factor, loading, covariance : (float, float)
        By which share of the range lower and upper bounds are moved out.
    """

    observed: bool = True
    latent: bool = True
    implied: bool = False
    residual: tuple[float, float] = (0.0, 0.0)
    factor: tuple[float, float] = (0.0, 0.0)
    loading: float = 0.0
    covariance: float = -0.001


#: What ``bounds`` accepts.
PRESETS = {
    "pos.var": Preset(),
    "pos.ov.var": Preset(latent=False),
    "pos.lv.var": Preset(observed=False),
    "standard": Preset(implied=True),
    "wide": Preset(
        implied=True, residual=(0.05, 0.2), factor=(0.0, 0.3), loading=0.1, covariance=0.0
    ),
}


def bounds_name(bounds: str | bool | None) -> str:
    """Return the name of what the option `bounds` asks for.

    Parameters
    ----------
    bounds : str, bool or None
        A name of :data:`PRESETS`, with ``_`` or ``.``; True is ``"wide"``; None, False and
        ``"none"`` are no bounds.

    Returns
    -------
    str
        A name of :data:`PRESETS`, or ``"none"``.

    Raises
    ------
    UnsupportedError
        For anything else.
    """
    if bounds is None or bounds is False or bounds == "none":
        return "none"
    if bounds is True:
        return "wide"
    name = bounds.replace("_", ".") if isinstance(bounds, str) else ""
    if name in PRESETS:
        return name
    near = get_close_matches(name, PRESETS, n=1)
    raise UnsupportedError(
        f"bounds={bounds!r}: "
        + (f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(PRESETS)}.")
        + " Bounds of single parameters go into the model: f =~ lower(0)*x2."
    )


def preset_bounds(
    spec: ModelSpec, preset: Preset, variances: Sequence[Array]
) -> list[tuple[float, float]]:
    """Return lower and upper bound of every row of the parameter table, from the data.

    With residual variances between nothing and all of an item's variance, a marker with a
    reliability of 0.1 or more puts its factor's variance between 0.1 and 1 of the marker's own;
    then no loading may explain more than the whole of its item's variance.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    preset : Preset
        Which bounds.
    variances : sequence of ndarray
        For every group the sample variances of the observed variables, in the model's order.

    Returns
    -------
    list of (float, float)
        -inf and inf where there is none; those of fixed rows mean nothing.
    """
    latent = set(spec.latent)
    if not preset.implied:
        wanted = (preset.observed, preset.latent)
        return [
            (0.0 if _is_variance(row) and wanted[row.lhs in latent] else -np.inf, np.inf)
            for row in spec.parameters
        ]
    bounds = [(-np.inf, np.inf)] * len(spec.parameters)
    for group, variance in enumerate(variances, 1):
        of = dict(zip(spec.observed, variance.tolist(), strict=True))
        rows = [(i, row) for i, row in enumerate(spec.parameters) if row.group == group]
        for i, bound in _of_group(spec, rows, preset, of).items():
            bounds[i] = bound
    return bounds


def user_bounds(spec: ModelSpec) -> dict[int, tuple[float, float]]:
    """Return the bounds that the model text gives, by row; -inf and inf where there is none.

    Raises
    ------
    ModelError
        Where a fixed parameter lies outside its own bounds.
    """
    found: dict[int, tuple[float, float]] = {}
    for bound in spec.bounds:
        lower = -np.inf if bound.lower is None else bound.lower
        upper = np.inf if bound.upper is None else bound.upper
        row = spec.parameters[bound.parameter]
        if not row.free and row.value is not None and not lower <= row.value <= upper:
            side = f"below its lower bound {lower:g}"
            if row.value > upper:
                side = f"above its upper bound {upper:g}"
            raise ModelError(
                f"{row.name} is fixed at {row.value:g}, {side}. Free it with NA*{row.rhs or 1}, or"
                " take the bound out."
            )
        found[bound.parameter] = (lower, upper)
    return found


def _of_group(
    spec: ModelSpec, rows: list[tuple[int, Parameter]], preset: Preset, variance: dict[str, float]
) -> dict[int, tuple[float, float]]:
    latent, endogenous = set(spec.latent), set(spec.endogenous)
    markers = _markers(rows, variance)
    scale = _factor_scales(rows, latent, markers, endogenous, variance, preset)
    least = {name: low for name, (low, _) in scale.items()}
    highest = {name: high for name, (_, high) in scale.items()}
    bounds: dict[int, tuple[float, float]] = {}
    for i, row in rows:
        if not _is_variance(row):
            continue
        if row.lhs in latent:
            bounds[i] = scale[row.lhs]
        else:
            own = variance[row.lhs]
            if row.lhs in markers.values():
                own *= 1.0 - MARKER_RELIABILITY
            low, high = preset.residual
            bounds[i] = (0.0 - low * own, own + high * own)
            highest[row.lhs] = bounds[i][1]
    for i, row in rows:
        if row.op == "=~" and row.rhs in variance:
            floor = _marker_floor(row.lhs, markers, variance, least)
            if floor > 0:
                most = float(np.sqrt(variance[row.rhs] / floor)) * (1.0 + 2.0 * preset.loading)
                bounds[i] = (-most, most)
        elif row.op == "~~" and row.lhs != row.rhs and {row.lhs, row.rhs} <= set(highest):
            most = float(np.sqrt(highest[row.lhs] * highest[row.rhs]))
            most *= 1.0 + 2.0 * preset.covariance
            bounds[i] = (-most, most)
    return bounds


def _factor_scales(
    rows: list[tuple[int, Parameter]],
    latent: set[str],
    markers: dict[str, str],
    endogenous: set[str],
    variance: dict[str, float],
    preset: Preset,
) -> dict[str, tuple[float, float]]:
    """Return between what the (residual) variance of every latent variable lies."""
    scale: dict[str, tuple[float, float]] = {}
    for _, row in rows:
        if not _is_variance(row) or row.lhs not in latent:
            continue
        if not row.free:
            value = row.value or 0.0
            scale[row.lhs] = (value, value)
            continue
        marker = markers.get(row.lhs)
        high = max(variance.values()) if marker is None else variance[marker]
        low = 0.0 if marker is None else MARKER_RELIABILITY * high
        if row.lhs in endogenous and marker is not None:
            low = SMALLEST_RESIDUAL
        elif row.lhs in endogenous:
            low = min(SMALLEST_RESIDUAL, high)
        out = preset.factor
        scale[row.lhs] = (low - out[0] * (high - low), high + out[1] * (high - low))
    return scale


def _marker_floor(
    factor: str, markers: dict[str, str], variance: dict[str, float], least: dict[str, float]
) -> float:
    """Return the least variance of a factor, residual or not: its marker's, or a fixed one."""
    marker = markers.get(factor)
    return least.get(factor, 0.0) if marker is None else MARKER_RELIABILITY * variance[marker]


def _markers(rows: list[tuple[int, Parameter]], variance: dict[str, float]) -> dict[str, str]:
    """Return the item whose loading is fixed at one, by factor."""
    found: dict[str, str] = {}
    for _, row in rows:
        if row.op == "=~" and not row.free and row.value == 1.0 and row.rhs in variance:
            found.setdefault(row.lhs, row.rhs)
    return found


def _is_variance(row: Parameter) -> bool:
    return row.op == "~~" and row.lhs == row.rhs
