"""What a page does not tell is not held against it: each of these was a false alarm once."""

import math

import clustersem as cs
from clustersem.audit.rules.absolute import RULES as ABSOLUTE
from clustersem.audit.rules.nested import RULES as NESTED

THREE = {"F": ["x1", "x2", "x3"], "G": ["y1", "y2", "y3"], "H": ["z1", "z2", "z3"]}


def told(rule, paper):
    """Return whether a rule found something (False: it held); nothing where it did not check."""
    found = cs.audit(paper)
    return [one.rule == rule for one in found.findings if one.rule == rule] + [
        False for one in found.held if one.rule == rule
    ]


def loadings(*, crossed=()):
    rows = [(c, i) for c, items in THREE.items() for i in items]
    return [{"construct": c, "item": i, "std": "0.70"} for c, i in (*rows, *crossed)]


def test_a_model_drawn_for_one_group_is_not_counted_for_two():
    # 24 = 45 - 21; of two groups 48, and 54 with equal loadings.
    paper = {"sample": {"n": 300}, "constructs": THREE, "model": "F =~ x1 + x2 + x3\n"
             "G =~ y1 + y2 + y3\nH =~ z1 + z2 + z3"}  # fmt: skip
    assert told("df of the model", {**paper, "fit": {"m": {"df": 24}}}) == [False]
    assert told("df of the model", {**paper, "fit": {"m": {"df": 54}}}) == [True]
    two = {**paper, "fit": {"m": {"df": 54, "n_groups": 2}}}
    assert told("df of the model", two) == []
    assert any("one group" in note for note in cs.audit(two).published.notes)


def test_a_loading_that_was_freed_is_none_of_the_model_before():
    paper = {
        "constructs": THREE,
        "paths": [{"path": "H ~ F", "std": "0.30"}, {"path": "H ~ G", "std": "0.20"}],
        "loadings": loadings(crossed=[("F", "y3")]),
        "fit": {"first": {"df": 24}, "second": {"df": 23, "freed": ["F =~ y3"]}},
    }
    assert told("df of the model", paper) == [False, False]


def test_tables_without_paths_draw_no_model_of_several_constructs():
    paper = {"constructs": THREE, "loadings": loadings(), "fit": {"m": {"df": 26}}}
    assert told("df of the model", paper) == []
    drawn = [{"path": f"{a} ~~ {b}", "std": "0.3"} for a, b in ("FG", "FH", "GH")]
    assert told("df of the model", {**paper, "paths": drawn}) == [True]


def test_msv_is_not_compared_with_a_table_that_leaves_cells_out():
    paper = {
        "constructs": THREE,
        "msv": {"F": "0.490", "H": "0.090"},
        "correlations": [{"names": ["F", "G", "H"], "rows": [[], ["-"], ["0.300", "0.200"]]}],
    }
    assert told("MSV and ASV", paper) == [False]  # of H, whose row is whole
    whole = [{"names": ["F", "G", "H"], "rows": [[], ["0.400"], ["0.300", "0.200"]]}]
    assert True in told("MSV and ASV", {**paper, "correlations": whole})


def test_a_mean_of_items_that_load_elsewhere_too_may_be_of_fewer_items():
    # 3.125 = 6.25 / 2 is no sum of four answers over 3 items each, but one over 2.
    own = {"F": ["x1", "x2"], "G": ["y1", "y2"]}
    paper = {
        "sample": {"n": 4, "scale": [1, 5], "complete": True},
        "constructs": own,
        "means": {"F": "3.125"},
    }
    assert told("mean of whole numbers", paper) == [False]
    crossed = [{"construct": c, "item": i, "std": "0.70"} for c, each in own.items() for i in each]
    crossed.append({"construct": "F", "item": "y1", "std": "0.20"})
    assert told("mean of whole numbers", {**paper, "loadings": crossed}) == []


def test_gfi_of_incomplete_answers_is_not_read_off_chi2():
    paper = {
        "sample": {"n": 165},
        "model": "F =~ a1 + a2\nG =~ b1 + b2 + b3 + b4",
        "fit": {"m": {"chisq": "16.80", "df": 8, "gfi": "0.952"}},
    }
    assert told("gfi and chi2", paper) == [True]
    fiml = {"m": {**paper["fit"]["m"], "estimator": "FIML"}}
    assert told("gfi and chi2", {**paper, "fit": fiml}) == []
    # 19 parameters and 8 degrees of freedom are 27 moments: 21 and six means.
    means = {"m": {**paper["fit"]["m"], "npar": 19}}
    assert told("gfi and chi2", {**paper, "fit": means}) == []


def test_moments_of_ordered_answers_are_not_counted():
    fit = {"df": 29, "gfi": "0.99", "pgfi": "0.39"}
    paper = {"model": "F =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + y1"}
    assert told("parsimony", {**paper, "fit": {"m": fit}}) == [True]
    assert told("parsimony", {**paper, "fit": {"m": {**fit, "estimator": "DWLS"}}}) == [False]
    first = {"gfi": "0.99", "pgfi": "0.39", "estimator": "WLSMV"}
    second = {**first, "pgfi": "0.38", "freed": ["x1 ~~ x2"]}
    assert told(NESTED[-1].name, {**paper, "fit": {"a": first, "b": second}}) == []


def test_more_degrees_of_freedom_than_moments_are_told_not_a_crash():
    paper = {
        "model": "F =~ x1 + x2 + x3 + x4",
        "fit": {"m": {"df": 92, "gfi": "0.985", "agfi": "0.92", "pgfi": "0.20"}},
    }
    assert True in told("df of the model", paper)
    assert any(rule.name == "parsimony" for rule in ABSOLUTE)
    assert all(math.isfinite(one.required.upper) for one in cs.audit(paper).findings)


def test_a_table_of_scores_is_known_by_its_caption(tmp_path):
    path = tmp_path / "paper.csv"
    table = "Construct,F,G\nF,1.00,\nG,0.41,1.00\n"
    for caption, kind in (("Table 2. Correlations of the scores", "scores"),
                          ("Table 2. Correlations", "latent")):  # fmt: skip
        path.write_text(f"{caption}\n{table}", encoding="utf-8")
        (row,) = cs.read_published(path).correlations
        assert row.kind == kind
