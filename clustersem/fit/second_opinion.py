"""What a second, independently written implementation says of a fit."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

#: Largest difference between two estimates of a parameter, in its standard errors.
IN_STANDARD_ERRORS = 0.001
#: Largest difference between two standard errors of a parameter, as a share of them.
OF_STANDARD_ERROR = 0.001
#: Largest difference between two chi2: half a unit of the third decimal.
OF_CHI2 = 0.0005


@dataclass(frozen=True)
class LargestDifference:
    """The largest differences between two sets of estimates.

    Attributes
    ----------
    raw : float
        Largest absolute difference of two estimates, in the parameter's own units.
    in_se : float
        Largest absolute difference of two estimates, in standard errors of the parameter.
    se : float
        Largest absolute difference of two standard errors, as a share of clustersem's.
    chi2 : float
        Absolute difference of the two chi2.
    parameter : str
        Whose estimate differs most, in standard errors.
    """

    raw: float
    in_se: float
    se: float
    chi2: float
    parameter: str


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """A fit beside the same model fitted to the same moments by semopy.

    Attributes
    ----------
    table : DataFrame
        One row a free parameter: ``lhs op rhs est_clustersem est_semopy difference difference_in_se
        se_clustersem se_semopy se_difference``. Differences are semopy's number less clustersem's;
        ``difference_in_se`` is in clustersem's standard errors, ``se_difference`` a share of them.
    largest_difference : LargestDifference
        The largest of each kind, as absolute values.
    chi2_clustersem, chi2_semopy : float
        N F, with the N of the fit's likelihood, n or n - 1.
    agrees : bool
        Whether semopy reports success and no estimate differs by more than 0.001 of its standard
        error, no standard error by more than 0.1 % and chi2 by less than half a unit of the third
        decimal (or a millionth of it, where that is more).
    success : bool
        Whether semopy reports that its optimiser succeeded.
    message : str
        The optimiser's own words.
    verdict : str
        All of this in plain words.
    version : str
        Version of semopy.

    Notes
    -----
    semopy's standard errors come from its own expected information matrix, N/2 tr(Sigma^-1 dSigma
    Sigma^-1 dSigma), whose N is set to that of the fit's likelihood. semopy's defaults differ:
    it takes n whatever the divisor of the covariance matrix.
    """

    table: pd.DataFrame
    largest_difference: LargestDifference
    chi2_clustersem: float
    chi2_semopy: float
    success: bool
    message: str
    version: str

    @property
    def agrees(self) -> bool:
        """Whether the two engines agree."""
        return self.success and not self._disagreements

    @property
    def _disagreements(self) -> list[str]:
        largest = self.largest_difference
        found: list[str] = []
        # Written so that NaN, a parameter without a standard error, counts as a disagreement.
        if not largest.in_se <= IN_STANDARD_ERRORS:
            found.append(
                f"estimates differ by up to {largest.in_se:.2g} standard errors"
                f" ({largest.parameter})"
            )
        if not largest.se <= OF_STANDARD_ERROR:
            found.append(f"standard errors differ by up to {100 * largest.se:.2g} %")
        if not largest.chi2 <= max(OF_CHI2, 1e-6 * self.chi2_clustersem):
            found.append(
                f"chi2 is {self.chi2_clustersem:.3f} here and {self.chi2_semopy:.3f} there"
            )
        return found

    @property
    def verdict(self) -> str:
        """What the comparison shows, in a sentence or two."""
        largest, found = self.largest_difference, self._disagreements
        who = f"semopy {self.version}"
        if not self.success:
            lead = f"{who} did not converge ({self.message}), so it has no opinion"
            return f"{lead}: {'; '.join(found)}." if found else f"{lead}, though its numbers agree."
        if self.table[["difference_in_se", "se_difference"]].isna().any(axis=None):
            return (
                f"{who} cannot confirm this fit, in which some parameters have no standard errors;"
                " see fit.status and fit.warnings first."
            )
        if found:
            return (
                f"{who} disagrees: {'; '.join(found)}. Of two solutions the one with the smaller"
                " chi2 is the better one; a flat or doubtful solution shows in fit.diagnose()."
            )
        return (
            f"{who}, an independent implementation, agrees: no estimate differs by more than"
            f" {largest.in_se:.1g} standard errors, no standard error by more than"
            f" {100 * largest.se:.1g} %, chi2 by {largest.chi2:.1g}."
        )

    def __str__(self) -> str:
        return f"{self.verdict}\n{self.table.to_string(index=False, float_format='{:.5f}'.format)}"
