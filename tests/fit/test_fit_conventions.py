"""One fit in five programs' conventions: lavaan's own results, and the manuals' formulas."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from helpers.reference import ENTRY, REFERENCE, data, fitted
from helpers.whole_fits import two_schools

import clustersem as cs
from clustersem.fit import indices
from clustersem.fit.programs import PROGRAMS, bcc

TOLD = json.loads((REFERENCE / "conventions.json").read_text())["cases"]
# With means lavaan takes on EQS's likelihood, but not how EQS treats means.
WITHOUT_MEANS = [name for name in TOLD if name not in ("means", "growth")]


@pytest.fixture(scope="module")
def of():
    made: dict[str, cs.fit.conventions.Conventions] = {}

    def conventions_of(name: str):
        if name not in made:
            told = TOLD[name]
            made[name] = ENTRY[told["fun"]](told["model"], data(told["data"])).conventions()
        return made[name]

    return conventions_of


def column(conventions, program: str) -> dict[str, float]:
    return {str(k): v for k, v in conventions.table[program].dropna().items()}


def assert_measures(ours: dict[str, float], told: dict[str, float], names) -> None:
    for name in names:
        assert ours[name] == pytest.approx(told[name], rel=2e-7, abs=2e-8), name


def assert_estimates(conventions, program: str, told: list[dict[str, object]]) -> None:
    ours = conventions.estimates.set_index(["lhs", "op", "rhs"])
    compared = 0
    for row in told:
        key = (row["lhs"], row["op"], row["rhs"])
        if key in ours.index:
            found = ours.loc[key]
            # lavaan's optimiser leaves estimates right to about 1e-7, its standard errors too.
            assert found[f"est_{program}"] == pytest.approx(row["est"], rel=1e-5, abs=1e-6), key
            assert found[f"se_{program}"] == pytest.approx(row["se"], rel=1e-5), key
            compared += 1
    assert compared == len(ours)


@pytest.mark.parametrize("name", list(TOLD))
def test_lavaan(name, of):
    ours = column(of(name), "lavaan")
    told = TOLD[name]["lavaan"]
    assert_measures(ours, told["measures"], ours)
    assert_estimates(of(name), "lavaan", told["estimates"])


@pytest.mark.parametrize("name", list(TOLD))
def test_mplus(name, of):
    ours = column(of(name), "Mplus")
    told = TOLD[name]["Mplus"]
    assert_measures(ours, told["measures"], ours)
    assert_estimates(of(name), "Mplus", told["estimates"])


@pytest.mark.parametrize("name", WITHOUT_MEANS)
def test_eqs(name, of):
    ours = column(of(name), "EQS")
    told = TOLD[name]["EQS"]["measures"]
    own = {"aic", "caic"}  # lavaan prints its own
    assert_measures(ours, told, set(ours) - own)
    n, df = 75 if name == "sem" else 301, told["df"]
    assert ours["aic"] == pytest.approx(told["chisq"] - 2 * df)
    assert ours["caic"] == pytest.approx(told["chisq"] - (np.log(n) + 1) * df)
    assert_estimates(of(name), "EQS", TOLD[name]["EQS"]["estimates"])


@pytest.mark.parametrize("name", WITHOUT_MEANS)
def test_lisrel(name, of):
    ours = column(of(name), "LISREL")
    told = TOLD[name]["EQS"]["measures"]
    assert_measures(
        ours, told, ["npar", "chisq", "df", "pvalue", "gfi", "agfi", "pgfi", "srmr", "rmr"]
    )
    second = TOLD[name]["browne_residual_nt_model"]
    assert ours["chisq_nt"] == pytest.approx(second, rel=1e-6)
    n, q, df = (75 if name == "sem" else 301), told["npar"], told["df"]
    assert ours["rmsea"] == pytest.approx(np.sqrt(max(second - df, 0) / (df * (n - 1))), rel=1e-6)
    assert ours["ecvi"] == pytest.approx((second + 2 * q) / (n - 1), rel=1e-6)
    assert ours["aic"] == pytest.approx(second + 2 * q, rel=1e-6)
    assert ours["caic"] == pytest.approx(second + (1 + np.log(n)) * q, rel=1e-6)


@pytest.mark.parametrize("name", ["cfa", "covariates", "sem"])
def test_amos(name, of):
    """These models do not depend on the scale, so AMOS's F is that of either divisor."""
    ours = column(of(name), "AMOS")
    told = TOLD[name]["EQS"]["measures"]
    shared = (
        "npar chisq df pvalue baseline_chisq baseline_df cfi tli nfi ifi rfi pnfi gfi agfi pgfi"
        " rmsea rmsea_ci_lower rmsea_ci_upper rmsea_pvalue"
    )
    assert_measures(ours, told, shared.split())
    n, q = (75 if name == "sem" else 301), told["npar"]
    assert ours["rmr"] == pytest.approx(told["rmr"] * (n - 1) / n, rel=1e-6)
    assert ours["aic"] == pytest.approx(told["chisq"] + 2 * q)
    assert ours["ecvi"] == pytest.approx(ours["aic"] / (n - 1))
    assert ours["cn_05"] == np.floor(told["cn_05"])


def test_amos_standard_errors_lie_between_the_others(of):
    rows = of("cfa").estimates.set_index(["lhs", "op", "rhs"])
    loading, variance = rows.loc[("visual", "=~", "x2")], rows.loc[("x1", "~~", "x1")]
    assert loading["se_AMOS"] == pytest.approx(loading["se_EQS"])
    assert variance["se_AMOS"] == pytest.approx(variance["se_EQS"] * 300 / 301)
    assert variance["est_AMOS"] == pytest.approx(variance["est_lavaan"])


def test_amos_standard_error_of_a_variance_is_that_of_the_manual():
    """s^2 sqrt(2 / (n - 1)), with s^2 of divisor n."""
    fit = cs.sem("x1 ~~ x2", data("holzinger1939"))
    row = fit.conventions().estimates.set_index(["lhs", "op", "rhs"]).loc[("x1", "~~", "x1")]
    assert row["se_AMOS"] == pytest.approx(row["est_AMOS"] * np.sqrt(2 / 300))


def test_criteria_are_those_of_the_amos_manual():
    """Example 6 of the user's guide, model A: C = 71.544, q = 15, N = 932, p = 6, 6 df."""
    assert bcc(71.544, 15, [932], [6]) == pytest.approx(101.771, abs=0.0005)
    assert bcc(71.544, 15, [932], [6]) / 931 == pytest.approx(0.109, abs=0.0005)
    # Halves of a sample are penalised as two small ones.
    assert bcc(71.544, 15, [466, 466], [6, 6]) > bcc(71.544, 15, [932], [6])
    assert int(indices.critical_n(71.544, 6, 931, 0.05)) == 164
    assert int(indices.critical_n(71.544, 6, 931, 0.01)) == 219
    assert indices.rmsea(71.544, 6, 931) == pytest.approx(0.108, abs=0.0005)


def test_wheaton_as_the_programs_print_it():
    """Wheaton, Muthen, Alwin and Summers (1977), as covariances with divisor n - 1."""
    names = ["anomia67", "powles67", "anomia71", "powles71", "educatio", "sei"]
    lower = [
        [11.834],
        [6.947, 9.364],
        [6.819, 5.091, 12.532],
        [4.783, 5.028, 7.495, 9.986],
        [-3.839, -3.889, -3.841, -3.625, 9.610],
        [-21.899, -18.831, -21.748, -18.775, 35.522, 450.288],
    ]
    cov = np.zeros((6, 6))
    for i, row in enumerate(lower):
        cov[i, : i + 1] = cov[: i + 1, i] = row
    model = """
        ses =~ educatio + sei; al67 =~ anomia67 + powles67; al71 =~ anomia71 + powles71
        al67 ~ ses; al71 ~ al67 + ses
    """
    frame = pd.DataFrame(cov, index=names, columns=names)
    table = cs.sem(model, cov=frame, n_obs=932).conventions().table
    # LISREL's manual prints 71.47; the user's guide of AMOS has these three for the same data.
    assert table.loc["chisq", "LISREL"] == pytest.approx(71.47, abs=0.005)
    for name, told in {"gfi": 0.975, "agfi": 0.913, "pgfi": 0.279}.items():
        assert table.loc[name, "AMOS"] == pytest.approx(told, abs=0.0005)


def test_the_likelihood_of_the_fit_does_not_matter(of):
    told = TOLD["fixed_variance"]
    other = ENTRY[told["fun"]](told["model"], data(told["data"]), likelihood="wishart")
    mine, theirs = of("fixed_variance"), other.conventions()
    pd.testing.assert_frame_equal(mine.table, theirs.table, rtol=1e-7)
    pd.testing.assert_frame_equal(mine.estimates, theirs.estimates, rtol=1e-6)
    # A variance that is fixed at a number makes the two fits differ by more than the divisor.
    chisq = mine.table.loc["chisq"]
    assert abs(chisq["EQS"] / chisq["lavaan"] * 301 / 300 - 1) > 1e-6
    assert chisq["AMOS"] / chisq["lavaan"] == pytest.approx(300 / 301, rel=1e-12)


def test_what_does_not_restrict_means_is_compared_without_them(of):
    plain, means = of("cfa"), of("means")
    for program in ("AMOS", "EQS", "LISREL"):
        pd.testing.assert_series_equal(plain.table[program], means.table[program], rtol=1e-8)
    assert means.table.loc["npar", "lavaan"] == means.table.loc["npar", "Mplus"] == 30


def test_restricted_means_leave_gaps(of):
    growth = of("growth")
    assert growth.table[["EQS", "LISREL"]].isna().all(axis=None)
    assert growth.table["AMOS"].reindex(["gfi", "rmr", "bic", "caic"]).isna().all()
    assert growth.table.loc["chisq", "AMOS"] == pytest.approx(
        growth.table.loc["chisq", "lavaan"] * 399 / 400
    )
    assert set(growth.gaps["program"]) >= {"EQS", "LISREL"}
    assert growth.gaps["reason"].str.contains("restricted means").any()
    assert growth.estimates.filter(like="EQS").isna().all(axis=None)


def test_every_difference_has_a_cause(of):
    for name in TOLD:
        found = of(name)
        explained = {measure for cause in found.causes for measure in cause.measures}
        for measure, row in found.table.iterrows():
            values = row.dropna().to_numpy()
            differs = len(values) > 1 and np.ptp(values) > 1e-9 * max(np.abs(values).max(), 1e-6)
            assert (measure in explained) == differs, (name, measure)
        assert all(cause.sentence.endswith(".") and cause.reference for cause in found.causes)


def test_causes_are_those_of_the_fit(of):
    def sentences(name: str) -> str:
        return " ".join(cause.sentence for cause in of(name).causes)

    assert "covariates covary in lavaan" in sentences("covariates")
    assert "covariates" not in sentences("cfa")
    assert "number of groups (Steiger" not in sentences("cfa")


def test_text(of):
    lines = str(of("cfa")).splitlines()
    assert lines[0].split() == list(PROGRAMS)
    row = next(line for line in lines if line.startswith("chisq "))
    assert row.split() == ["chisq", "85.306", "85.306", "85.022", "85.022", "85.022"]
    row = next(line for line in lines if line.startswith("cfi "))
    assert row.split() == ["cfi", "0.931", "0.931", "0.931", "0.931", "?"]
    assert "Conventions of 36 measures in lavaan, Mplus" in repr(of("cfa"))
    assert list(of("cfa").settings.columns) == list(PROGRAMS)
    assert of("cfa").settings.loc["covariances divided by"].tolist() == ["n"] * 3 + ["n - 1"] * 2


def test_what_is_not_compared():
    fit = cs.cfa(TOLD["cfa"]["model"], data("holzinger1939"))
    other = dataclasses.replace(
        fit, options=dataclasses.replace(fit.options, estimator="GLS", discrepancy="GLS")
    )
    with pytest.raises(cs.errors.UnsupportedError, match="this fit used GLS"):
        other.conventions()
    stopped = dataclasses.replace(
        fit, status=dataclasses.replace(fit.status, code="max_iterations")
    )
    with pytest.raises(cs.errors.EstimationError, match="nothing to compare"):
        stopped.conventions()
    assert fitted("democracy_equal_defined").conventions().table.loc["df", "AMOS"] > 0


def test_several_groups():
    fit = two_schools(TOLD["cfa"]["model"])
    found, m = fit.conventions(), fit.measures
    table = found.table
    for name in table["lavaan"].dropna().index:
        assert table.loc[name, "lavaan"] == pytest.approx(m[name])
    f = m["chisq"] / 301
    assert table.loc["chisq", "AMOS"] == pytest.approx(299 * f)
    # lavaan and Mplus average over groups, AMOS does not.
    df = m["df"]
    assert table.loc["rmsea", "AMOS"] == pytest.approx(np.sqrt((299 * f - df) / (299 * df)))
    assert table.loc["rmsea", "Mplus"] == pytest.approx(np.sqrt(2 * (301 * f - df) / (301 * df)))
    assert table.loc["npar", "AMOS"] == 42
    assert table.loc["npar", "lavaan"] == table.loc["npar", "Mplus"] == 60
    assert table.loc["bcc", "AMOS"] == pytest.approx(
        bcc(299 * f, 42, [s.n_obs for s in fit.samples], [9, 9])
    )
    # The residuals of both groups together.
    squares = sum(
        np.square(np.tril(s.cov - point.sigma)).sum()
        for s, point in zip(fit.samples, fit.points, strict=True)
    )
    assert table.loc["rmr", "AMOS"] == pytest.approx(np.sqrt(squares / 90))
    assert table[["EQS", "LISREL"]].isna().all(axis=None)
    assert "several groups" in set(found.gaps["reason"].str.extract("(several groups)")[0])
    assert any("Steiger, 1998" in cause.sentence for cause in found.causes)
    assert found.estimates["group"].unique().tolist() == [1, 2]
