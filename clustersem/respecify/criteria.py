"""What makes one model of a space better than another: smaller is better.

References
----------
Cudeck, R., & Browne, M. W. (1983). Cross-validation of covariance structures. Multivariate
Behavioral Research, 18, 147-167. doi:10.1207/s15327906mbr1802_2
Raftery, A. E. (1995). Bayesian model selection in social research. Sociological Methodology, 25,
111-163. doi:10.2307/271063
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustersem.errors import EstimationError, UnsupportedError
from clustersem.moments import SampleMoments
from clustersem.respecify.folds import folds_of, validation_discrepancy
from clustersem.respecify.space import Freed, ModelSpace

Criterion = Callable[[Freed], float]


def criterion_of(space: ModelSpace) -> Criterion:
    """Return the policy's criterion on a space's data.

    Raises
    ------
    UnsupportedError
        Where the data or the estimator do not give it.
    """
    name = space.policy.judge
    if name == "cv":
        return CrossValidated.of(space)
    if not space.initial.options.is_likelihood:
        raise UnsupportedError(
            f"criterion={name!r} needs a likelihood, which estimator="
            f"{space.initial.options.estimator!r} has not: take criterion='cv', or the indices"
            " (search='forward', criterion='mi')."
        )
    n = sum(sample.n_obs for sample in space.initial.samples)
    return Penalised(space, math.log(n) if name == "bic" else 2.0)


@dataclass(frozen=True)
class Penalised:
    """Chi2 and a price for each free parameter; AIC or BIC less what all models share."""

    space: ModelSpace
    price: float

    def __call__(self, rows: Freed) -> float:
        """Return the criterion of a model; infinite where it cannot be fitted."""
        fit = self.space.trial(rows).fit
        if fit is None:
            return math.inf
        return fit.multiplier * fit.state.f - self.price * fit.df


@dataclass(frozen=True)
class CrossValidated:
    """The mean discrepancy of respondents that the model was not fitted to."""

    folds: tuple[tuple[ModelSpace, SampleMoments], ...]

    @classmethod
    def of(cls, space: ModelSpace) -> CrossValidated:
        """Part the respondents as the policy says."""
        parts = folds_of(space.initial, space.policy.folds, space.policy.seed)
        try:
            return cls(tuple((space.on((one.training,)), one.validation) for one in parts))
        except EstimationError as error:
            raise EstimationError(
                f"cross-validation in {len(parts)} folds: in one of them {error} Take fewer, larger"
                " folds, or another criterion."
            ) from None

    def __call__(self, rows: Freed) -> float:
        """Return the criterion of a model; infinite where it cannot be fitted in each fold."""
        found = []
        for space, validation in self.folds:
            fit = space.trial(rows).fit
            if fit is None:
                return math.inf
            found.append(validation_discrepancy(fit, validation))
        return float(np.mean(found))
