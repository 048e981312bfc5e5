"""semopy as engine, second opinion, export and import, beside the native engine."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import ConvergenceWarning, EstimationError, ModelError, UnsupportedError
from clustersem.fit import semopy_engine
from clustersem.fit.semopy_engine import quiet_semopy
from clustersem.fit.semopy_import import from_semopy
from clustersem.spec import ModelSpec, build_spec, options_for

DATA = Path(__file__).resolve().parent.parent / "reference" / "data"

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
DEMOCRACY = """
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + y2 + y3 + y4
    dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ ind60
    dem65 ~ ind60 + dem60
    y1 ~~ y5
    y2 ~~ y4 + y6
    y3 ~~ y7
    y4 ~~ y8
    y6 ~~ y8
"""
EQUAL = """
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + a*y2 + b*y3 + c*y4
    dem65 =~ y5 + a*y6 + b*y7 + c*y8
    dem60 ~ p*ind60
    dem65 ~ q*ind60 + r*dem60
    indirect := p*r
"""
REVISED = """
    B1 =~ C3 + C1 + C2 + C4
    B2 =~ C7 + C5 + C6 + C8 + C9 + C10
    B3 =~ C11 + C12
    B4 =~ C17 + C15 + C16 + C18
    B5 =~ C21 + C19 + C20 + C22
    B6 =~ C23 + C24
    A1 =~ C26 + C27
    A2 =~ C29 + C28
    A1 ~ B1 + B2 + B3
    A2 ~ B4 + B5 + B6
    A1 ~~ A2
    C11 ~~ C12
    C2 ~~ C3
    C9 ~~ C10
    C17 ~~ C18
    C20 ~~ C21
"""
BFI = "\n".join(f"{k} =~ " + " + ".join(f"{k}{i}" for i in range(1, 6)) for k in "ACENO")
PATHS = "t4 ~ t3 + x1\nt3 ~ t2 + x2"

CASES: dict[str, tuple[str, str, dict[str, object]]] = {
    "hs": (HS, "holzinger1939", {}),
    "hs, latent variances one": (HS, "holzinger1939", {"std_lv": True}),
    "hs, Wishart": (HS, "holzinger1939", {"likelihood": "wishart"}),
    "second order": (HS + "\ng =~ visual + textual + speed", "holzinger1939", {"std_lv": True}),
    "bifactor": (
        "g =~ x1+x2+x3+x4+x5+x6+x7+x8+x9\nvisual =~ x1+x2+x3\nspeed =~ x7+x8+x9",
        "holzinger1939",
        {"std_lv": True, "orthogonal": True},
    ),
    "democracy": (DEMOCRACY, "political_democracy", {}),
    "democracy, equal loadings": (EQUAL, "political_democracy", {}),
    "home study, revised": (REVISED, "cross_border_simulated", {}),
    "bfi": (BFI, "bfi", {}),
    "paths": (PATHS, "demo_growth", {}),
    "paths, random covariates": (PATHS, "demo_growth", {"fixed_x": False}),
    "one random covariate": (
        "f =~ x1 + x2 + x3\nf ~ x4 + x5\nx4 ~~ x4",
        "holzinger1939",
        {},
    ),
    "saturated": ("t4 ~ t3 + x1 + x2\nt3 ~ x1 + x2", "demo_growth", {}),
    "reciprocal": ("x1 ~ x2 + x4\nx2 ~ x1 + x5\nx1 ~~ x2", "holzinger1939", {}),
    # A residual that covaries with a latent variable, and with one that has effects.
    "residuals inside": (
        "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nf ~~ x4\nx1 ~~ x5\nx7 ~ x8 + f\nx8 ~ x9\nx1 ~~ x8",
        "holzinger1939",
        {},
    ),
    "covariances only": ("x1 ~~ x2\nx2 ~~ x3", "holzinger1939", {}),
    "formative": ("c <~ 1*x1 + x2 + x3\nx4 ~ c\nx5 ~ c", "holzinger1939", {}),
    "no indicators": ("f =~ 0\nf ~ x1 + x2\nx3 ~ 1*f\nx4 ~ f\nf ~~ 0*f", "holzinger1939", {}),
}


@cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


@cache
def fitted(name: str, engine: str = "native", factor: float = 1.0) -> cs.Fit:
    text, source, options = CASES[name]
    spec = build_spec(text, options_for("sem"))
    answers = data(source)[list(spec.observed)] * factor
    return cs.sem(text, answers, engine=engine, **options)


@pytest.mark.parametrize("name", CASES)
def test_semopy_estimates_what_the_native_engine_estimates(name: str) -> None:
    native, other = fitted(name), fitted(name, "semopy")
    assert other.status.code == native.status.code == "converged"
    assert other.df == native.df
    # 1e-9 of decrement allows 1e-3 standard errors at n = 2436; measured are 1e-6 at most.
    se = np.sqrt(native.vcov_theta.diagonal())
    assert np.abs((other.theta - native.theta) / se).max() < 1e-5
    assert other.measures["chisq"] == pytest.approx(native.measures["chisq"], abs=1e-7)
    pd.testing.assert_frame_equal(other.estimates, native.estimates, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("factor", [1000.0, 0.001])
@pytest.mark.parametrize("name", ["hs", "democracy, equal loadings", "home study, revised"])
def test_the_unit_of_the_data_does_not_matter(name: str, factor: float) -> None:
    there = fitted(name, "semopy", factor)
    assert there.converged
    assert there.measures["chisq"] == pytest.approx(fitted(name).measures["chisq"], abs=1e-6)
    both = pd.concat([there.estimates["std_all"], fitted(name).estimates["std_all"]], axis=1)
    both = both[there.estimates["op"] != ":="]
    assert np.abs(both.iloc[:, 0] - both.iloc[:, 1]).max() < 1e-6


def test_units_that_differ_from_item_to_item() -> None:
    answers = data("holzinger1939").copy()
    for power, item in enumerate([f"x{i}" for i in range(1, 10)], start=-4):
        answers[item] *= 10.0**power
    fit = cs.sem(HS, answers, engine="semopy")
    assert fit.converged
    assert fit.measures["chisq"] == pytest.approx(fitted("hs").measures["chisq"], abs=1e-7)


def test_everything_is_read_off_a_semopy_fit() -> None:
    native, other = fitted("hs"), fitted("hs", "semopy")
    for name in ("cfi", "srmr", "rmsea", "rmsea_ci_upper", "gfi", "aic", "logl"):
        assert other.measures[name] == pytest.approx(native.measures[name], rel=1e-7)
    ours, theirs = native.modification_indices(5.0), other.modification_indices(5.0)
    pd.testing.assert_frame_equal(theirs, ours, rtol=1e-4)
    assert "chi" in other.summary().lower()
    assert other.diagnose().passed
    assert len(other.factor_scores()) == 301


def test_negative_variances_are_allowed_as_in_lavaan() -> None:
    cov = pd.DataFrame(
        [[1, 0.7, 0.7, 0.3], [0.7, 1, 0.4, 0.3], [0.7, 0.4, 1, 0.2], [0.3, 0.3, 0.2, 1]],
        index=list("abcd"),
        columns=list("abcd"),
    )
    with pytest.warns(match="Heywood"):
        native = cs.cfa("f =~ a + b + c + d", cov=cov, n_obs=300)
    with pytest.warns(match="Heywood"):
        other = cs.cfa("f =~ a + b + c + d", cov=cov, n_obs=300, engine="semopy")
    np.testing.assert_allclose(other.theta, native.theta, atol=1e-6)
    assert native.second_opinion().agrees


def test_a_perfect_fit_has_no_negative_discrepancy() -> None:
    load = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.8], [0, 0.7], [0, 0.5]])
    cov = load @ np.array([[1, 0.4], [0.4, 1]]) @ load.T
    np.fill_diagonal(cov, 1.0)
    frame = pd.DataFrame(cov, index=list("abcdef"), columns=list("abcdef"))
    fit = cs.cfa("f1 =~ a + b + c\nf2 =~ d + e + f", cov=frame, n_obs=481, engine="semopy")
    assert fit.converged
    assert fit.measures["chisq"] == pytest.approx(0.0, abs=1e-9)


# --- second opinion ---


@pytest.mark.parametrize("name", CASES)
def test_second_opinion_agrees(name: str) -> None:
    fit = fitted(name)
    opinion = fit.second_opinion()
    largest = opinion.largest_difference
    assert opinion.agrees, opinion.verdict
    assert largest.in_se < 1e-5
    assert largest.se < 1e-5
    assert largest.chi2 < 1e-7
    assert opinion.chi2_clustersem == pytest.approx(fit.measures["chisq"], abs=1e-9)
    assert "agrees" in opinion.verdict
    assert len(opinion.table) == fit.spec.n_free_rows


def test_the_table_holds_both_engines_numbers() -> None:
    fit = fitted("hs")
    opinion = fit.second_opinion()
    table = opinion.table
    free = fit.estimates[fit.estimates["z"].notna()]
    np.testing.assert_allclose(table["est_clustersem"], free["est"], rtol=1e-12)
    np.testing.assert_allclose(table["se_clustersem"], free["se"], rtol=1e-12)
    np.testing.assert_allclose(table["se_semopy"], free["se"], rtol=1e-6)
    np.testing.assert_allclose(table["difference"], table["est_semopy"] - table["est_clustersem"])
    assert opinion.largest_difference.raw == table["difference"].abs().max()
    assert "visual" in str(opinion)
    assert opinion.version in str(opinion)


def test_second_opinion_needs_only_moments() -> None:
    hs = fitted("hs")
    cov = hs.moments.frame(hs.moments.unbiased_cov)
    opinion = cs.cfa(HS, cov=cov, n_obs=301).second_opinion()
    assert opinion.agrees
    assert opinion.chi2_semopy == pytest.approx(hs.measures["chisq"], abs=1e-7)


def test_a_second_opinion_disagrees_with_wrong_numbers() -> None:
    from dataclasses import replace

    fit = fitted("hs")
    theta = fit.theta.copy()
    theta[0] += 0.01 * np.sqrt(fit.vcov_theta[0, 0])
    opinion = replace(fit, theta=theta).second_opinion()
    assert not opinion.agrees
    assert "visual =~ x2" in opinion.verdict
    assert "disagrees" in opinion.verdict
    wrong = replace(fit, vcov_theta=fit.vcov_theta * 1.01).second_opinion()
    assert not wrong.agrees
    assert "standard errors differ by up to 0.5 %" in wrong.verdict


def test_no_agreement_without_standard_errors() -> None:
    from dataclasses import replace

    fit = fitted("hs")
    vcov = fit.vcov_theta.copy()
    vcov[0] = vcov[:, 0] = np.nan
    opinion = replace(fit, vcov_theta=vcov).second_opinion()
    assert not opinion.agrees
    assert "cannot confirm" in opinion.verdict


def test_a_semopy_that_stops_early_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    import semopy

    def fit_a_little(self: semopy.Model, **settings: object) -> object:
        settings["options"] = {"maxiter": 3}
        return original(self, **settings)

    original = semopy.Model.fit
    monkeypatch.setattr(semopy.Model, "fit", fit_a_little)
    monkeypatch.setattr(semopy_engine, "RESTARTS", 1)
    opinion = fitted("hs").second_opinion()
    assert not opinion.agrees
    assert "did not converge" in opinion.verdict
    with pytest.warns(ConvergenceWarning):
        fit = cs.cfa(HS, data("holzinger1939"), engine="semopy")
    assert fit.status.code == "stalled"
    assert fit.status.decrement > 1e-3
    assert np.isnan(fit.vcov_theta).all()


def test_a_semopy_that_ends_nowhere_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import semopy

    def fit_nowhere(self: semopy.Model, **settings: object) -> object:
        result = original(self, **settings)
        result.x = -result.x
        return result

    original = semopy.Model.fit
    monkeypatch.setattr(semopy.Model, "fit", fit_nowhere)
    with pytest.raises(EstimationError, match="engine='semopy'"):
        cs.cfa(HS, data("holzinger1939"), engine="semopy")


# --- what semopy cannot do ---


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (HS, {"meanstructure": True}, "does not estimate means"),
        (HS + "\nx1 ~ 1", {}, "Leave out the intercepts"),
    ],
)
def test_unsupported_models(text: str, options: dict[str, bool], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        cs.sem(text, data("holzinger1939"), engine="semopy", **options)
    fit = cs.sem(text, data("holzinger1939"), **options)
    with pytest.raises(UnsupportedError, match=message):
        fit.second_opinion()


def test_semopy_is_no_second_opinion_on_itself() -> None:
    with pytest.raises(UnsupportedError, match="cannot be its second opinion"):
        fitted("hs", "semopy").second_opinion()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f =~ x1 + a*x2 + b*x3\na > b", "cannot impose"),
        ("f =~ x1 + x2 + .x3", "cannot read the name '.x3'"),
    ],
)
def test_what_cannot_be_exported(text: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        build_spec(text, options_for("cfa")).to_semopy()


def test_any_name_will_do_for_the_engine() -> None:
    answers = data("holzinger1939").rename(columns={"x1": ".x1", "x2": "x.2", "x3": "因子"})
    model = "nan =~ .x1 + START*x.2 + e1*因子 + x4"
    fit = cs.cfa(model, answers, engine="semopy")
    assert fit.converged
    assert cs.cfa(model, answers).second_opinion().agrees


def test_silence_ends_with_semopy() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), list(root.filters))
    seen: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    keep = Keep()
    root.addHandler(keep)
    try:
        # Without a fixed loading semopy logs a warning for every factor.
        fitted.__wrapped__("hs, latent variances one", "semopy")
        with quiet_semopy():
            logging.warning("ours")
    finally:
        root.removeHandler(keep)
    assert [record.getMessage() for record in seen] == ["ours"]
    assert (list(root.handlers), list(root.filters)) == before
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)


# --- export and import ---


def semopy_model(text: str, answers: pd.DataFrame | None = None):
    """Build a semopy model as its users do; with answers, fit it tightly."""
    with quiet_semopy():
        import semopy

        model = semopy.Model(text)
        if answers is not None:
            model.fit(answers, options={"ftol": 1e-13, "maxiter": 2000})
            model.fit(options={"ftol": 1e-15, "maxiter": 2000})
    return model


@pytest.mark.parametrize("name", CASES)
def test_exported_text_estimates_the_same_parameters(name: str) -> None:
    fit = fitted(name)
    answers = pd.DataFrame(fit.moments.data, columns=list(fit.moments.names))
    model = semopy_model(fit.spec.to_semopy())
    spec = from_semopy(model)
    again = cs.sem(spec, answers, likelihood=fit.options.likelihood)
    assert (again.n_free, again.df) == (fit.n_free, fit.df)
    assert again.measures["chisq"] == pytest.approx(fit.measures["chisq"], abs=1e-7)
    np.testing.assert_allclose(
        again.implied_cov, fit.implied_cov.loc[*[again.moments.names] * 2], rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize(
    "name",
    [
        "hs",
        "hs, latent variances one",
        "second order",
        "democracy",
        "democracy, equal loadings",
        "home study, revised",
        "bfi",
        "paths",
        "paths, random covariates",
        "one random covariate",
        "residuals inside",
        "formative",
    ],
)
def test_semopy_itself_finds_our_chi2_with_the_exported_text(name: str) -> None:
    fit = fitted(name)
    answers = pd.DataFrame(fit.moments.data, columns=list(fit.moments.names))
    model = semopy_model(fit.spec.to_semopy(), answers)
    assert len(model.param_vals) == fit.n_free
    chi2 = fit.n_obs * model.last_result.fun
    # semopy's own units, starts and stop rule.
    assert chi2 == pytest.approx(fit.measures["chisq"], abs=1e-4)


FROM_SEMOPY = {
    "two factors": ("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6", "holzinger1939"),
    "democracy": (DEMOCRACY, "political_democracy"),
    "dependent variables do not covary": ("x1 ~ x7\nx2 ~ x7 + x8", "holzinger1939"),
    "names, numbers, starts": (
        "f =~ x1 + 0.7*x2 + l*x3\ng =~ x4 + x5 + l*x6\ng ~ b*f\nx1 ~~ 0.1*x4\nstart 1: l b",
        "holzinger1939",
    ),
    "covariates estimated": ("x1 ~ x7 + x8\nx7 ~~ x7 + x8\nx8 ~~ x8", "holzinger1939"),
}


@pytest.mark.parametrize("name", FROM_SEMOPY)
def test_from_semopy_fits_what_semopy_fitted(name: str) -> None:
    text, source = FROM_SEMOPY[name]
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    spec = from_semopy(semopy_model(text))
    assert isinstance(spec, ModelSpec)
    model = semopy_model(text, data(source))
    assert from_semopy(model) == spec
    fit = cs.sem(spec, data(source))
    assert fit.n_free == len(model.param_vals)
    chi2 = fit.n_obs * model.last_result.fun
    assert fit.measures["chisq"] == pytest.approx(chi2, abs=1e-4)
    theirs = {
        (row.lval, row.op, row.rval): row.Estimate
        for row in model.inspect(information=None).itertuples()
    }
    for row in fit.estimates[fit.estimates["se"] > 0].itertuples():
        # semopy prints a loading as a regression of the item, and covariances in either order.
        keys = [(row.lhs, "~~", row.rhs), (row.rhs, "~~", row.lhs)]
        if row.op != "~~":
            keys = [(row.rhs, "~", row.lhs) if row.op == "=~" else (row.lhs, "~", row.rhs)]
        found = [theirs[key] for key in keys if key in theirs]
        assert row.est == pytest.approx(found[0], abs=1e-4), keys


def test_from_semopy_writes_everything_out() -> None:
    text = (
        "DEFINE(latent) f\nf ~ x7\nx1 ~ 1*f\nx2 ~ l*f\nx3 ~ l*f\nf ~~ 0*f\n"
        "START(0.5) l\nBOUND(0, 2) l\nx2 ~ 0*x2"
    )
    assert from_semopy(semopy_model(text)).to_text().splitlines() == [
        "f =~ 0",
        "f ~ x7",
        "x1 ~ 1*f",
        "x2 ~ l*f + start(0.5)*f + lower(0)*f + upper(2)*f",
        "x3 ~ l*f + start(0.5)*f + lower(0)*f + upper(2)*f",
        "f ~~ 0*f",
        "x1 ~~ x1",
        "x2 ~~ x2",
        "x3 ~~ x3",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f =~ x1 + a*x2 + b*x3\nCONSTRAINT(a = b)", "CONSTRAINT"),
        ("f =~ x1 + x2 + x3\nDEFINE(ordinal) x1", "ordinal"),
        ("x1 ~ START*x2", r"START\*x2"),
        ("x1 ~ x2 + x3\nx2 ~~ x2", "Write all of their variances and covariances, or none"),
        ("x1 ~ x2\nx3 ~ x1 + x2\nx3 ~~ x1", "Add the line 'x3 ~ 0\\*x3'"),
    ],
)
def test_what_from_semopy_does_not_read(text: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        from_semopy(semopy_model(text))


def test_from_semopy_takes_models_of_semopys_only() -> None:
    import semopy

    with pytest.raises(ModelError, match=r"pass semopy.Model\(text\)"):
        from_semopy("f =~ x1 + x2 + x3")
    with pytest.raises(UnsupportedError, match="ModelMeans has means"):
        from_semopy(semopy.ModelMeans("f =~ x1 + x2 + x3"))


def test_a_label_that_semopy_would_take_for_a_number() -> None:
    text = build_spec("y ~ nan*x1 + inf*x2 + START*x3", options_for("sem")).to_semopy()
    model = semopy_model(text)
    free = {name for name, parameter in model.parameters.items() if parameter.active}
    assert {"label_nan", "label_inf", "label_START"} < free


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "MLR"}, "se='robust.huber.white'. The estimates are the same with"),
        ({"estimator": "GLS"}, "not on estimator='GLS' with missing='listwise'"),
        ({"missing": "ml"}, "not on missing='ml'. Ask it of the fit with missing='listwise'"),
        ({"group": "school"}, "of one group, and this fit has 2. Ask it of every group alone"),
        ({"ordered": ["few"]}, "its own estimation of ordinal ones fails with current versions"),
        ({"sampling_weights": "w", "estimator": "ML"}, "without sampling weights"),
    ],
)
def test_where_semopy_has_no_opinion_it_is_said_what_to_ask(options, said) -> None:
    answers = data("holzinger1939").assign(w=lambda d: 0.5 + d["sex"])
    answers["few"] = answers["x1"].clip(3, 6).round()
    fit = cs.cfa("f =~ few + x2 + x3 + x4", answers, **options)
    with pytest.raises(UnsupportedError) as caught:
        fit.second_opinion()
    assert said in str(caught.value)
