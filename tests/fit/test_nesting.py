"""nesting() against semTools' net, and what it refuses."""

from __future__ import annotations

import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.errors import DataError, ModelError

THREE = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
# The models of tests/reference/nesting.R.
MODELS = {
    "measurement": {
        "three": THREE,
        "orthogonal": f"{THREE}; visual ~~ 0*textual + 0*speed; textual ~~ 0*speed",
        "one": "g =~ " + " + ".join(f"x{i}" for i in range(1, 10)),
        "crossed": THREE.replace("x3;", "x3 + x9;"),
        "residual": f"{THREE}; x7 ~~ x8",
        "second": f"{THREE}; g =~ visual + textual + speed",
    },
    "paths": {
        "chain": "x2 ~ x1; x3 ~ x2; x4 ~ x3",
        "backward": "x3 ~ x4; x2 ~ x3; x1 ~ x2",
        "fork": "x1 ~ x2; x3 ~ x2; x4 ~ x3",
        "collider": "x2 ~ x1 + x3; x4 ~ x3; x1 ~~ 0*x3",
        "extra": "x2 ~ x1; x3 ~ x2; x4 ~ x3 + x1",
    },
}


@pytest.fixture(scope="module", params=list(MODELS))
def found(request):
    hs = data("holzinger1939")
    fits = {name: cs.sem(model, hs, fixed_x=False) for name, model in MODELS[request.param].items()}
    return cs.nesting(fits), case("nesting")[request.param]


def test_as_semtools_tells(found):
    ours, told = found
    assert ours.df.to_dict() == dict(zip(told["models"], told["df"], strict=True))
    names = [label.split(" (")[0] for label in told["names"]]
    for i, a in enumerate(names):
        # It tests a row's model in the columns before it, which have no more degrees of freedom.
        for j, b in enumerate(names[:i]):
            relation = ours.table.loc[a, b]
            assert (relation != "not nested") == told["test"][i][j], (a, b)
            same = bool(ours.df[a] == ours.df[b]) and told["test"][i][j]
            assert (relation == "equivalent") == same, (a, b)


def test_equivalence_has_no_direction_and_nesting_has_one(found):
    table = found[0].table
    for a in table.index:
        assert table.loc[a, a] == ""
        for b in table.index.drop(a):
            assert (table.loc[a, b] == "equivalent") == (table.loc[b, a] == "equivalent")
            assert not (table.loc[a, b] == "nested" and table.loc[b, a] == "nested")


def test_text_and_checks():
    hs = data("holzinger1939")
    fits = {
        name: cs.sem(MODELS["paths"][name], hs, fixed_x=False) for name in ("collider", "extra")
    }
    found = cs.nesting(fits)
    assert str(found).endswith("No two are equivalent.\nNone is nested in another.")
    assert "cannot reproduce" in found.checks["collider", "extra"].message
    assert repr(found) == "<Nesting of collider, extra>"


def test_refusals():
    hs = data("holzinger1939")
    fit = cs.cfa("visual =~ x1 + x2 + x3", hs)
    with pytest.raises(ModelError, match="two or more fits by name"):
        cs.nesting({"one": fit})
    with pytest.raises(ModelError, match="two or more fits by name"):
        cs.nesting([fit, fit])
    with pytest.raises(ModelError, match="'b' is str, not a fit"):
        cs.nesting({"a": fit, "b": "visual =~ x1"})
    other = cs.cfa("visual =~ x1 + x2 + x4", hs)
    with pytest.raises(DataError, match="same variables"):
        cs.nesting({"a": fit, "b": other})
