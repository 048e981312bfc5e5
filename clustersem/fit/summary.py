"""A fit as text."""

from __future__ import annotations

from collections.abc import Iterator

from clustersem.fit.in_words import TESTS, errors_in_words, estimator_in_words
from clustersem.fit.solution import Solution
from clustersem.fit.summary_estimates import estimate_lines
from clustersem.fit.summary_measures import measure_lines
from clustersem.fit.summary_text import line, p_text

__all__ = ["p_text", "summary_text"]


def summary_text(fit: Solution) -> str:
    """Return how the estimation ended, the measures of fit and all estimates."""
    ending = f"converged after {fit.status.iterations} iterations"
    lines = [
        f"clustersem: {ending if fit.converged else fit.status.message}",
        "",
        *_method(fit),
        *_sample(fit),
        "",
        *measure_lines(fit),
        *estimate_lines(fit),
        *_constraints(fit),
    ]
    for note in (*fit.warnings, *fit.likert_notes):
        lines += ["", f"Note: {note}"]
    return "\n".join(lines)


def _method(fit: Solution) -> Iterator[str]:
    """Yield what was minimised, and what of it differs from the plain method."""
    options = fit.options
    yield line("Estimator", estimator_in_words(options))
    clustered = any(sample.cluster is not None for sample in fit.samples)
    if options.se != "standard":
        yield line("Standard errors", errors_in_words(options, clustered=clustered))
    if options.test != "standard":
        yield line("Test", TESTS[options.test])
    ordered = fit.spec.options.ordered
    if ordered:
        yield line("Parameterization", options.parameterization)
    if options.bounds != "none":
        yield line("Bounds", options.bounds)
    yield line("Free parameters", f"{fit.n_free}")
    if fit.held.df:
        yield line("Equality constraints", f"{fit.held.df}")
    if ordered:
        n_thresholds = sum(number for _, number in fit.spec.options.thresholds)
        n_items = len(fit.spec.observed)
        which = f"{len(ordered)}" if len(ordered) == n_items else f"{len(ordered)} of {n_items}"
        yield line("Ordinal items", f"{which}, with {n_thresholds} thresholds")


def _sample(fit: Solution) -> Iterator[str]:
    """Yield who was used: respondents, groups, patterns of missing answers, weights, clusters."""
    used = f"{fit.n_obs}"
    n_rows = sum(sample.n_rows for sample in fit.samples)
    if n_rows != fit.n_obs:
        used += f" of {n_rows}"
    yield line("Observations used", used)
    if fit.auxiliary:
        yield line("Auxiliary variables", ", ".join(fit.auxiliary))
    if len(fit.samples) > 1:
        yield line("Groups", f"{len(fit.samples)}")
        for sample in fit.samples:
            yield line(f"  {sample.label}", f"{sample.n_obs}")
    patterns = [len(s.patterns.rows) for s in fit.samples if s.patterns is not None]
    if patterns:
        yield line("Patterns of gaps", f"{sum(patterns)}")
    if fit.auxiliary:
        yield line("Auxiliary variables", ", ".join(fit.auxiliary))
    clusters = [int(s.cluster.max()) + 1 for s in fit.samples if s.cluster is not None]
    if clusters:
        yield line("Clusters", f"{sum(clusters)}")
    if any(sample.weights is not None for sample in fit.samples):
        yield line("Sampling weights", "yes, scaled to sum to the observations")


def _constraints(fit: Solution) -> Iterator[str]:
    """Yield what the model was held to, and which bounds and inequalities it came up against."""
    held = fit.held
    binding = set(held.binding) | set(held.reached)
    entries = [f"{name}  held" for name in held.restrictions.equal]
    entries += [
        f"{name}  {'binding' if name in binding else 'not binding'}"
        for name in held.restrictions.least[: held.restrictions.numbers.n_least]
    ]
    entries += [f"{name}  reached" for name in held.reached]
    if entries:
        yield ""
        yield "Constraints"
        yield from (f"  {entry}" for entry in entries)
