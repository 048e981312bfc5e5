"""Stand-ins for results of other rooms, made of what lavaan and psych print (tests/reference)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from clustersem.audit import audit
from clustersem.report import FittedModel, PublishedView, ScaleBlock, StudyView

REFERENCE = Path(__file__).parent.parent / "reference"

CONSTRUCTS = {
    "B1": ("C1", "C2", "C3", "C4"),
    "B2": ("C5", "C6", "C7", "C8", "C9", "C10"),
    "B3": ("C11", "C12"),
    "B4": ("C15", "C16", "C17", "C18"),
    "B5": ("C19", "C20", "C21", "C22"),
    "B6": ("C23", "C24"),
    "A1": ("C26", "C27"),
    "A2": ("C28", "C29"),
}
# Wang et al. (2022), Table 1, doi:10.3390/su14063576 (CC BY 4.0).
LABELS = {
    "B1": "Industry service organization level",
    "B2": "Institutional environment and enterprise relations",
    "B3": "Factors of production status",
    "B4": "Cross-border market and logistics",
    "B5": "Cross-border e-commerce trade institutional environment",
    "B6": "International settlement",
    "A1": "Industry cluster status",
    "A2": "Cross-border e-commerce situation",
}
# id, path, printed standardised value: Table 7 of the same paper.
HYPOTHESES = (
    ("H1", "A1 ~ B1", 0.239),
    ("H2", "A1 ~ B3", 0.478),
    ("H3", "A1 ~ B2", 0.153),
    ("H4", "A2 ~ B4", 0.203),
    ("H5", "A2 ~ B6", 0.381),
    ("H6", "A2 ~ B5", 0.436),
    ("H7", "B1 ~~ B4", 0.581),
    ("H8", "B1 ~~ B6", 0.633),
    ("H16", "A1 ~~ A2", 0.472),
)


@dataclass(frozen=True)
class StandInFit:
    """What the report reads off a fit."""

    estimates: pd.DataFrame
    measures: dict[str, float]
    r_squared: pd.Series


def record_of(name: str) -> dict[str, Any]:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def reference_fit(name: str) -> StandInFit:
    record = record_of(name)
    estimates = pd.DataFrame(record["estimates"]).rename(columns={"pvalue": "p_value"})
    for column in ("z", "p_value"):
        estimates[column] = estimates[column].astype(float)
    measures = {k: float(v) for k, v in record["measures"].items() if v is not None}
    if measures.get("df"):
        measures["cmin_df"] = measures["chisq"] / measures["df"]
    r2 = record.get("r2") or {}
    return StandInFit(
        estimates, measures, pd.Series(r2 if isinstance(r2, dict) else {}, dtype=float)
    )


def made_fit(rows: list[tuple[str, str, str, float]], **measures: float) -> StandInFit:
    """A fit of nothing but standardised values; the first loading of each factor is fixed."""
    table = pd.DataFrame(rows, columns=["lhs", "op", "rhs", "std_all"])
    marker = (table["op"] == "=~") & ~table.duplicated(["lhs", "op"])
    table["est"] = 1.0
    table["se"] = np.where(marker, 0.0, 0.1)
    table["p_value"] = np.where(marker, np.nan, np.where(table["std_all"].abs() < 0.1, 0.3, 0.0))
    return StandInFit(table, {"chisq": 1234.5, "df": 99.0, "cfi": 0.95, **measures}, pd.Series())


def hypotheses() -> pd.DataFrame:
    estimates = reference_fit("cross_border_revised").estimates
    rows = []
    for name, path, _ in HYPOTHESES:
        lhs, op, rhs = path.split()
        row = estimates[
            (estimates["op"] == op)
            & (
                ((estimates["lhs"] == lhs) & (estimates["rhs"] == rhs))
                | ((op == "~~") & (estimates["lhs"] == rhs) & (estimates["rhs"] == lhs))
            )
        ].iloc[0]
        kept = ["est", "se", "z", "p_value", "std_all", "ci_lower", "ci_upper"]
        strength = "main path" if row["std_all"] > 0.6 else "auxiliary path"
        rows.append(
            {"id": name, "path": path, "expect": "+", **row[kept], "verdict": "supported"}
            | {"strength": strength}
        )
    table = pd.DataFrame(rows)
    table.loc[1, ["verdict"]] = ["not supported"]
    table.loc[2, ["verdict"]] = ["contradicted"]
    return table


def residuals() -> pd.DataFrame:
    """Implied correlations of two models of the same answers, one minus the other."""

    def correlations(name: str) -> np.ndarray:
        implied = np.array(record_of(name)["implied_cov"])
        sd = np.sqrt(np.diag(implied))
        return implied / np.outer(sd, sd)

    estimates = reference_fit("cross_border_revised").estimates
    items = estimates.loc[estimates["op"] == "=~", "rhs"].tolist()
    difference = correlations("cross_border_revised") - correlations("cross_border_initial")
    return pd.DataFrame(difference, items, items)


def scale_block() -> ScaleBlock:
    record = record_of("efa_cb_cluster")
    solution = record["principal_varimax"]
    loadings = solution["loadings"]
    shares = np.array(solution["vaccounted"])
    efa = SimpleNamespace(
        loadings=pd.DataFrame(loadings["values"], loadings["items"], ["F1", "F2", "F3"]),
        communalities=pd.Series(solution["communality"]),
        variance=pd.DataFrame(
            [shares, shares.cumsum()], ["proportion", "cumulative"], ["F1", "F2", "F3"]
        ),
        method="principal",
        rotation="varimax",
    )
    observed = np.array(record["eigenvalues"])
    parallel = pd.DataFrame(
        {
            "observed": observed,
            "simulated_mean": np.linspace(1.25, 0.76, len(observed)),
            "simulated_quantile": np.linspace(1.32, 0.79, len(observed)),
        }
    )
    steps = (
        SimpleNamespace(
            item="C13",
            construct="B3",
            reason="loading .312 on the factor of its construct is below the cut-off .5",
            violation=SimpleNamespace(loading=0.312, other_loading=0.288),
        ),
    )
    return ScaleBlock(
        "industrial cluster",
        SimpleNamespace(overall=record["kmo"]),
        SimpleNamespace(
            chi2=record["bartlett"]["chisq"],
            df=int(record["bartlett"]["df"]),
            p_value=float(record["bartlett"]["p"]),
        ),
        efa,
        steps,
        parallel,
        3,
    )


def study_view() -> StudyView:
    initial, revised = reference_fit("cross_border_initial"), reference_fit("cross_border_revised")
    validity = record_of("validity")["cross_border"]
    names = list(CONSTRUCTS)
    htmt = pd.DataFrame(validity["htmt"], names, names)
    items = [item for items in CONSTRUCTS.values() for item in items]
    k = np.arange(len(items))
    described = pd.DataFrame(
        {
            "n": 481,
            "missing": 0,
            "mean": 3.1 + 0.02 * k,
            "sd": 1.01 + 0.003 * k,
            "skewness": -0.2 + 0.01 * k,
            "kurtosis": -0.5 + 0.01 * k,
            "minimum": 1,
            "maximum": 5,
        },
        items,
    )
    reliability = pd.DataFrame(
        {
            "n_items": [len(v) for v in CONSTRUCTS.values()],
            "n": 481,
            "alpha": [0.808, 0.832, 0.841, 0.803, 0.764, 0.72, 0.828, 0.68],
            "alpha_ci_lower": [0.78, 0.81, 0.81, 0.77, 0.73, 0.67, 0.79, 0.62],
            "alpha_ci_upper": [0.84, 0.86, 0.87, 0.83, 0.80, 0.77, 0.86, 0.73],
            "omega": [*list(validity["omega"].values())[:7], np.nan],
            "reversed_items": [""] * 8,
        },
        names,
    )
    step = SimpleNamespace(
        lhs="C9",
        op="~~",
        rhs="C10",
        mi=41.27,
        epc=0.183,
        p_adjusted=0.001,
        before=initial.measures,
        after=revised.measures,
        reason="largest index among residual covariances within a construct",
    )
    comparison = pd.DataFrame(
        {
            "table": "Table 7: standardised paths",
            "quantity": [f"{name}: {path}" for name, path, _ in HYPOTHESES],
            "printed": [value for *_, value in HYPOTHESES],
            "reproduced": hypotheses()["std_all"],
        }
    )
    comparison["difference"] = comparison["reproduced"] - comparison["printed"]
    comparison["verdict"] = np.where(comparison["difference"].abs() < 0.1, "agrees", "differs")
    checks = (
        SimpleNamespace(name="Negative error variances", passed=True, detail="none"),
        SimpleNamespace(name="Standardised coefficients near 1", passed=False, detail="B3 =~ C11"),
    )
    return StudyView(
        title="Cross-border e-commerce and industrial clusters",
        subtitle="A stand-in study for tests & layout",
        origin="The answers are synthetic: they were simulated from the published estimates.",
        flow=SimpleNamespace(
            distributed=532,
            returned=503,
            valid=481,
            exclusions=(("straight-lining", 15), ("duplicate", 7)),
        ),
        items=described,
        constructs=CONSTRUCTS,
        labels=LABELS,
        texts={"C1": "Educational service organization", "C2": "经纪服务机构 <b>bold</b>"},
        blocks=(scale_block(),),
        reliability=reliability,
        initial=FittedModel(initial, str(record_of("cross_border_initial")["model"]), checks),
        steps=(step,),
        respecification_note="The step was found on the answers that the model is judged by.",
        revised=FittedModel(revised, "", checks, residuals()),
        hypotheses=hypotheses(),
        validity=SimpleNamespace(
            table=pd.DataFrame(
                {
                    "n_items": reliability["n_items"],
                    "cr": pd.Series(validity["omega"]),
                    "ave": pd.Series(validity["ave"]),
                    "msv": (htmt - np.eye(8)).max() ** 2,
                },
                names,
            ),
            fornell_larcker=htmt - np.eye(8) + np.diag(np.sqrt(list(validity["ave"].values()))),
            htmt=htmt,
            notes=(),
        ),
        published=PublishedView(
            "Wang et al. (2022), Sustainability 14(6), 3576, doi:10.3390/su14063576",
            comparison,
            audit=audit(
                {
                    "paths": [
                        {
                            "id": "H1",
                            "path": "A1 ~ B1",
                            "est": "0.144",
                            "se": "0.031",
                            "cr": "3.417",
                        }
                    ],
                    "sample": {"n": 481},
                    "fit": {"revised": {"cmin_df": "2.730", "rmsea": "0.093"}},
                }
            ),
            further=(("C11 ~~ C12 first", "Its index is 5 at most."),),
        ),
        warnings=("The initial model misses two of seven standards.",),
        provenance={"Data": "sha256:0123abcd", "clustersem": "0.1.0", "Seed": "2022"},
    )
