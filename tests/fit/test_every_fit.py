"""Every kind of fit times everything that can be asked of one: an answer, or a sentence why not.

The answers are compared with other ways to the same numbers where there are such ways, and are
otherwise only asked for; what they are is tested elsewhere.
"""

import copy
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.lavaan_cases import REFERENCE

import clustersem as cs
from clustersem.errors import ClusterSemError, ClusterSemWarning

ITEMS = [f"x{k}" for k in range(1, 7)]
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
LINE = "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4"


def read(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


DATA = read("hs_design")
GAPS = read("hs_design_missing")
LIKERT = read("hs_ordinal").assign(**{f"x{k}": lambda d, k=k: d[f"o{k}"] for k in range(1, 10)})
NOISE = pd.DataFrame(np.random.default_rng(5).standard_normal((12, 6)), columns=ITEMS)
COV = DATA[ITEMS].cov()
SEM = (
    HS.replace("x2", "a*x2").replace("textual =~", "textual =~ ")
    + "\ntextual ~ b*visual\nab := a*b"
)
HEYWOOD = pd.DataFrame([[1, 0.9, 0.2], [0.9, 1, 0.5], [0.2, 0.5, 1]], ITEMS[:3], ITEMS[:3])

ESTIMATORS = ("ML", "MLR", "MLM", "MLMV", "MLMVS", "MLF", "GLS", "ULS", "WLS", "DWLS")
CORRECTED = ("WLSM", "WLSMV", "ULSM", "ULSMV")
CONTINUOUS = {e: lambda e=e: cs.cfa(HS, DATA, estimator=e) for e in (*ESTIMATORS, *CORRECTED)}
GROUPS = {
    f"{e} of groups": lambda e=e: cs.cfa(
        HS, DATA, estimator=e, group="school", group_equal=["loadings"]
    )
    for e in ("ML", "MLR", "ULS", "WLSMV")
} | {
    "FIML of groups": lambda: cs.cfa(HS, GAPS, missing="ml", group="school"),
    "ordinal of groups": lambda: cs.cfa(HS, LIKERT, ordered=True, group="school"),
    "matrices of groups": lambda: cs.cfa(HS, cov={"a": COV, "b": 1.1 * COV}, n_obs=[150, 151]),
    "clusters of groups": lambda: cs.cfa(HS, DATA, cluster="cluster", group="school"),
    "auxiliary of groups": lambda: cs.cfa(
        HS, GAPS, missing="ml", auxiliary=["x7"], group="school", estimator="MLR"
    ),
}
ORDINAL = {
    f"ordinal {e} {p}": lambda e=e, p=p: cs.cfa(
        HS, LIKERT, ordered=True, estimator=e, parameterization=p
    )
    for e in ("WLSMV", "ULSMV", "DWLS")
    for p in ("delta", "theta")
} | {
    "mixed": lambda: cs.cfa(HS, LIKERT.assign(x1=DATA["x1"]), ordered=ITEMS[1:]),
    "ordinal by covariate": lambda: cs.sem(HS + "\nvisual ~ ageyr", LIKERT, ordered=ITEMS),
}
INCOMPLETE = {
    f"FIML {e}": lambda e=e: cs.cfa(HS, GAPS, missing="ml", estimator=e)
    for e in ("ML", "MLR", "MLF")
} | {
    "FIML by covariate": lambda: cs.sem(HS + "\nvisual ~ agemo", GAPS, missing="ml.x"),
    "auxiliary": lambda: cs.cfa(HS, GAPS, missing="ml", auxiliary=["x7", "x8"]),
    "pairwise": lambda: cs.cfa(HS, GAPS, missing="pairwise"),
}
OTHERS = {
    "means": lambda: cs.cfa(HS, DATA, meanstructure=True),
    "covariate": lambda: cs.sem(HS + "\nvisual ~ agemo + sex", DATA),
    "Wishart": lambda: cs.cfa(HS, DATA, likelihood="wishart"),
    "weights": lambda: cs.cfa(HS, DATA, sampling_weights="weight"),
    "clusters": lambda: cs.cfa(HS, DATA, cluster="cluster"),
    "matrix": lambda: cs.cfa(HS, cov=COV, n_obs=301),
    "matrix with means": lambda: cs.cfa(HS, cov=COV, mean=DATA[ITEMS].mean(), n_obs=301),
    "defined": lambda: cs.sem(SEM, DATA),
    "curved": lambda: cs.cfa(HS.replace("x2", "a*x2").replace("x5", "b*x5") + "\na == b^2", DATA),
    "inequality": lambda: cs.cfa(HS.replace("x2", "a*x2").replace("x5", "b*x5") + "\na > b", DATA),
    "bounds": lambda: cs.cfa(HS, DATA, bounds="pos.var"),
    "no errors": lambda: cs.cfa(HS, DATA, se="none"),
    "Browne's test": lambda: cs.cfa(HS, DATA, test="browne.residual.adf"),
    "paths": lambda: cs.sem("x3 ~ x2 + x1\nx2 ~ x1", DATA),
    "saturated paths": lambda: cs.sem("x3 ~ x2 + x1", DATA),
    "covariances": lambda: cs.sem("x1 ~~ x2\nx3 ~~ x3", DATA),
    "growth": lambda: cs.growth(LINE, read("demo_growth")),
    "composite": lambda: cs.sem("c <~ 1*x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ c", DATA),
    "Heywood": lambda: cs.cfa("f =~ x1 + x2 + x3", cov=HEYWOOD, n_obs=100),
    "not converged": lambda: cs.cfa(HS, NOISE.assign(x3=NOISE["x1"] * 1e-3 + NOISE["x3"])),
}
FITS = CONTINUOUS | GROUPS | ORDINAL | INCOMPLETE | OTHERS


@pytest.fixture(scope="module", params=FITS)
def named(request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        return request.param, FITS[request.param]()


def first_free(fit):
    return next(row for row in fit.spec.parameters if row.free and row.op in ("=~", "~", "~~"))


def hypothesis_of(fit):
    row = first_free(fit)
    return cs.test_hypotheses(fit, [f"H1: {row.lhs} {row.op} {row.rhs}, +"])


ASKED = {
    "repr": repr,
    "estimates": lambda fit: fit.estimates,
    "own_estimates": lambda fit: fit.own_estimates,
    "measures": lambda fit: dict(fit.measures),
    "loglik": lambda fit: fit.loglik,
    "modification_indices": lambda fit: fit.modification_indices(3.84),
    "release_tests": lambda fit: fit.release_tests(),
    "index_of": lambda fit: fit.index_of(fit.spec.observed[0], "~~", fit.spec.observed[1]),
    "implied_cov": lambda fit: fit.implied_cov,
    "implied_mean": lambda fit: fit.implied_mean,
    "sample_cov": lambda fit: fit.sample_cov,
    "latent_cov": lambda fit: fit.latent_cov,
    "latent_cor": lambda fit: fit.latent_cor,
    "r_squared": lambda fit: fit.r_squared,
    "vcov": lambda fit: fit.vcov,
    "raw residuals": lambda fit: fit.residuals("raw"),
    "residual correlations": lambda fit: fit.residuals("cor"),
    "standardized residuals": lambda fit: fit.residuals("standardized"),
    "standardized": lambda fit: fit.standardized(),
    "standardized on latent": lambda fit: fit.standardized("lv"),
    "effects": lambda fit: str(fit.effects(loadings=True)),
    "conventions": lambda fit: str(fit.conventions()),
    "summary": lambda fit: fit.summary(),
    "diagnose": lambda fit: str(fit.diagnose()),
    "scores": lambda fit: fit.factor_scores(),
    "regression scores": lambda fit: fit.factor_scores(method="regression"),
    "Bartlett scores": lambda fit: fit.factor_scores(method="bartlett"),
    "EAP scores": lambda fit: fit.factor_scores(method="eap"),
    "EBM scores": lambda fit: fit.factor_scores(method="ebm"),
    "predict_items": lambda fit: fit.predict_items(),
    "predict": lambda fit: fit.predict(fit.spec.observed[0]),
    "model": lambda fit: fit.model,
    "moments": lambda fit: fit.moments,
    "point": lambda fit: fit.point,
    "validity": cs.validity,
    "hypotheses": hypothesis_of,
}

#: What may be refused, by what the sentence has to say.
MAY_REFUSE = {
    "standardized residuals": "one group at a time|maximum likelihood with complete data",
    "effects": "did not converge|before it converged",
    "conventions": "compared for maximum likelihood|constraints other than|before it converged"
    "|conventions:",
    "scores": "fitted to a covariance matrix",
    "regression scores": "fitted to a covariance matrix|not for ordinal items",
    "Bartlett scores": "fitted to a covariance matrix|not for ordinal items|Bartlett scores need",
    "EAP scores": "not for items that are numbers",
    "EBM scores": "not for items that are numbers",
    "predict_items": "fitted to a covariance matrix|items are ordinal",
    "predict": "fitted to a covariance matrix|items are ordinal",
    "model": "one group at a time",
    "moments": "one group at a time",
    "point": "one group at a time",
    "validity": "constructs of one group|no latent variable with two or more items",
    "hypotheses": "before it converged",
}


def ask(fit, asked):
    """Return the answer and the refusal, of which one is None."""
    try:
        return ASKED[asked](fit), None
    except ClusterSemError as refusal:
        return None, str(refusal)


def test_an_answer_or_a_sentence(named):
    _, fit = named
    for asked in ASKED:
        answer, refusal = ask(fit, asked)
        if refusal is not None:
            assert asked in MAY_REFUSE, f"{asked} has no reason to refuse: {refusal}"
            assert re.search(MAY_REFUSE[asked], refusal), f"{asked}: {refusal}"
            continue
        assert answer is not None, asked
        if isinstance(answer, pd.DataFrame) and fit.converged:
            numbers = answer.select_dtypes("number").to_numpy()
            assert not np.isinf(numbers).any(), asked


def test_what_a_kind_of_fit_must_answer(named):
    """Refusals are for what cannot be had, not for whole kinds of fits."""
    name, fit = named
    for asked in ASKED.keys() - MAY_REFUSE.keys():
        assert ASKED[asked](fit) is not None
    if name in CONTINUOUS or name in INCOMPLETE:
        assert fit.factor_scores().shape == (fit.n_obs, len(fit.spec.latent))
        assert fit.converged
    if name in GROUPS and "matrices" not in name:
        assert fit.factor_scores().index.nlevels == 2


def test_estimates_agree_with_what_is_made_of_them(named):
    """The table, the matrices and the measures tell the same story."""
    _, fit = named
    table = fit.estimates
    free = table[table["op"] != ":="][fit.layout.free]
    np.testing.assert_array_equal(free["est"], fit.theta[fit.layout.parameter])
    assert fit.measures["npar"] == fit.n_free
    assert fit.measures["df"] == fit.df
    assert fit.implied_cov.shape == fit.sample_cov.shape
    raw = fit.sample_cov - fit.implied_cov
    np.testing.assert_allclose(
        fit.residuals("raw"), raw, rtol=0, atol=1e-12 * np.abs(raw).max().max()
    )
    every = fit.r_squared
    assert fit.summary().count("R-squared") == (len(fit.samples) if len(every) else 0)


def test_copies_say_the_same(named):
    _, fit = named
    there = pickle.loads(pickle.dumps(fit))
    assert there.summary() == fit.summary()
    for twin in (copy.deepcopy(fit), copy.copy(fit)):
        pd.testing.assert_frame_equal(twin.estimates, fit.estimates)


@pytest.mark.parametrize(
    ("lhs", "op", "rhs", "message"),
    [
        ("x1", "~~", "x99", "the model has no variable 'x99'"),
        ("x1", "~>", "x2", "'~>' is no operator"),
        ("x1", "|", "t1", "x1 has 0 thresholds"),
    ],
)
def test_indices_of_what_is_not_there(lhs, op, rhs, message):
    with pytest.raises(ClusterSemError, match=message):
        cs.cfa(HS, DATA).index_of(lhs, op, rhs)
