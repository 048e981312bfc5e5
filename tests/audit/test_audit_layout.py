"""The layout of an audit file: what it reads, and what it says of what it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import clustersem as cs
from clustersem.errors import DataError

HOME = Path(cs.__file__).parent / "studies" / "cross_border" / "published.toml"


def read(tmp_path, text, name="paper.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return cs.read_published(path)


def refused(tmp_path, text):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    return str(caught.value)


def degrees_of_freedom(spec):
    p = len(spec.observed)
    return p * (p + 1) // 2 - spec.n_free_rows


# -- the home study ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home():
    return cs.read_published(HOME)


def test_models_of_the_home_study_are_drawn_from_its_tables(home):
    initial, revised = home.models
    assert [degrees_of_freedom(one.spec) for one in home.models] == [277, 272]
    assert (initial.nested_in, revised.nested_in) == ("revised", "")
    assert revised.freed[0] == ("C11", "~~", "C12")
    assert len(revised.freed) == 5
    assert initial.reached == ("cfi", "nfi")
    assert initial.indices["cmin_df"].text == "4.990"
    assert revised.place == "Table 6"
    assert revised.standards["cmin_df"].interval.upper == 5.0
    assert any("No model syntax was given" in note for note in home.notes)


def test_numbers_keep_their_decimals_and_places(home):
    row = next(row for row in home.coefficients if row.id == "H3")
    assert (row.path, row.est.text, row.cr.text) == ("A1 ~ B2", "0.105", "2.762")
    assert row.place == row.est.place == "Table 7, H3: A1 ~ B2"
    assert (row.p.text, row.p.interval.upper, row.supported) == ("***", 0.001, True)
    marker = next(row for row in home.coefficients if row.rhs == "C3")
    assert (marker.est.text, marker.se, marker.p) == ("1.000", None, None)
    assert len(home.coefficients) == 16 + 26
    assert home.coefficients[0].op != "=~"  # Table 7 goes before Table 9


def test_constructs_are_those_after_deletion(home):
    assert home.construct["B3"].items == ("C11", "C12")
    assert home.construct["B3"].alpha.text == "0.809"
    assert home.construct["B3"].alpha.place == "Tables 3 to 5, B3"
    assert [(v.subsystem, v.n_components, v.percent.text) for v in home.variance] == [
        ("industrial cluster", 3, "71.932"),
        ("cross-border e-commerce", 3, "70.281"),
        ("outcome", 2, "72.904"),
    ]
    assert {i.name: i.loading.text for i in home.items}["C4"] == "0.847"


def test_sample_and_claims(home):
    assert home.sample.n.interval == home.sample.counts[0].interval
    assert home.sample.scale == (1, 5)
    share = home.sample.shares[0]
    assert (share.percent.text, share.count.text, share.of.text) == ("90.41", "481", "532")
    claims = {(c.about, c.lower and c.lower.text, c.upper and c.upper.text) for c in home.claims}
    assert ("correlations", "-0.482", "0.693") in claims
    assert ("standardised", "0.95", None) in claims


def test_the_file_without_what_was_added_reads_the_same_numbers(home, tmp_path):
    """The transcription alone has neither places nor the columns that every row shares."""
    text = HOME.read_text(encoding="utf-8")
    start, end = text.index("[places]"), text.index("[sample]")
    bare = read(tmp_path, text[:start] + text[end:])
    assert [r.est.text for r in bare.coefficients] == [r.est.text for r in home.coefficients]
    assert [degrees_of_freedom(one.spec) for one in bare.models] == [277, 272]
    assert {row.p for row in bare.coefficients} == {None}
    assert bare.coefficients[0].place == "paths, H1: A1 ~ B1"


# -- parts ---------------------------------------------------------------------------------------


def test_texts_stand_for_numbers_that_toml_does_not_know(tmp_path):
    paper = read(
        tmp_path,
        """
        [[paths]]
        path = "H1: B1 -> A1"
        est = ".48***"
        se = "0,031"
        ci = [0.083, 0.205]
        supported = "Not supported"
        expect = "-"
        [[paths]]
        path = "A2 <--- B1"
        std = "−.21"
        p = "n.s."
        [[paths]]
        path = "A3 ~ B1"
        est = 0.5
        p = "<.001"
        """,
    )
    first, second, third = paper.coefficients
    assert (first.id, first.path, first.est.text, first.p.text) == ("H1", "A1 ~ B1", ".48", "***")
    assert (first.se.text, first.se.decimals, first.supported) == ("0.031", 3, False)
    assert (first.ci_lower.text, first.ci_upper.text, first.expect) == ("0.083", "0.205", "-")
    assert second.std.value == -0.21
    assert second.p.interval.lower == 0.05
    assert third.p.interval.upper == 0.001


def test_stars_follow_the_papers_key(tmp_path):
    paper = read(
        tmp_path, '[stars]\n"*" = 0.10\n[[paths]]\npath = "A ~ B"\nest = "0.2*"\np = "n.s."\n'
    )
    assert paper.coefficients[0].p.interval.lower == 0.05  # n.s. means no narrower than the usual
    paper = read(tmp_path, '[stars]\n"*" = 0.10\n[[paths]]\npath = "A ~ B"\nest = "0.2*"\n')
    assert paper.coefficients[0].p.interval.upper == 0.10


def test_indices_have_many_names(tmp_path):
    paper = read(
        tmp_path,
        """
        [fit]
        chi2 = 742.6
        df = 272
        "chi2/df" = 2.730
        p = "<.001"
        NNFI = 0.95
        RMSEA = 0.060
        rmsea_ci = [0.055, 0.065]
        SRMR = 0.05
        CFI_robust = 0.96
        estimator = "MLR"
        n = 481
        """,
    )
    (model,) = paper.models
    assert list(model.indices) == [
        "chisq", "df", "cmin_df", "pvalue", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
        "srmr", "cfi_robust",
    ]  # fmt: skip
    assert model.indices["df"].interval.width == 0.0
    assert model.scaled
    assert paper.n_of(model).text == "481"


def test_a_model_that_is_given_is_the_one_that_is_counted(tmp_path):
    paper = read(
        tmp_path,
        """
        model = "f =~ x1 + x2 + x3 + x4"
        [fit.one]
        cfi = 0.90
        [fit.two]
        cfi = 0.95
        model = "f =~ x1 + x2 + x3 + x4; x1 ~~ x2"
        [modifications]
        order = [["x1", "x2"]]
        """,
    )
    assert [degrees_of_freedom(one.spec) for one in paper.models] == [2, 1]
    assert paper.models[0].nested_in == "two"
    assert not paper.notes


def test_three_models_are_nested_as_they_say(tmp_path):
    paper = read(
        tmp_path,
        """
        model = "f =~ x1 + x2 + x3 + x4 + x5"
        [fit.one]
        cfi = 0.90
        [fit.two]
        cfi = 0.95
        freed = ["x1 ~~ x2"]
        [fit.three]
        cfi = 0.97
        freed = [["x3", "x4"]]
        """,
    )
    assert [degrees_of_freedom(one.spec) for one in paper.models] == [5, 4, 3]
    assert [one.nested_in for one in paper.models] == ["two", "three", ""]


def test_a_drawing_is_of_the_final_model_unless_the_file_says_what_was_freed(tmp_path):
    """An alternative model of a table of fit may differ in anything, so its df are not counted."""
    text = """
        [fit.one_factor]
        cfi = 0.70
        [fit.final]
        cfi = 0.95
        [[loadings]]
        rows = [["x1", "f", 0.8], ["x2", "f", 0.8], ["x3", "f", 0.7], ["x4", "f", 0.7]]
        """
    rival, final = read(tmp_path, text).models
    assert rival.spec is None
    assert degrees_of_freedom(final.spec) == 2
    rival, final = read(tmp_path, f'model = "f =~ x1 + x2 + x3 + x4"\n{text}').models
    assert rival.spec is None
    assert degrees_of_freedom(final.spec) == 2


def test_a_table_of_paths_alone_makes_no_model(tmp_path):
    paper = read(tmp_path, '[fit]\ncfi = 0.9\n[[paths]]\npath = "A ~ B"\nest = 0.2\n')
    assert paper.models[0].spec is None


def test_correlations_in_three_forms(tmp_path):
    pairs = read(tmp_path, '[correlations]\npairs = [["A", "B", "0.50"], ["A", "C", 0.25]]\n')
    named = read(tmp_path, "[correlations]\nA = { B = 0.50, C = 0.25 }\n")
    lower = """
        [constructs]
        A = ["a1"]
        B = ["b1"]
        C = ["c1"]
        [[correlations]]
        place = "Table 4"
        names = ["A", "B", "C"]
        rows = [[0.81], [0.50, 0.79], [0.25, "-", 0.77]]
        """
    matrix = read(tmp_path, lower)
    for paper in (pairs, named, matrix):
        found = {frozenset((c.first, c.second)): c.value.text for c in paper.correlations}
        assert found == {frozenset("AB"): "0.50", frozenset("AC"): "0.25"}
    assert matrix.construct["B"].sqrt_ave.text == "0.79"
    assert matrix.correlations[0].matrix == "Table 4"
    full = lower.replace("[[0.81], [0.50, 0.79], [0.25", "[[0.81, 0.5, 0.2], [0.5, 0.79], [0.2")
    assert len(read(tmp_path, full).correlations) >= 3


def test_other_sections(tmp_path):
    paper = read(
        tmp_path,
        """
        title = "A paper"
        [sample]
        n = 200
        counts = { "abstract" = 201 }
        [constructs]
        T = { items = ["t1", "t2"], label = "Trust", place = "Table 1" }
        U = ["u1", "u2"]
        [items]
        t1 = { mean = 3.21, sd = 0.98, n = 199 }
        t2 = "I trust them"
        [means]
        T = 3.30
        t2 = 3.4
        [composite_reliability]
        T = 0.81
        [ave]
        T = 0.52
        [r_squared]
        U = 0.31
        [[effects]]
        path = "T -> M -> U"
        est = 0.12
        [[shares]]
        label = "women"
        percent = "38.1%"
        count = 76
        [[claims]]
        about = "ave"
        lower = 0.5
        words = "all AVE exceed 0.5"
        """.replace("T -> M -> U", "t1 -> T -> U"),
    )
    assert paper.title == "A paper"
    assert [(c.text, c.place) for c in paper.sample.counts] == [
        ("200", "sample, n"),
        ("201", "abstract"),
    ]
    trust = paper.construct["T"]
    assert (trust.mean.text, trust.ave.text, trust.composite_reliability.text) == (
        "3.30",
        "0.52",
        "0.81",
    )
    assert paper.construct["U"].r_squared.text == "0.31"
    assert {item.name: item.mean.text for item in paper.items} == {"t1": "3.21", "t2": "3.4"}
    assert (paper.effects[0].steps, paper.effects[0].kind) == (("t1", "T", "U"), "indirect")
    assert paper.sample.shares[0].of.text == "200"
    assert paper.claims[0].lower.text == "0.5"


def test_a_mapping_is_read_like_a_file():
    rows = [{"path": "A ~ B", "est": 0.5, "se": np.float64(0.031), "cr": "3.417"}]
    paper = cs.audit({"paths": rows, "sample": {"n": np.int64(200)}}, rules=()).published
    assert paper.coefficients[0].se.text == "0.031"
    assert paper.coefficients[0].est.decimals == 1
    assert paper.sample.n.text == "200"


def test_tables_of_other_files_are_added(tmp_path):
    shutil.copy(HOME, tmp_path / "home.toml")
    (tmp_path / "tables.csv").write_text("Path,Estimate,S.E.\nA1 <--- B1,0.144,0.031\n")
    paper = read(tmp_path, 'tables = "tables.csv"\n[sample]\nn = 481\n')
    assert paper.coefficients[0].path == "A1 ~ B1"
    assert paper.sample.n.text == "481"
    said = refused(tmp_path, 'tables = "home.toml"\n')
    assert "tables are read of Word, HTML and CSV files" in said


# -- what it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[paths]]\nest = 0,472\n", 'line 2, column 8); TOML has no decimal comma: write 0.472'),
        ("[[paths]]\nest = 0,472\n", "    est = 0,472\n           ^"),
        ("[[paths]]\nest = .48\n", 'write 0.48, or ".48"'),
        ("[[paths]]\np = ***\n", 'put stars in quotes: "***"'),
        ("[[paths]]\np = <.001\n", 'put what is no plain number in quotes: "<.001"'),
        ("", "paper.toml: the file is empty"),
        ("# only a comment\n", "paper.toml: the file is empty"),
        ('title = "A paper"\n', "paper.toml has no printed number that could be checked"),
        ("[smaple]\nn = 2\n", "line 1: smaple: unknown key 'smaple'; did you mean 'sample'?"),
        ("[sample]\nvald = 2\n", "line 2: sample.vald: unknown key 'vald'; did you mean 'valid'?"),
        ("[sample]\nn = 20.5\n", "line 2: sample.n: '20.5' is no count. Write a whole number"),
        ("[sample]\nscale = [5, 1]\n", "write the lowest and the highest answer"),
        ('[alpha]\nB1 = "high"\n', "line 2: alpha.B1: 'high' is no number."),
        ("[alpha]\nB1 = 1e400\n", "line 2: alpha.B1: '1e400' is too large"),
        ("[alpha]\nB1 = nan\n", "line 2: alpha.B1: 'nan' is no number."),
        ("[alpha]\nB1 = true\n", "line 2: alpha.B1: this must be a number"),
        ("alpha = 0.8\n", "line 1: alpha: this must be a table, not 0.8."),
        ("[fit.a]\nrmsae = 0.1\n", "'rmsae' is no index of fit; did you mean 'rmsea'?"),
        ("[fit.a]\ncfi = 0.1\nnested_in = 'b'\n", "there is no model 'b'"),
        ("[fit.a]\ndf = 'many'\n", "line 2: fit.a.df: 'many' is no count."),
        ("[fit.a]\ncfi = 0.9\nmodel = 'f =~ x1 +* x2'\n", "the model of fit.a: line 1, column 10"),
        ("model = 'f ='\n[fit.a]\ncfi = 0.9\n", "model: line 1"),
        ("[[paths]]\nest = 0.4\n", 'this row needs a path, as in path = "A1 ~ B1"'),
        ('[[paths]]\npath = "A1, B1"\n', "'A1, B1' is no path. Write \"A1 ~ B1\""),
        ('[[paths]]\npath = "A ~ B"\nset = 0.4\n', "unknown key 'set'; did you mean 'se'?"),
        ('[[paths]]\npath = "A ~ B"\np = "****"\n', "the key of the stars has no ****"),
        ('[[paths]]\npath = "A ~ B"\nexpect = "up"\n', 'write "+" or "-", not \'up\''),
        ('[[paths]]\npath = "A ~ B"\nsupported = "so so"\n', "write true or false"),
        ('[[paths]]\npath = "A ~ B"\nci = [0.1]\n', "write the lower and the upper end"),
        ('[[paths]]\npath = "A -> B <- C"\n', "the arrows of 'A -> B <- C' point both ways"),
        (
            '[constructs]\nTrust = ["t1"]\n[[paths]]\npath = "Trust ~ Trsut"\n',
            "there is no construct 'Trsut'; did you mean 'Trust'?",
        ),
        (
            '[constructs]\nTrust = ["t1"]\n[alpha]\nTrst = 0.8\n',
            "line 4: alpha.Trst: there is no construct 'Trst'; did you mean 'Trust'?",
        ),
        (
            '[[loadings]]\nrows = [["C1", "B1", 0,807, 0,884, 0,052, 10,483]]\n',
            "TOML has no decimal comma",
        ),
        (
            '[[loadings]]\nrows = [["C1", "B1", 0,807, 0,884, 0,520, 10,483]]\n',
            "this row has 10 entries, but there are 7 columns",
        ),
        ('[[loadings]]\nitem = "C1"\nstd = 0.8\n', "a loading needs an item and a construct"),
        ('[[loadings]]\ncolumns = ["itme"]\nrows = []\n', "unknown column 'itme'; did you mean"),
        ("[modifications]\norder = [['a']]\n", "write a pair of names"),
        ("[modifications]\norder = 5\n", "this must be a list of pairs"),
        ("[correlations]\nrows = [[1]]\n", "a matrix needs names"),
        (
            "[correlations]\nnames = ['A', 'B']\nrows = [[1], [0,5, 1]]\n",
            "this row has 3 numbers. A number with a decimal comma makes two",
        ),
        ("[correlations]\npairs = [['A', 'B']]\n", "write two names and a number"),
        ("[efa.cumulative_variance_percent]\nall = 70.1\n", "no construct has the subsystem 'all'"),
        ("[[claims]]\nabout = 'mood'\n", "about = 'mood' is none of correlations"),
        ("[[shares]]\nlabel = 'women'\n", "this row needs a percentage"),
        ('[stars]\nfew = 0.1\n', "a key of this section is stars"),
        ('[[effects]]\npath = "A ~~ B"\n', "an effect goes from a cause to an outcome"),
        ("sample = { n = 3\n", "not valid TOML"),
        ('[items]\nC1 = "a"\nC1 = "b"\n', "not valid TOML"),
    ],
)  # fmt: skip
def test_errors_say_where_and_what_to_write(tmp_path, text, said):
    message = refused(tmp_path, text)
    assert message.startswith("paper.toml")
    assert said in message


def test_files_that_are_not_there_or_not_text(tmp_path):
    (tmp_path / "published.toml").write_bytes(b"\xff\xfe\x00\x01title")
    for name, said in [
        ("publishd.toml", "there is no file publishd.toml in folder"),
        ("publishd.toml", "did you mean 'published.toml'?"),
        ("paper.pdf", "an audit reads .toml, .csv"),
        ("paper.doc", "Save it as .docx."),
        ("published.toml", "published.toml"),
    ]:
        with pytest.raises(DataError) as caught:
            cs.read_published(tmp_path / name)
        assert said in str(caught.value)
    with pytest.raises(DataError, match="not list"):
        cs.audit([1, 2])


def test_contradictory_counts_are_no_error(tmp_path):
    text = "[sample]\nn = 470\nvalid = 481\nvalid_rate_percent = 90.4\ndistributed = 532\n"
    paper = read(tmp_path, f'{text}counts = {{ "Table 2" = 481 }}\n')
    assert [(one.text, one.place) for one in paper.sample.counts] == [
        ("470", "sample, n"),
        ("481", "Table 2"),
    ]
    assert paper.sample.n.text == "470"
    assert paper.sample.shares[0].count.text == "481"
