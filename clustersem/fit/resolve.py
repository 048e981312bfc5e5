"""From the options of a call, many of them left to us, to options that are all decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import cast, get_args

from clustersem.engine.ram import Parameterization
from clustersem.errors import UnsupportedError
from clustersem.fit.bounds import bounds_name
from clustersem.fit.estimators import (
    LIKELIHOODS,
    SE_NAMES,
    TEST_NAMES,
    Estimator,
    Information,
    StandardErrors,
    Test,
    estimator_named,
)
from clustersem.fit.options import Engine, FitOptions, Likelihood
from clustersem.moments import missing_method

# What users of lavaan write for short.
_SE_SHORT = {"robust": "", "default": "", "robust.cluster": "robust.huber.white"}
_TEST_SHORT = {
    "default": "",
    "satorra-bentler": "satorra.bentler",
    "sb": "satorra.bentler",
    "yuan-bentler": "yuan.bentler",
    "mean-var-adjusted": "mean.var.adjusted",
    "scaled-shifted": "scaled.shifted",
    "none": "standard",
}

# What lavaan takes as an option and a function of its own does here.
_INTERVALS = (
    "the bootstrap takes a fit, of whatever standard errors: boot = cs.bootstrap(fit, seed=1), then"
    " boot.intervals()."
)
_FIT_TEST = (
    "the Bollen-Stine test takes a fit: cs.bootstrap(fit, 1000, type='bollen-stine',"
    " seed=1).fit_test."
)
_BY_RESAMPLING = {
    ("se", "bootstrap"): _INTERVALS,
    ("se", "boot"): _INTERVALS,
    ("test", "bootstrap"): _FIT_TEST,
    ("test", "boot"): _FIT_TEST,
    ("test", "bollen.stine"): _FIT_TEST,
    ("test", "bollen-stine"): _FIT_TEST,
}

# What a call, a study file or a command that says nothing of an option says of it.
_LEFT_TO_US: dict[str, object] = {
    "estimator": None,
    "missing": "listwise",
    "likelihood": "normal",
    "information": None,
    "se": None,
    "test": None,
    "bounds": None,
    "parameterization": "delta",
    "engine": "native",
}


def options_of(
    *,
    estimator: str | None,
    missing: str,
    likelihood: str,
    information: str | None,
    se: str | None,
    test: str | None,
    bounds: str | bool | None,
    parameterization: str,
    engine: str,
    weighted: bool,
    clustered: bool,
    ordinal: bool,
) -> FitOptions:
    """Return the options of an estimation.

    Parameters
    ----------
    weighted, clustered : bool
        Whether there are sampling weights, and clusters. Standard errors of maximum likelihood that
        knew nothing of them would be wrong, so they and the test are robust unless the user says
        otherwise: with weights ``"ML"`` stands for ``"MLR"``.
    ordinal : bool
        Whether there are ordinal items.
    estimator, missing, likelihood, information, se, test, bounds, parameterization, engine
        As the user wrote them.

    Raises
    ------
    UnsupportedError
        For an unknown value, or values that do not go together.
    """
    _check("likelihood", likelihood, get_args(Likelihood))
    _check("engine", engine, get_args(Engine))
    _check("parameterization", parameterization, get_args(Parameterization))
    method = missing_method(missing)
    name = str(estimator).upper() if estimator is not None else None
    if name is None:
        name = "WLSMV" if ordinal else "ML"
    if name == "ML" and weighted:
        name = "MLR"
    row = estimator_named(name)
    if name == "ML" and clustered:
        robust = estimator_named("MLR")
        row = replace(row, se=robust.se, test=robust.test)
    full_information = method in ("ml", "ml.x")
    row = _with_choices(row, se, test, information, full_information=full_information)
    _check_together(name, row, likelihood, ordinal=ordinal, full_information=full_information)
    if method == "pairwise" and not ordinal:
        _check_pairwise(name, row)
    if full_information:
        row = replace(row, discrepancy="FIML")
    if engine == "semopy" and (name != "ML" or method != "listwise"):
        raise UnsupportedError(
            f"engine='semopy' fits by estimator='ML' with missing='listwise' only, not by"
            f" estimator={name!r} with missing={method!r}. Leave out engine='semopy'."
        )
    return FitOptions(
        estimator=name,
        likelihood=cast(Likelihood, likelihood),
        missing=method,
        engine=cast(Engine, engine),
        discrepancy=row.discrepancy,
        se=row.se,
        test=row.test,
        information=row.information,
        parameterization=cast(Parameterization, parameterization),
        bounds=bounds_name(bounds),
    )


def options_from(
    given: Mapping[str, object],
    *,
    weighted: bool = False,
    clustered: bool = False,
    ordinal: bool = False,
) -> FitOptions:
    """Return the options that a mapping decides on; what it leaves out is left to us.

    Raises
    ------
    UnsupportedError
        For an unknown value, or values that do not go together.
    """
    chosen = {name: given.get(name, default) for name, default in _LEFT_TO_US.items()}
    return options_of(
        **chosen,  # type: ignore[arg-type]
        weighted=weighted,
        clustered=clustered,
        ordinal=ordinal,
    )


def check_option(name: str, value: object) -> None:
    """Refuse a value of one option that no estimation has, whatever the others are.

    Raises
    ------
    UnsupportedError
        With the values that there are.
    """
    options_from({name: value})


def _with_choices(
    row: Estimator,
    se: str | None,
    test: str | None,
    information: str | None,
    *,
    full_information: bool,
) -> Estimator:
    """Return the row with the columns that the user chose."""
    wanted_se = _named("se", se, SE_NAMES, _SE_SHORT)
    if se == "robust":
        whole = row.discrepancy in LIKELIHOODS and full_information
        wanted_se = "robust.huber.white" if whole else "robust.sem"
    wanted_test = _named("test", test, TEST_NAMES, _TEST_SHORT)
    if wanted_se:
        row = replace(row, se=cast(StandardErrors, wanted_se))
    if wanted_test:
        row = replace(row, test=cast(Test, wanted_test))
    if information is not None:
        _check("information", information, get_args(Information))
        return replace(row, information=cast(Information, information))
    observed = full_information or row.se == "robust.huber.white"
    return replace(row, information="observed" if observed else "expected")


def _check_together(
    name: str, row: Estimator, likelihood: str, *, ordinal: bool, full_information: bool
) -> None:
    is_likelihood = row.discrepancy in LIKELIHOODS
    if ordinal and (is_likelihood or row.discrepancy == "GLS"):
        raise UnsupportedError(
            f"estimator={name!r} takes items as continuous, but some are ordered. Use"
            " estimator='WLSMV' (the default with ordered items), or write ordered=False."
        )
    if full_information and not is_likelihood:
        what = " Ordered items take missing='listwise' or 'pairwise'." if ordinal else ""
        raise UnsupportedError(
            f"missing='ml' is full information maximum likelihood and does not go with"
            f" estimator={name!r}. Use estimator='ML' or 'MLR'.{what}"
        )
    if full_information and (
        row.se == "robust.sem" or row.test not in ("standard", "yuan.bentler.mplus")
    ):
        raise UnsupportedError(
            f"estimator={name!r} with se={row.se!r} and test={row.test!r} is defined for complete"
            " answers. With missing='ml' use estimator='MLR'."
        )
    if not is_likelihood and likelihood != "normal":
        raise UnsupportedError(
            f"likelihood={likelihood!r} does not go with estimator={name!r}, which has no"
            " likelihood and takes covariances with divisor n - 1 as it is. Leave it out."
        )
    if not is_likelihood and row.se in ("robust.huber.white", "first.order"):
        raise UnsupportedError(
            f"se={row.se!r} rests on a likelihood, which estimator={name!r} does not have. Use"
            " se='robust.sem'."
        )
    if not is_likelihood and row.test in ("yuan.bentler", "yuan.bentler.mplus"):
        raise UnsupportedError(
            f"test={row.test!r} rests on a likelihood, which estimator={name!r} does not have. Use"
            " test='satorra.bentler', 'mean.var.adjusted' or 'scaled.shifted'."
        )


def _check_pairwise(name: str, row: Estimator) -> None:
    """Refuse what needs the fourth moments or casewise scores of continuous answers with gaps."""
    plain = row.se in ("standard", "none") and row.test in ("standard", "browne.residual.nt")
    if row.discrepancy in ("ML", "GLS", "ULS") and plain:
        return
    raise UnsupportedError(
        f"estimator={name!r} with se={row.se!r} and test={row.test!r} needs more of continuous"
        " answers than pairwise covariances: how accurate these are. Use estimator='MLR' with"
        " missing='ml', which uses the same answers, or missing='listwise'."
    )


def _named(option: str, value: str | None, known: tuple[str, ...], short: dict[str, str]) -> str:
    """Return a name of the table; empty where the choice is left to the estimator."""
    if value is None:
        return ""
    name = str(value).replace("_", ".").lower()
    name = short.get(name, name)
    if (option, name) in _BY_RESAMPLING:
        raise UnsupportedError(f"{option}={value!r}: {_BY_RESAMPLING[option, name]}")
    if name and name not in known:
        raise UnsupportedError(_unknown(option, value, known))
    return name


def _check(option: str, value: object, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        raise UnsupportedError(_unknown(option, value, known))


def _unknown(option: str, value: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(value), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{option}={value!r} is unknown.{hint} There are: {', '.join(map(repr, known))}."
