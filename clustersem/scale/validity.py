"""Convergent and discriminant validity of a fitted measurement model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from clustersem.errors import DataError, UnsupportedError
from clustersem.scale.answers import Array, quoted
from clustersem.scale.htmt import heterotrait_monotrait
from clustersem.scale.omega import composite_reliability
from clustersem.scale.validity_text import validity_text
from clustersem.survey.names import listed

_CR = 0.7
_AVE = 0.5
_HTMT = 0.85


class MeasurementFit(Protocol):
    """What is read off a :class:`clustersem.fit.result.Fit`."""

    @property
    def estimates(self) -> pd.DataFrame:
        """Rows ``lhs op rhs`` with ``est`` and ``std_all``."""
        ...

    @property
    def sample_cov(self) -> pd.DataFrame:
        """Items x items."""
        ...

    @property
    def latent_cov(self) -> pd.DataFrame:
        """Latent x latent, implied by the model."""
        ...

    @property
    def latent_cor(self) -> pd.DataFrame:
        """Latent x latent, implied by the model."""
        ...


@dataclass(frozen=True)
class Verdict:
    """One criterion applied to one construct or pair.

    Attributes
    ----------
    subject : str
        A construct, or two joined by " - ".
    criterion : str
        ``"composite reliability"``, ``"convergent validity"``, ``"Fornell-Larcker"`` or ``"HTMT"``.
    passed : bool
    detail : str
        A sentence with the numbers.
    """

    subject: str
    criterion: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class ValidityResult:
    """Validity of the constructs of a fitted model; ``print()`` shows it.

    Attributes
    ----------
    table : DataFrame
        One row a construct:

        - ``n_items``;
        - ``omega``: variance of the sum score that the construct explains, (sum l)^2 psi, over its
          observed variance, as semTools' ``compRelSEM`` prints it;
        - ``cr``: composite reliability, the same over the variance that the model implies,
          (sum l)^2 psi + the sum of all residual variances and covariances of the items (Raykov);
        - ``ave``: average variance extracted, sum l^2 psi over the sum of the items' observed
          variances, as semTools' ``AVE`` prints it;
        - ``cr_standardized``, ``ave_standardized``: from the standardised loadings l alone,
          (sum l)^2 / ((sum l)^2 + sum (1 - l^2)) and mean l^2, which is what users of AMOS compute;
          the sum score is then that of standardised items, and residual covariances do not count;
        - ``sqrt_ave``: root of ``ave_standardized``;
        - ``msv``, ``asv``: largest and average squared correlation with another construct;
        - ``max_r``: the largest absolute correlation itself, and ``max_r_with``, with whom;
        - ``max_r_h``: coefficient H, the reliability of the optimally weighted score (MaxR(H)).

        ``ave`` is missing for a construct with an item that loads on another construct too.
    fornell_larcker : DataFrame, constructs x constructs
        Correlations of the constructs, ``sqrt_ave`` on the diagonal.
    htmt, htmt2 : DataFrame, constructs x constructs
        Heterotrait-monotrait ratios of absolute correlations: `htmt` of arithmetic means (Henseler
        et al. 2015, SmartPLS), `htmt2` of geometric means (Roemer et al. 2021), the default
        of semTools' ``htmt``.
    verdicts : tuple of Verdict
    left_out : tuple of str
        Sentences about latent variables without a row, and why.
    notes : tuple of str
        What to know of the numbers: in which metric those of ordinal items are.
    """

    table: pd.DataFrame
    fornell_larcker: pd.DataFrame
    htmt: pd.DataFrame
    htmt2: pd.DataFrame
    verdicts: tuple[Verdict, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every criterion is met."""
        return all(verdict.passed for verdict in self.verdicts)

    def __str__(self) -> str:
        failed = [v for v in self.verdicts if not v.passed]
        return validity_text(
            self.table,
            self.fornell_larcker,
            self.htmt,
            [f"{v.subject}: {v.detail}" for v in failed],
            len(self.verdicts),
            f"CR {_CR:g}, AVE {_AVE:g}, root of AVE above correlations, HTMT below {_HTMT:g}",
            (*self.left_out, *self.notes),
        )

    def __repr__(self) -> str:
        met = sum(verdict.passed for verdict in self.verdicts)
        return (
            f"<Validity of {', '.join(map(str, self.table.index))}:"
            f" {met} of {len(self.verdicts)} criteria met>"
        )


def _check_single_group(estimates: pd.DataFrame) -> None:
    if "group" in estimates and estimates.loc[estimates["op"] == "=~", "group"].nunique() > 1:
        raise UnsupportedError(
            "validity is about the constructs of one group, and this model has several. Fit each "
            "group alone, cs.cfa(model, data[data.school == 'north']), and ask for each; whether "
            "the groups' items measure alike, cs.invariance(model, data, group=...) tests"
        )


def _measured(
    estimates: pd.DataFrame, observed: set[str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Split latent variables into constructs with two or more items and reasons for the rest."""
    loading_rows = estimates[estimates["op"] == "=~"]
    constructs: dict[str, tuple[str, ...]] = {}
    left_out = []
    for latent, rows in loading_rows.groupby("lhs", sort=False):
        items = tuple(str(item) for item in rows["rhs"])
        if not set(items) <= observed:
            left_out.append(f"{latent} is measured by latent variables, not by items")
        elif len(items) < 2:
            left_out.append(f"{latent} has one item: its reliability cannot be estimated")
        else:
            constructs[str(latent)] = items
    return constructs, tuple(left_out)


def _residual_covariance(estimates: pd.DataFrame, items: tuple[str, ...]) -> pd.DataFrame:
    theta = pd.DataFrame(0.0, index=list(items), columns=list(items))
    rows = estimates[
        (estimates["op"] == "~~") & estimates["lhs"].isin(items) & estimates["rhs"].isin(items)
    ]
    for a, b, value in zip(rows["lhs"], rows["rhs"], rows["est"], strict=True):
        theta.loc[a, b] = theta.loc[b, a] = value
    return theta


def _maximal_reliability(squared: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Hancock and Mueller's H: 1 / (1 + 1 / sum l^2 / (1 - l^2)); one at a Heywood case."""
    if np.any(squared >= 1.0):
        return 1.0
    information = float(np.sum(squared / (1.0 - squared)))
    return information / (1.0 + information)


def _ordinal(estimates: pd.DataFrame) -> set[str]:
    return set(estimates.loc[estimates["op"] == "|", "lhs"])


def _units(fit: MeasurementFit, items: tuple[str, ...]) -> Array:
    """Return what brings loadings into the units of the sample's covariances.

    Those of ordinal items are polychoric correlations, of responses with a variance of one, while
    the model's responses have any variance with the theta parameterization.
    """
    rows = fit.estimates[fit.estimates["op"] == "~*~"]
    scale = dict(zip(rows["lhs"], rows["est"], strict=True))
    return np.array([float(scale.get(item, 1.0)) for item in items])


def _row(
    fit: MeasurementFit, construct: str, items: tuple[str, ...], *, pure: bool
) -> dict[str, object]:
    loadings = fit.estimates[(fit.estimates["op"] == "=~") & (fit.estimates["lhs"] == construct)]
    psi = float(fit.latent_cov[construct][construct])
    unit = _units(fit, items)
    raw = loadings["est"].to_numpy(dtype=float) * np.sqrt(max(psi, 0.0)) * unit
    theta = _residual_covariance(fit.estimates, items).to_numpy() * np.outer(unit, unit)
    observed = fit.sample_cov.loc[list(items), list(items)].to_numpy(dtype=float)
    standard = loadings["std_all"].to_numpy(dtype=float)
    squared = standard**2
    ave = float(squared.mean())
    return {
        "n_items": len(items),
        "omega": float(raw.sum() ** 2 / observed.sum()),
        "cr": composite_reliability(raw, theta),
        "ave": float(np.sum(raw**2) / np.trace(observed)) if pure else np.nan,
        "cr_standardized": composite_reliability(standard, 1.0 - squared),
        "ave_standardized": ave,
        "sqrt_ave": float(np.sqrt(ave)),
        "max_r_h": _maximal_reliability(squared),
    }


def _verdicts(table: pd.DataFrame, htmt: pd.DataFrame) -> tuple[Verdict, ...]:
    found = []
    for name in table.index:
        cr, ave, root, r, other = table.loc[
            name, ["cr_standardized", "ave_standardized", "sqrt_ave", "max_r", "max_r_with"]
        ]
        found.append(
            Verdict(
                name,
                "composite reliability",
                bool(cr >= _CR),
                f"composite reliability {cr:.3f} is "
                f"{'at least' if cr >= _CR else 'below'} {_CR:g} (standardised loadings)",
            )
        )
        found.append(
            Verdict(
                name,
                "convergent validity",
                bool(ave >= _AVE),
                f"the items share {100.0 * ave:.1f} % of their variance with {name}, "
                f"{'at least' if ave >= _AVE else 'less than'} half",
            )
        )
        if len(table) > 1:
            found.append(
                Verdict(
                    name,
                    "Fornell-Larcker",
                    bool(root > r),
                    f"the root of AVE, {root:.3f}, is {'above' if root > r else 'not above'} the "
                    f"largest correlation, {r:.3f} with {other}",
                )
            )
    names = list(htmt.index)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            ratio = float(htmt[a][b])
            found.append(
                Verdict(
                    f"{a} - {b}",
                    "HTMT",
                    ratio < _HTMT,
                    f"HTMT of {a} and {b}, {ratio:.3f}, is "
                    f"{'below' if ratio < _HTMT else 'not below'} {_HTMT:g}",
                )
            )
    return tuple(found)


def validity(fit: MeasurementFit) -> ValidityResult:
    """Composite reliability, AVE, Fornell-Larcker and HTMT of a fitted model's constructs.

    Parameters
    ----------
    fit : Fit
        A fitted single-group model with latent variables measured by items.

    Returns
    -------
    ValidityResult
        The numbers of ordinal items are about the continuous responses behind the answers, from
        polychoric correlations: the sum of the answers themselves is less reliable (Green and Yang,
        2009). The verdicts use composite reliability 0.7, AVE 0.5 (both of standardised loadings),
        root of AVE above every correlation, and HTMT below 0.85.

    Raises
    ------
    DataError
        When no latent variable has two items.
    UnsupportedError
        For several groups.

    References
    ----------
    Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with unobservable
    variables and measurement error. Journal of Marketing Research, 18, 39-50.
    https://doi.org/10.1177/002224378101800104

    Green, S. B., & Yang, Y. (2009). Reliability of summed item scores using structural equation
    modeling: An alternative to coefficient alpha. Psychometrika, 74, 155-167.
    https://doi.org/10.1007/s11336-008-9099-3

    Hancock, G. R., & Mueller, R. O. (2001). Rethinking construct reliability within latent variable
    systems. In Structural equation modeling: present and future (pp. 195-216). SSI.

    Raykov, T. (2001). Estimation of congeneric scale reliability using covariance structure
    analysis with nonlinear constraints. British Journal of Mathematical and Statistical Psychology,
    54, 315-323. https://doi.org/10.1348/000711001159582
    """
    estimates = fit.estimates
    _check_single_group(estimates)
    constructs, left_out = _measured(estimates, {str(name) for name in fit.sample_cov.columns})
    if not constructs:
        raise DataError(
            "the model has no latent variable with two or more items"
            + (
                f": {'; '.join(left_out)}"
                if left_out
                else "; validity is about measured constructs"
            )
        )
    names = list(constructs)
    owners = [item for items in constructs.values() for item in items]
    shared = {item for item in owners if owners.count(item) > 1}
    table = pd.DataFrame(
        [
            _row(fit, name, items, pure=not shared & set(items))
            for name, items in constructs.items()
        ],
        index=pd.Index(names, name="construct"),
    )
    impure = [name for name, items in constructs.items() if shared & set(items)]
    if impure:
        left_out += (f"no AVE for {quoted(impure)}: an item loads on more than one construct",)

    correlation = fit.latent_cor.loc[names, names].astype(float)
    off = correlation.abs().to_numpy(copy=True)
    np.fill_diagonal(off, np.nan)
    alone = len(names) < 2
    largest = np.full(1, np.nan) if alone else np.nanmax(off, axis=1)
    table["msv"] = largest**2
    table["asv"] = np.nan if alone else np.nanmean(off**2, axis=1)
    table["max_r"] = largest
    table["max_r_with"] = [""] if alone else [names[j] for j in np.nanargmax(off, axis=1)]

    diagonal = np.eye(len(names), dtype=bool)
    root = table["sqrt_ave"].to_numpy(dtype=float)
    fornell_larcker = correlation.mask(diagonal, pd.DataFrame(np.diag(root), names, names))
    deviation = np.sqrt(np.diag(fit.sample_cov))
    sample_correlation = fit.sample_cov.div(deviation, axis=0).div(deviation, axis=1)
    htmt = heterotrait_monotrait(sample_correlation, constructs, geometric=False)
    return ValidityResult(
        table=table,
        fornell_larcker=fornell_larcker,
        htmt=htmt,
        htmt2=heterotrait_monotrait(sample_correlation, constructs, geometric=True),
        verdicts=_verdicts(table, htmt),
        left_out=left_out,
        notes=_notes(estimates),
    )


def _notes(estimates: pd.DataFrame) -> tuple[str, ...]:
    ordinal = _ordinal(estimates)
    if not ordinal:
        return ()
    return (
        f"{listed(sorted(ordinal))} {'is' if len(ordinal) == 1 else 'are'} ordinal: CR, AVE and"
        " HTMT are about the continuous responses behind their answers (polychoric correlations)."
        " The sum of the answers themselves is less reliable.",
    )
