"""Score tests of restrictions across groups: what one group would gain by a value of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from clustersem.engine.score_test import score_tests
from clustersem.fit.assemble import cells_of
from clustersem.fit.invariance_models import Release
from clustersem.fit.solution import Solution


@dataclass(frozen=True)
class ReleaseScore:
    """The score test of one release.

    Attributes
    ----------
    release : Release
        The parameter and the group.
    statistic : float
        Expected drop of chi2 with 1 df, divided by the scaling factor of the model's test where it
        has one; NaN where the group's value would not be identified.
    p_value : float
        P(chi2(1) > statistic).
    epc : float
        By how much the group's value is expected to differ from what it is held at.
    """

    release: Release
    statistic: float
    p_value: float
    epc: float


def release_scores(fit: Solution, releases: Sequence[Release]) -> list[ReleaseScore]:
    """Return the score test of each parameter's restriction in one group.

    A parameter that shares its value with other groups is tested as a cell of its own beside the
    common one, which changes nothing of the arithmetic of modification indices: the restriction is
    that the cell's difference from the common value is zero.

    References
    ----------
    Soerbom, D. (1989). Model modification. Psychometrika, 54, 371-384. doi:10.1007/BF02294623
    """
    factor = fit.measures.get("chisq_scaling_factor", 1.0)
    scale = factor if math.isfinite(factor) and factor > 0 else 1.0
    result = []
    for number in range(len(fit.samples)):
        own = [release for release in releases if release.group == number + 1]
        if not own:
            continue
        cells = cells_of([(r.lhs, r.op, r.rhs) for r in own], fit.layout)
        mi, epc = score_tests(
            fit.objective,
            fit.state,
            fit.hessian,
            number,
            cells,
            fit.multiplier,
            fit.held.jacobian,
        )
        mi = mi / scale
        p = np.asarray(chdtrc(1.0, mi))
        result += [
            ReleaseScore(r, float(s), float(q), float(d))
            for r, s, q, d in zip(own, mi, p, epc, strict=True)
        ]
    return result
