"""What the saturated estimates of one incomplete group rest on, whatever the model.

A fitted model, its independence model and the robust indices all refer to the same two matrices, by
far the largest of an incomplete fit; here each is made once, and only if it is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from clustersem.engine.casewise import cross_products
from clustersem.engine.incomplete_scores import observed_information, unrestricted_scores
from clustersem.engine.missing_correction import MissingDataWeights, missing_data_weights
from clustersem.engine.ram import Array, Index
from clustersem.engine.scaled_inverse import scaled_inverse
from clustersem.moments.incomplete import Incomplete, arrange_rows
from clustersem.moments.sample import SampleMoments


@dataclass(frozen=True, eq=False)
class SaturatedEvidence:
    """Information and scores of the unrestricted model of incomplete data, by moment.

    Attributes
    ----------
    sample : SampleMoments
        Data with patterns of missing answers, and the saturated estimates.
    data : Incomplete
        The same, arranged for the likelihood.
    """

    sample: SampleMoments
    data: Incomplete

    @cached_property
    def rows(self) -> Incomplete:
        """Every case for itself."""
        assert self.sample.data is not None
        assert self.sample.patterns is not None
        return arrange_rows(self.sample.data, self.sample.patterns)

    @property
    def _mean(self) -> Array:
        assert self.sample.mean is not None
        return self.sample.mean

    @cached_property
    def observed(self) -> Array:
        """A, the observed information of one case (k x k)."""
        return observed_information(self.data, self._mean, self.sample.cov)

    @cached_property
    def first_order(self) -> Array:
        """B, the mean cross-products of the casewise scores (k x k)."""
        scores = unrestricted_scores(self.rows, self._mean, self.sample.cov)
        return cross_products(scores, weights=self.sample.weights, cluster=self.sample.cluster)

    @cached_property
    def trace(self) -> float:
        """tr(A^-1 B); NaN where the moments are not identified."""
        inverse = scaled_inverse(self.observed)
        return math.nan if inverse is None else inverse.trace(self.first_order)

    def weights(self, *, varying: Index, robust: bool) -> MissingDataWeights | None:
        """Return the weights of the complete-data correction; None without identified moments.

        Parameters
        ----------
        varying : ndarray of int
            The moments that vary: all but those of covariates that are fixed at their values.
        robust : bool
            Whether the correction allows for nonnormality.
        """
        return missing_data_weights(
            self.observed,
            self._mean,
            self.sample.cov,
            varying=varying,
            first_order=self.first_order if robust else None,
        )
