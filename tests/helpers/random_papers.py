"""Papers about random models whose numbers are right but for rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedCoefficient,
    PrintedConstruct,
    PrintedCorrelation,
    PrintedEffect,
    PrintedModel,
    PrintedSample,
    Published,
)
from clustersem.spec import build_spec, options_for
from helpers.printed_tables import number, stars


@dataclass
class Model:
    """A random recursive or looped model: arrows ``a[effect, cause]`` and covariances ``s``."""

    names: list[str]
    n_latent: int
    n_exogenous: int
    a: np.ndarray
    s: np.ndarray
    fixed: set[tuple[int, int]]

    @property
    def covariance(self) -> np.ndarray:
        total = np.linalg.inv(np.eye(len(self.a)) - self.a)
        return total @ self.s @ total.T


def random_model(rng: np.random.Generator) -> Model:
    """Draw 2 to 4 causes, 1 to 3 outcomes in a chain, 2 or 3 items each, any units."""
    n_exogenous, n_outcomes = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    n_latent = n_exogenous + n_outcomes
    per = rng.integers(2, 4, size=n_latent)
    names = [f"F{k}" for k in range(n_latent)]
    names += [f"y{k}{j}" for k in range(n_latent) for j in range(per[k])]
    size = len(names)
    a, s, fixed = np.zeros((size, size)), np.zeros((size, size)), set()
    units = np.exp(rng.normal(0.0, 1.0, size=size))
    root = rng.normal(size=(n_exogenous, 3 * n_exogenous))
    s[:n_exogenous, :n_exogenous] = root @ root.T
    for k in range(n_exogenous, n_latent):
        causes = [j for j in range(k) if rng.random() < 0.7] or [0]
        a[k, causes] = rng.normal(0.0, 0.5, size=len(causes)) * units[k] / units[causes]
        s[k, k] = rng.uniform(0.2, 1.5) * units[k] ** 2
    if rng.random() < 0.2 and n_outcomes > 1:  # a loop
        a[n_exogenous, n_exogenous + 1] = 0.2 * units[n_exogenous] / units[n_exogenous + 1]
        a[n_exogenous + 1, n_exogenous] = 0.2 * units[n_exogenous + 1] / units[n_exogenous]
    for j, k in combinations(range(n_latent), 2):
        # Disturbances that covary, and now and then one with a cause of its variable.
        if k >= n_exogenous and rng.random() < (0.3 if j >= n_exogenous else 0.03):
            s[j, k] = s[k, j] = rng.uniform(-0.3, 0.3) * math.sqrt(s[j, j] * s[k, k])
    item = n_latent
    for k in range(n_latent):
        for j in range(per[k]):
            a[item, k] = 1.0 if j == 0 else rng.uniform(0.3, 1.5) * rng.choice([1.0, 1.0, -1.0])
            if j == 0:
                fixed.add((item, k))
            s[item, item] = rng.uniform(0.3, 1.5) * abs(s[k, k])
            item += 1
    for j, k in combinations(range(n_latent, size), 2):
        if rng.random() < 0.04:
            s[j, k] = s[k, j] = rng.uniform(-0.5, 0.5) * math.sqrt(s[j, j] * s[k, k])
    if np.linalg.eigvalsh(s)[0] < 1e-6:
        return random_model(rng)
    return Model(names, n_latent, n_exogenous, a, s, fixed)


def random_paper(rng: np.random.Generator, decimals: int) -> Published:
    """Print a random model, with or without each kind of number."""
    model = random_model(rng)
    n, with_ci = int(rng.integers(100, 800)), rng.random() < 0.5
    with_stars, unsigned = rng.random() < 0.5, rng.random() < 0.2
    by_t = rng.random() < 0.3
    step = float(stdtrit(n - 1, 0.975) if by_t else ndtri(0.975))
    sd = np.sqrt(model.covariance.diagonal())
    own = np.sqrt(model.s.diagonal())
    size, names = len(sd), model.names
    rows: list[PrintedCoefficient] = []

    def add(lhs: str, op: str, rhs: str, est: float, std: float, *, fixed: bool = False) -> None:
        place = f"Table 1, {lhs} {op} {rhs}"
        if fixed:
            rows.append(
                PrintedCoefficient(
                    lhs, op, rhs, place, est=number(1.0, decimals), std=number(std, decimals)
                )
            )
            return
        se = abs(est) / max(abs(rng.normal(3.0, 3.0)), 0.05)
        z = est / se
        p = 2.0 * float(stdtr(n - 1, -abs(z)) if by_t else ndtr(-abs(z)))
        has = rng.random(4) < 0.85
        printed_p = stars(p) if with_stars else number(p, decimals)
        rows.append(
            PrintedCoefficient(
                lhs,
                op,
                rhs,
                place,
                est=number(est, decimals) if has[0] else None,
                se=number(se, decimals),
                cr=number(abs(z) if unsigned else z, decimals) if has[1] else None,
                p=printed_p if has[2] else None,
                std=number(std, decimals) if has[3] else None,
                ci_lower=number(est - step * se, decimals) if with_ci else None,
                ci_upper=number(est + step * se, decimals) if with_ci else None,
            )
        )

    for i in range(size):
        for j in range(size):
            if model.a[i, j]:
                est, std = model.a[i, j], model.a[i, j] * sd[j] / sd[i]
                if i >= model.n_latent:
                    add(names[j], "=~", names[i], est, std, fixed=(i, j) in model.fixed)
                else:
                    add(names[i], "~", names[j], est, std)
    for i, j in combinations(range(size), 2):
        if model.s[i, j]:
            value = model.s[i, j]
            add(names[i], "~~", names[j], value, value / (own[i] * own[j]))
    for i in range(size):
        if rng.random() < 0.3:
            add(names[i], "~~", names[i], model.s[i, i], model.s[i, i] / sd[i] ** 2)
    spec = None
    if rng.random() < 0.5:
        text = "\n".join(f"{row.lhs} {row.op} {row.rhs}" for row in rows)
        spec = build_spec(text, options_for("sem"))
    final = PrintedModel("final", "Table 1", spec=spec)
    return Published(
        sample=PrintedSample(n=Printed.count(n)),
        models=(PrintedModel("first", "Table 0"), final),
        coefficients=tuple(rows),
        constructs=_constructs(model, decimals),
        correlations=_correlations(model, decimals),
        effects=_effects(model, decimals),
    )


def _constructs(model: Model, decimals: int) -> tuple[PrintedConstruct, ...]:
    explained = 1.0 - model.s.diagonal() / model.covariance.diagonal()
    return tuple(
        PrintedConstruct(model.names[k], "Table 2", r_squared=number(float(explained[k]), decimals))
        for k in range(model.n_exogenous, model.n_latent)
    )


def _correlations(model: Model, decimals: int) -> tuple[PrintedCorrelation, ...]:
    sd = np.sqrt(model.covariance.diagonal())
    r = model.covariance / np.outer(sd, sd)
    made = []
    for i, j in combinations(range(model.n_latent), 2):
        value = number(float(r[i, j]), decimals)
        assert value is not None
        made.append(
            PrintedCorrelation(model.names[i], model.names[j], "Table 4", value, matrix="final")
        )
    return tuple(made)


def _effects(model: Model, decimals: int) -> tuple[PrintedEffect, ...]:
    a = model.a[: model.n_latent, : model.n_latent]
    if np.linalg.matrix_power(a != 0, model.n_latent).any():
        return ()
    total = np.linalg.inv(np.eye(len(a)) - a) - np.eye(len(a))
    sd = np.sqrt(model.covariance.diagonal())
    made = []
    for i in range(model.n_latent):
        for j in range(model.n_latent):
            ratio = sd[j] / sd[i]
            steps = (model.names[j], model.names[i])
            for kind, value in (("total", total[i, j]), ("total_indirect", (total - a)[i, j])):
                if value:
                    est, std = number(value, decimals), number(value * ratio, decimals)
                    made.append(PrintedEffect(steps, kind, "Table 5", est=est, std=std))
            for k in range(model.n_latent):
                if a[i, k] and a[k, j]:
                    value = a[i, k] * a[k, j]
                    est, std = number(value, decimals), number(value * ratio, decimals)
                    steps = (model.names[j], model.names[k], model.names[i])
                    made.append(PrintedEffect(steps, "indirect", "Table 5", est=est, std=std))
    return tuple(made)


def with_one_digit_changed(
    paper: Published, rng: np.random.Generator
) -> tuple[Published, str, str]:
    """Change a digit of one printed number to another one.

    Returns
    -------
    paper : Published
        The changed paper.
    kind : str
        ``est``, ``se``, ``cr``, ``p``, ``std``, ``ci_lower``, ``ci_upper`` or ``effect est``,
        ``effect std``, ``r_squared``.
    place : str
        Where it stands.
    """
    parts = ("coefficients", "effects", "constructs")
    at = [
        (part, k, name)
        for part in parts
        for k, record in enumerate(getattr(paper, part))
        for name, value in vars(record).items()
        if isinstance(value, Printed) and any(sign.isdigit() for sign in value.text)
    ]
    part, k, name = at[int(rng.integers(len(at)))]
    records = list(getattr(paper, part))
    value = getattr(records[k], name)
    places = [j for j, sign in enumerate(value.text) if sign.isdigit()]
    j = int(rng.choice(places))
    other = int(rng.choice([d for d in range(10) if d != int(value.text[j])]))
    text = f"{value.text[:j]}{other}{value.text[j + 1 :]}"
    records[k] = replace(records[k], **{name: Printed.read(text, value.place)})
    kind = f"effect {name}" if part == "effects" else name
    return replace(paper, **{part: tuple(records)}), kind, records[k].place
