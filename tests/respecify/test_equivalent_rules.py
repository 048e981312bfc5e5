"""The replacing rules, as statements about arrows and arcs: textbook examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.respecify.equivalent_chains import chains, changes_of
from clustersem.respecify.equivalent_graph import Graph, replacements, to_arcs, to_arrows
from clustersem.respecify.equivalent_spec import template_of, written
from clustersem.spec import build_spec, options_for


def graph(*edges: str) -> Graph:
    """Read ``"x>y"`` and ``"x~y"``."""
    arrows = frozenset((e[0], e[2]) for e in edges if e[1] == ">")
    return Graph(arrows, frozenset(tuple(sorted((e[0], e[2]))) for e in edges if e[1] == "~"))


CHAIN, FORK, BACK = graph("x>y", "y>z"), graph("y>x", "y>z"), graph("z>y", "y>x")
COLLIDER = graph("x>y", "z>y")


def test_chain_fork_and_backward_chain_are_equivalent():
    for start in (CHAIN, FORK, BACK):
        found = set(chains(start, 2))
        assert {CHAIN, FORK, BACK} - {start} <= found
        assert COLLIDER not in found
    # With disturbances that covary there are two more, and that is all.
    covarying = {graph("x~y", "y>z"), graph("y>x", "y~z")}
    assert set(chains(CHAIN, 2)) == {FORK, BACK} | covarying


def test_a_collider_keeps_its_direction():
    found = set(chains(COLLIDER, 4))
    # Its arrows may be covariances of x or z with the disturbance of y, never the reverse.
    assert found == {graph("x~y", "z>y"), graph("x>y", "z~y")}


def test_symmetric_focal_block_is_reversed():
    start = graph("a>x", "b>x", "a>y", "b>y", "x>y", "a~b")
    shared = ["a>x", "b>x", "a>y", "b>y", "a~b"]
    found = set(replacements(start))
    assert graph(*shared, "y>x") in found
    assert graph(*shared, "x~y") in found


def test_inclusion_lets_the_arrow_become_a_covariance_only():
    # The effect has a predictor that the source has not.
    found = set(replacements(graph("a>x", "a>y", "b>y", "x>y")))
    assert graph("a>x", "a>y", "b>y", "x~y") in found
    assert graph("a>x", "a>y", "b>y", "y>x") not in found


def test_without_inclusion_the_arrow_stays():
    start = graph("a>x", "c>x", "a>y", "x>y")
    assert all(("x", "y") in after.arrows for after in replacements(start))
    # Read backwards: a covariance becomes the arrow from the variable with fewer predictors.
    as_arc = graph("a>x", "a>y", "b>y", "x~y")
    assert to_arrows(as_arc, frozenset("x"), "y") == graph("a>x", "a>y", "b>y", "x>y")
    assert to_arrows(as_arc, frozenset("y"), "x") is None


def test_covariances_count_as_predictors():
    # x covaries with c, of which y knows nothing.
    start = graph("x>y", "x~c")
    assert to_arcs(start, frozenset("x"), "y") is None
    assert to_arcs(graph("x>y", "x~c", "y~c"), frozenset("x"), "y") is not None
    # With c among the predictors of y the covariance is explained first and put back.
    assert graph("y>x", "x~c", "c>y") in set(replacements(graph("x>y", "x~c", "c>y")))


def test_a_saturated_block_of_predictors():
    start = graph("a~b", "a~c", "b~c")
    single = {
        graph("a>b", "a~c", "b~c"),
        graph("b>a", "a~c", "b~c"),
        graph("a~b", "a>c", "b~c"),
        graph("a~b", "c>a", "b~c"),
        graph("a~b", "a~c", "b>c"),
        graph("a~b", "a~c", "c>b"),
    }
    # Two of them side by side say nothing new.
    assert set(chains(start, 1)) == set(chains(start, 2)) == single


def test_loops_and_bows_are_left_alone():
    both = graph("x>y", "y>x", "x~c")
    assert all({("x", "y"), ("y", "x")} <= after.arrows for after in replacements(both))
    bow = graph("x>y", "x~y")
    assert not list(replacements(bow))


def test_rigid_edges_neither_move_nor_take_up():
    start = graph("a>x", "a>y", "x>y")
    stuck = Graph(start.arrows, start.arcs, rigid=frozenset({("y", "~", "a")}))
    assert to_arcs(start, frozenset("x"), "y") is not None
    assert to_arcs(stuck, frozenset("x"), "y") is None
    fixed = Graph(start.arrows, start.arcs, rigid=frozenset({("y", "~", "x")}))
    assert to_arcs(fixed, frozenset("x"), "y") is None
    still = Graph(start.arrows, start.arcs, still=frozenset("x"))
    assert to_arcs(still, frozenset("x"), "y") is None


def test_found_in_two_orders_is_found_once():
    found = chains(graph("w>x", "x>y", "y>z"), 3)
    assert len(found) == len(set(found))
    assert [len(changes_of(CHAIN, each)) for each in chains(CHAIN, 2)] == [1, 1, 2, 2]


@pytest.mark.parametrize("seed", range(12))
def test_rules_hold_in_random_models(seed):
    """No proposal of a rule fails: the fit of random path models to random data never changes."""
    rng = np.random.default_rng(seed)
    names = [f"v{i}" for i in range(5)]
    lines, pairs = [], [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for a, b in pairs:
        # At most one edge a pair: such models are identified (Brito & Pearl, 2002).
        lines.append(rng.choice([f"{b} ~ {a}", f"{b} ~ {a}", f"{a} ~~ {b}", f"{a} ~~ 0*{b}"]))
    lines += [f"{name} ~~ {name}" for name in names]
    x = rng.standard_normal((60, 5)) @ (np.eye(5) + 0.5 * rng.standard_normal((5, 5)))
    cov = pd.DataFrame(np.cov(x.T), index=names, columns=names)
    fit = cs.sem("\n".join(lines), cov=cov, n_obs=60)
    found = cs.equivalent_models(fit)
    assert [each for each in found.dropped if each.source == "rule"] == []
    assert found.left_out == 0
    assert found.models


def test_a_model_written_back_is_the_same_model():
    text = "f =~ a + b + c\ng =~ d + e + h\ng ~ f\na ~~ d\n"
    spec = build_spec(text, options_for("sem"))
    template = template_of(spec)
    again = written(template, template.graph)
    states = {(r.lhs, r.op, r.rhs): (r.free, r.value) for r in spec.parameters}
    assert {(r.lhs, r.op, r.rhs): (r.free, r.value) for r in again.parameters} == states


def test_what_the_defaults_would_add_is_kept_out():
    spec = build_spec("y ~ x; z ~ y", options_for("sem", fixed_x=False))
    template = template_of(spec)
    fork = Graph(frozenset({("y", "x"), ("y", "z")}), frozenset())
    text = written(template, fork).text
    # Both are final outcomes, whose covariance would be free.
    assert "x ~~ 0*z" in text or "z ~~ 0*x" in text
