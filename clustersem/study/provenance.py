"""Where a result comes from: data, versions, options, time."""

from __future__ import annotations

import datetime
import platform
from importlib import metadata
from typing import TYPE_CHECKING

from clustersem.fit import Fit
from clustersem.fit.in_words import method_in_words
from clustersem.survey import Survey

if TYPE_CHECKING:
    from clustersem.study.study import Study

PACKAGES = ("clustersem", "numpy", "scipy", "pandas", "pingouin", "factor_analyzer", "semopy")


def provenance_of(study: Study, survey: Survey, fit: Fit, seconds: float) -> dict[str, str]:
    """Return what it takes to get the same numbers again: label to text."""
    options = fit.options
    return {
        "Study file": study.source or "none (Python)",
        "Answers": survey.source,
        "Fingerprint of the answers (SHA-256)": survey.fingerprint,
        "Estimation": f"{method_in_words(options)}; {options.engine} engine; missing answers:"
        f" {options.missing}",
        "Observations": f"{fit.n_obs}",
        "Optimiser": f"{fit.status.code} after {fit.status.iterations} iterations, Newton"
        f" decrement {fit.status.decrement:.1e}",
        "Seed of random eigenvalues": str(study.scale.seed) if study.scale.parallel else "none",
        "Seed of the cutoffs": str(study.cutoffs.seed) if study.cutoffs is not None else "none",
        "Versions": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "Made": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Time": f"{seconds:.2f} s",
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
