"""Contradictions among the fit indices of section 4.2 and Table 6."""

from __future__ import annotations

from collections.abc import Iterator

from clustersem.studies.cross_border.contradiction import Contradiction, contradiction, printed
from clustersem.studies.cross_border.interval import Interval
from clustersem.studies.cross_border.paper import Published

N_ITEMS = 26
DF = {"initial": 277, "revised": 272}
"""351 moments less 74 and 79 free parameters."""
DF_BASELINE = N_ITEMS * (N_ITEMS - 1) // 2
N_MOMENTS = N_ITEMS * (N_ITEMS + 1) // 2


def rmsea(paper: Published) -> Iterator[Contradiction]:
    """Check RMSEA against chi2/df and n."""
    n = int(paper.sample["valid"])
    for name, fit in (("initial", paper.fit_initial), ("revised", paper.fit_revised)):
        if "rmsea" not in fit:
            continue
        excess = printed(fit["cmin_df"]) - Interval.exact(1.0)
        # Programs divide by n or by n - 1; the interval covers both.
        required = (excess / Interval(n - 1, n)).sqrt()
        if not required.overlaps(printed(fit["rmsea"])):
            yield contradiction(
                "rmsea",
                _fit_place(name),
                "RMSEA",
                fit["rmsea"],
                required,
                f"RMSEA follows from chi2/df and n: {fit['cmin_df']:.3f} with n = {n} gives "
                f"{required.text(3)}, not {fit['rmsea']:.3f}: these cannot all be right.",
            )


def _fit_place(name: str) -> str:
    return "Table 6" if name == "revised" else "section 4.2, initial model"


def _model_chi2(paper: Published, name: str) -> Interval:
    fit = paper.fit_revised if name == "revised" else paper.fit_initial
    return printed(fit["cmin_df"]) * Interval.exact(DF[name])


def incremental_indices(paper: Published) -> Iterator[Contradiction]:
    """Check CFI and IFI, which follow from NFI, chi2/df and the degrees of freedom.

    With c = chi2 / chi2_baseline = 1 - NFI, 1 - CFI = c (1 - df/chi2) / (1 - df_b c/chi2) and
    IFI = (1 - c) / (1 - df c/chi2).
    """
    one = Interval.exact(1.0)
    for name, fit in (("initial", paper.fit_initial), ("revised", paper.fit_revised)):
        ratio = one - printed(fit["nfi"])
        chi2 = _model_chi2(paper, name)
        per_df = one / printed(fit["cmin_df"])
        baseline_share = Interval.exact(DF_BASELINE) * ratio / chi2
        required = {
            "cfi": one - ratio * (one - per_df) / (one - baseline_share),
            "ifi": (one - ratio) / (one - per_df * ratio),
        }
        for index, interval in required.items():
            if interval.overlaps(printed(fit[index])):
                continue
            label = index.upper()
            extra = (
                " CFI is below NFI only where the null model fits better per degree of freedom."
                if index == "cfi" and fit["cfi"] < fit["nfi"]
                else ""
            )
            yield contradiction(
                "incremental fit",
                _fit_place(name),
                label,
                fit[index],
                interval,
                f"With NFI {fit['nfi']:.3f}, chi2/df {fit['cmin_df']:.3f} and {DF[name]} degrees "
                f"of freedom {label} is {interval.text(3)}, not {fit[index]:.3f}: these cannot all "
                f"be right.{extra}",
            )


def null_model(paper: Published) -> Iterator[Contradiction]:
    """Check that both models were compared with one null model."""
    one = Interval.exact(1.0)
    initial, revised = (
        _model_chi2(paper, name) / (one - printed(fit["nfi"]))
        for name, fit in (("initial", paper.fit_initial), ("revised", paper.fit_revised))
    )
    if not initial.overlaps(revised):
        required = one - _model_chi2(paper, "revised") / initial
        yield contradiction(
            "one null model",
            "Table 6",
            "NFI",
            paper.fit_revised["nfi"],
            required,
            "Both models are compared with the same null model, whose chi2 is "
            f"{initial.text(0)} by the initial model's NFI and {revised.text(0)} by the revised "
            "model's: these cannot all be right.",
        )


def degrees_of_freedom(paper: Published) -> Iterator[Contradiction]:
    """Check the degrees of freedom that PGFI / GFI means."""
    counts = {}
    for name, fit in (("initial", paper.fit_initial), ("revised", paper.fit_revised)):
        counts[name] = printed(fit["pgfi"]) / printed(fit["gfi"]) * Interval.exact(N_MOMENTS)
        exact = Interval.exact(DF[name])
        if not counts[name].overlaps(exact):
            required = printed(fit["gfi"]) * exact / Interval.exact(N_MOMENTS)
            yield contradiction(
                "parsimony",
                _fit_place(name),
                "PGFI",
                fit["pgfi"],
                required,
                f"PGFI is GFI times df / {N_MOMENTS}; {fit['pgfi']:.3f} / {fit['gfi']:.3f} means "
                f"{counts[name].text(1)} degrees of freedom, while the {name} model has "
                f"{DF[name]}: these cannot all be right.",
            )
    fewer = Interval.exact(float(len(paper.modifications)))
    change = counts["initial"] - counts["revised"]
    if not change.overlaps(fewer):
        required = (counts["initial"] - fewer) / Interval.exact(N_MOMENTS)
        yield contradiction(
            "parsimony",
            "Table 6",
            "PGFI",
            paper.fit_revised["pgfi"],
            required * printed(paper.fit_revised["gfi"]),
            f"Freeing {len(paper.modifications)} covariances costs as many degrees of freedom, but "
            f"PGFI / GFI rises from {counts['initial'].text(1)} to {counts['revised'].text(1)} of "
            "them: these cannot all be right.",
        )
