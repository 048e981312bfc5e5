"""A model at the parameters that it has in a population."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from clustersem.errors import ModelError
from clustersem.fit.entry_points import sem
from clustersem.fit.result import Fit
from clustersem.resample.population import Population
from clustersem.survey.names import listed

#: F per moment at which a model holds in a population: rounding.
HOLDS = 1e-9
#: Rows that the population's moments stand for; F does not depend on it.
ROWS = 1_000_000


def fit_to_populations(model: str, populations: Sequence[Population]) -> Fit:
    """Fit a model to populations in which it holds.

    Parameters
    ----------
    model : str
        Model text without the populations' values.
    populations : sequence of Population
        One a group.

    Returns
    -------
    Fit
        By ML, with the populations' moments in place of a sample's.

    Raises
    ------
    ModelError
        Where the model does not hold in them.
    """
    names = list(populations[0].names)
    # sem() takes covariances of divisor n - 1 and fits those of divisor n.
    cov = {
        population.label or "1": pd.DataFrame(population.cov * (ROWS / (ROWS - 1)), names, names)
        for population in populations
    }
    mean = {
        population.label or "1": pd.Series(population.mean, names) for population in populations
    }
    several = len(populations) > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sem(
            model,
            cov=cov if several else cov[populations[0].label or "1"],
            mean=mean if several else mean[populations[0].label or "1"],
            n_obs=dict.fromkeys(cov, ROWS) if several else ROWS,
        )
    if set(fit.spec.observed) != set(names):
        raise ModelError(
            f"the model of analysis= has the variables {listed(fit.spec.observed, limit=12)}, the"
            f" population {listed(names, limit=12)}. Give both the same ones."
        )
    size = len(names) * (len(names) + 1) / 2
    if fit.state.f > HOLDS * size:
        rmsea = np.sqrt(len(populations) * fit.state.f / fit.df) if fit.df else np.nan
        raise ModelError(
            f"the model of analysis= does not hold in the population: its RMSEA there is"
            f" {rmsea:.4f} already. Give the model that the population's values are those of."
        )
    return fit
