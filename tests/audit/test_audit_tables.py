"""Tables as papers and programs print them: from text, Word and HTML."""

from __future__ import annotations

import html
from pathlib import Path

import docx
import pytest

import clustersem as cs
from clustersem.errors import DataError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
HOME_TABLES = REFERENCE / "wang2022_tables.tsv"


def read(tmp_path, text, name="tables.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return cs.read_published(path)


def refused(tmp_path, text, name="tables.csv"):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, name)
    return str(caught.value)


def numbers(row):
    names = ("est", "se", "cr", "p", "std", "ci_lower", "ci_upper")
    return {key: getattr(row, key).text for key in names if getattr(row, key) is not None}


def blocks(text):
    """Return the tables of a text file as (caption, rows)."""
    found = []
    for block in text.strip().split("\n\n"):
        caption, *rows = block.splitlines()
        if rows:
            found.append((caption, [row.split("\t") for row in rows]))
    return found


def as_word(text, path):
    document = docx.Document()
    document.add_paragraph("Some text before the tables.")
    for caption, rows in blocks(text):
        document.add_paragraph(caption)
        width = max(map(len, rows))
        table = document.add_table(rows=len(rows), cols=width)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                table.cell(i, j).text = cell
        document.add_paragraph("Source: the authors.")
    document.save(str(path))


def as_html(text, path):
    page = ["<html><head><meta charset='gbk'></head><body><p>Some text.</p>"]
    for caption, rows in blocks(text):
        page.append(f"<div><p><b>{html.escape(caption)}</b></p></div><div><table>")
        for row in rows:
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
            page.append(f"<tr>{cells}</tr>")
        page.append("</table></div>")
    path.write_text("\n".join(page), encoding="utf-8")


# -- the home study's own tables -----------------------------------------------------------------


@pytest.fixture(scope="module")
def transcribed():
    return cs.read_published(
        Path(cs.__file__).parent / "studies" / "cross_border" / "published.toml"
    )


@pytest.mark.parametrize("kind", ["tsv", "docx", "html"])
def test_the_tables_of_the_home_study_read_as_they_were_transcribed(tmp_path, kind, transcribed):
    """Tables 3 to 7 and 9 as the paper prints them, against the file that was typed by hand."""
    text = HOME_TABLES.read_text(encoding="utf-8")
    path = tmp_path / f"paper.{kind}"
    if kind == "tsv":
        path.write_text(text, encoding="utf-8")
    else:
        {"docx": as_word, "html": as_html}[kind](text, path)
    paper = cs.read_published(path)
    for row, wanted in zip(paper.coefficients, transcribed.coefficients, strict=True):
        assert (row.path, row.id, row.supported) == (wanted.path, wanted.id, True)
        assert numbers(row) == numbers(wanted)
        assert row.place == wanted.place
    (model,) = paper.models
    revised = transcribed.models[1]
    assert {k: v.text for k, v in model.indices.items()} == {
        k: v.text for k, v in revised.indices.items()
    }
    assert {k: v.interval for k, v in model.standards.items()} == {
        k: v.interval for k, v in revised.standards.items()
    }
    assert model.place == "Table 6"
    assert {c.name: (c.items, c.alpha.text) for c in paper.constructs} == {
        c.name: (c.items, c.alpha.text) for c in transcribed.constructs
    }
    assert {i.name: i.loading.text for i in paper.items} == {
        i.name: i.loading.text for i in transcribed.items
    }
    assert [note.partition(" was not understood")[0] for note in paper.notes[:3]] == [
        "Table 1",
        "Table 2",
        "Table 8",
    ]


# -- coefficients --------------------------------------------------------------------------------


def test_amos_tables_are_joined(tmp_path):
    """AMOS prints raw and standardised weights, covariances and correlations one by one."""
    text = """Regression Weights: (Group number 1 - Default model)
\t\t\tEstimate\tS.E.\tC.R.\tP\tLabel
Use\t<---\tTrust\t.512\t.061\t8.393\t***\tpar_5
t1\t<---\tTrust\t1.000
t2\t<---\tTrust\t.934\t.055\t16.982\t***\tpar_1
u1\t<---\tUse\t1.000
u2\t<---\tUse\t1.102\t.071\t15.521\t***\tpar_2

Standardized Regression Weights: (Group number 1 - Default model)
\t\t\tEstimate
Use\t<---\tTrust\t.487
t1\t<---\tTrust\t.801

Covariances: (Group number 1 - Default model)
\t\t\tEstimate\tS.E.\tC.R.\tP\tLabel
Trust\t<-->\tCare\t.201\t.040\t5.025\t.003\tpar_9

Correlations: (Group number 1 - Default model)
\t\t\tEstimate
Trust\t<-->\tCare\t.402
"""
    paper = read(tmp_path, text, "amos.txt")
    assert [(row.path, numbers(row)) for row in paper.coefficients] == [
        (
            "Use ~ Trust",
            {"est": ".512", "se": ".061", "cr": "8.393", "p": "***", "std": ".487"},
        ),
        ("Trust =~ t1", {"est": "1.000", "std": ".801"}),
        ("Trust =~ t2", {"est": ".934", "se": ".055", "cr": "16.982", "p": "***"}),
        ("Use =~ u1", {"est": "1.000"}),
        ("Use =~ u2", {"est": "1.102", "se": ".071", "cr": "15.521", "p": "***"}),
        ("Trust ~~ Care", {"est": ".201", "se": ".040", "cr": "5.025", "p": ".003", "std": ".402"}),
    ]
    assert paper.coefficients[0].place.startswith("Regression Weights")
    assert not [note for note in paper.notes if "not understood" in note]


def test_the_table_of_a_fit_of_this_library_and_of_lavaan(tmp_path):
    text = """lhs,op,rhs,est,se,z,pvalue,ci.lower,ci.upper,std.lv,std.all
f,=~,x1,1.000,0.000,NA,NA,1.000,1.000,0.900,0.772
f,=~,x2,0.554,0.100,5.554,0.000,0.358,0.749,0.498,0.424
g,~,f,0.408,0.074,5.552,0.000,0.264,0.552,0.459,0.459
f,~~,f,0.809,0.145,5.564,0.000,0.524,1.094,1.000,1.000
"""
    paper = read(tmp_path, text)
    assert [row.path for row in paper.coefficients] == ["f =~ x1", "f =~ x2", "g ~ f"]
    assert numbers(paper.coefficients[1]) == {
        "est": "0.554",
        "se": "0.100",
        "cr": "5.554",
        "p": "0.000",
        "std": "0.424",
        "ci_lower": "0.358",
        "ci_upper": "0.749",
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Hypothesis;Path;Estimate (S.E.);t-value;Result\n"
            "H1;Trust → Use;0,512*** (0,061);8,393;Supported\n",
            {"est": "0.512", "se": "0.061", "cr": "8.393", "p": "***"},
        ),
        (
            'From,To,β,95% CI,Sig.\nTrust,Use,.487,"[.402, .571]",p < .001\n',
            {"std": ".487", "ci_lower": ".402", "ci_upper": ".571", "p": "< .001"},
        ),
        (
            "Path|Unstandardized||Standardized\n|B|SE|Estimate\nTrust -> Use|.512|.061|.487\n",
            {"est": ".512", "se": ".061", "std": ".487"},
        ),
        (
            "Hypothesized relationship,Path coefficient,T statistics,P values\n"
            "H1a: Trust -> Use,0.487,8.393,0.000\n",
            {"std": "0.487", "cr": "8.393", "p": "0.000"},
        ),
        (
            "Dependent variable,Independent variable,Estimate,Lower,Upper\n"
            "Use,Trust,−0.51,−0.63,−0.39\n",
            {"est": "−0.51", "ci_lower": "−0.63", "ci_upper": "−0.39"},
        ),
    ],
    ids=["semicolons", "beta", "two rows of headings", "pls", "from and to"],
)
def test_paths_as_papers_head_them(tmp_path, text, wanted):
    (row,) = read(tmp_path, text).coefficients
    assert row.path == "Use ~ Trust"
    assert numbers(row) == wanted


def test_labels_and_short_names_are_one_construct(tmp_path):
    text = """Table 1. Reliability
Construct,Cronbach's α,CR,AVE
Perceived trust (PT),0.853,0.861,0.612
Intention to use (ITU),0.811,0.820,0.534

Table 2. Structural model
Path,Standardized estimate,C.R.
Perceived trust -> ITU,0.487,8.393
"""
    paper = read(tmp_path, text)
    assert paper.coefficients[0].path == "ITU ~ PT"
    trust = paper.construct["PT"]
    assert (trust.label, trust.place) == ("Perceived trust", "Table 1, PT")
    assert (trust.alpha.text, trust.composite_reliability.text, trust.ave.text) == (
        "0.853",
        "0.861",
        "0.612",
    )


def test_indirect_and_total_effects(tmp_path):
    text = """Table 8. Indirect effects
Path,Estimate,S.E.,Lower,Upper
A → M → B,0.120,0.031,0.060,0.180
A → B,0.120,0.031,0.060,0.180

Table 9. Total effects
Path,Effect
A → B,0.420
"""
    effects = read(tmp_path, text).effects
    assert [(e.steps, e.kind, e.est.text) for e in effects] == [
        (("A", "M", "B"), "indirect", "0.120"),
        (("A", "B"), "total_indirect", "0.120"),
        (("A", "B"), "total", "0.420"),
    ]


# -- measurement ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Construct,Item,Loading,Cronbach's alpha,CR,AVE\n"
        "Trust,t1,0.81,0.80,0.82,0.61\n,t2,0.75,,,\nUse,u1,0.70,0.71,0.73,0.50\n,u2,0.71,,,\n",
        "Construct,Item,Loading,Cronbach's alpha,CR,AVE\n"
        "Trust,t1,0.81,0.80,0.82,0.61\nTrust,t2,0.75,0.80,0.82,0.61\n"
        "Use,u1,0.70,0.71,0.73,0.50\nUse,u2,0.71,0.71,0.73,0.50\n",
        "Item,Loading,Cronbach's alpha,CR,AVE\n"
        "Trust,,0.80,0.82,0.61\nt1,0.81,,,\nt2,0.75,,,\nUse,,0.71,0.73,0.50\nu1,0.70,,,\nu2,0.71\n",
    ],
    ids=["once", "repeated", "rows of their own"],
)
def test_items_under_their_construct(tmp_path, text):
    paper = read(tmp_path, text)
    assert [(r.path, r.std.text) for r in paper.coefficients] == [
        ("Trust =~ t1", "0.81"),
        ("Trust =~ t2", "0.75"),
        ("Use =~ u1", "0.70"),
        ("Use =~ u2", "0.71"),
    ]
    use = paper.construct["Use"]
    assert (use.items, use.alpha.text, use.composite_reliability.text, use.ave.text) == (
        ("u1", "u2"),
        "0.71",
        "0.73",
        "0.50",
    )


def test_a_fornell_larcker_table(tmp_path):
    text = """Table 4. Discriminant validity (square root of AVE on the diagonal)
Construct,AVE,1,2,3
1. Trust,0.612,0.782,,
2. Use,0.534,0.487**,0.731,
3. Care,0.601,.402,.311,.775
"""
    paper = read(tmp_path, text)
    assert [(c.first, c.second, c.value.text, c.kind) for c in paper.correlations] == [
        ("Trust", "Use", "0.487", "latent"),
        ("Trust", "Care", ".402", "latent"),
        ("Use", "Care", ".311", "latent"),
    ]
    assert {c.name: (c.ave.text, c.sqrt_ave.text) for c in paper.constructs} == {
        "Trust": ("0.612", "0.782"),
        "Use": ("0.534", "0.731"),
        "Care": ("0.601", ".775"),
    }
    assert paper.correlations[0].place == "Table 4, Trust with Use"


def test_correlations_of_scores_with_their_means(tmp_path):
    text = """Table 2. Means, standard deviations and correlations; Cronbach's alpha in brackets
Variable\tMean\tS.D.\tTrust\tUse
Trust\t3.41\t0.81\t(.85)\t
Use\t2.97\t1.02\t.41***\t(.79)
"""
    paper = read(tmp_path, text, "tables.txt")
    assert paper.correlations[0].kind == "scores"
    trust = paper.construct["Trust"]
    assert (trust.mean.text, trust.sd.text, trust.alpha.text) == ("3.41", "0.81", "(.85)")
    assert trust.sqrt_ave is None


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("Table 5. HTMT ratios", "holds no correlations of one matrix"),
        ("Table 5. Squared correlations and AVE", "holds no correlations of one matrix"),
    ],
)
def test_matrices_that_are_none(tmp_path, caption, said):
    text = f"{caption}\n,Trust,Use\nTrust,1,\nUse,0.6,1\n\n,Estimate\nA -> B,0.4\n"
    paper = read(tmp_path, text)
    assert not paper.correlations
    assert said in paper.notes[0]
    assert paper.notes[0].startswith("Table 5")


def test_both_triangles_that_differ_are_two_things(tmp_path):
    text = "Table 5. Correlations\n,Trust,Use\nTrust,1,0.71\nUse,0.6,1\n"
    paper = read(tmp_path, text)
    assert [c.value.text for c in paper.correlations] == ["0.6"]
    assert "different numbers above and below" in paper.notes[0]


def test_means_of_items(tmp_path):
    paper = read(tmp_path, "Item,Mean,SD\nt1,3.41,0.81\nt2,2.97,1.02\n")
    assert [(i.name, i.mean.text, i.sd.text) for i in paper.items] == [
        ("t1", "3.41", "0.81"),
        ("t2", "2.97", "1.02"),
    ]


# -- fit -----------------------------------------------------------------------------------------


def test_fit_with_models_in_rows(tmp_path):
    text = """Table 3. Model comparison
Model,χ² (df),p,CFI,TLI,RMSEA [90% CI],SRMR
One factor,"1,383.2*** (277)",<.001,.701,.689,"0.091 [.086, .096]",.110
Eight factors,742.6 (272),<.001,.953,.948,"0.060 [.055, .065]",.048
Criteria,,,>.90,>.90,<.08,<.08
"""
    one, eight = read(tmp_path, text).models
    assert (one.name, eight.name) == ("One factor", "Eight factors")
    assert {k: v.text for k, v in one.indices.items()} == {
        "pvalue": "<.001",
        "chisq": "1383.2",
        "df": "277",
        "cfi": ".701",
        "tli": ".689",
        "rmsea": "0.091",
        "rmsea_ci_lower": ".086",
        "rmsea_ci_upper": ".096",
        "srmr": ".110",
    }
    assert eight.standards["rmsea"].interval.upper == 0.08
    assert eight.indices["df"].interval.width == 0.0


def test_fit_with_models_in_columns(tmp_path):
    text = """Fit index,Recommended value,Initial model,Revised model
χ²,,1383.2,742.6
df,,277,272
χ²/df,< 3,4.990,2.730
Comparative fit index (CFI),≥ 0.90,0.903,0.948
RMSEA,< 0.08,0.091,0.060
Note,,good,good
"""
    initial, revised = read(tmp_path, text).models
    assert (initial.name, revised.name) == ("Initial", "Revised")
    assert revised.indices["cmin_df"].text == "2.730"
    assert initial.standards["cfi"].interval.lower == 0.90
    assert initial.indices["cfi"].place == "tables.csv, CFI"


def test_a_robust_chi2_is_known_by_its_caption(tmp_path):
    text = "Table 3. Fit (MLR)\nχ²,df,CFI,RMSEA\n742.6,272,.95,.06\n"
    (model,) = read(tmp_path, text).models
    assert model.scaled


def test_how_many_questionnaires(tmp_path):
    text = "Questionnaires,Number,%\nDistributed,532,\nReturned,503,94.55\nValid,481,90.41\n"
    sample = read(tmp_path, text).sample
    assert (sample.returned.text, sample.distributed.text) == ("503", "532")
    assert sample.returned.place == "tables.csv, returned"
    assert sample.returned.interval.width == 0.0
    # Incomplete answers among the valid ones may have been left out of the models.
    assert sample.n is None


# -- decimal signs, and what is wrong ------------------------------------------------------------


def test_decimal_commas_are_read_and_told(tmp_path):
    paper = read(tmp_path, "Path;Estimate;S.E.\nA <--- B;0,472;0,041\n")
    assert numbers(paper.coefficients[0]) == {"est": "0.472", "se": "0.041"}
    assert paper.coefficients[0].est.decimals == 3
    assert paper.notes == ("tables.csv: the comma was read as the decimal sign (0,472 as 0.472).",)


def test_a_file_that_mixes_decimal_signs_is_refused(tmp_path):
    said = refused(tmp_path, "Path;Estimate;S.E.\nA <--- B;0,472;0,041\nA <--- C;0.31;0,05\n")
    assert "tables.csv, row 2 (0,472) and tables.csv, row 3 (0.31)" in said
    assert "Write all of them one way." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "tables.csv is empty. Paste the tables into it"),
        ("  \n\n", "tables.csv is empty"),
        ("Mood,Weather\ngood,rain\n", "tables.csv has no printed number that could be checked"),
        ("Mood,Weather\ngood,rain\n", "was not understood: its headings are 'Mood', 'Weather'."),
        (
            "Table 7\nPath,Estimate,S.E.\nA <--- B,high,0.041\n",
            "Table 7, row 3, 'Estimate': 'high' is no number. Write the number as printed",
        ),
        (
            "Table 7\nPath,Estimate,P\nA <--- B,0.4,****\n",
            "Table 7, row 3, 'P': the key of the stars has no ****",
        ),
        ('Path,"Estimate\nA <--- B,0.4\n', "the row cannot be cut into cells"),
        ("kind,path,est\npaht,A ~ B,0.4\n", "row 2: a row of kind 'paht' needs a name and a value"),
        ("kind,name,value\nalhpa,B1,0.8\n", "unknown kind 'alhpa'; did you mean 'alpha'?"),
        ("kind,name,value,std.\nalpha,B1,0.8,1\n", "unknown column 'std.'; did you mean 'std'?"),
        ("kind,name,value\nfit,rmsae,0.8\n", "row 2: fit.model.rmsae: 'rmsae' is no index of fit"),
        ("kind,name,value\ncorrelation,B1,0.8\n", "a correlation needs the names of both"),
    ],
)
def test_errors_of_text_tables(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_the_long_form(tmp_path):
    text = """kind,place,id,lhs,op,rhs,est,se,p,supported,name,name2,value,model,expect
path,Table 7,H1,A1,~,B1,0.144,0.031,***,yes,,,,,-
loading,Table 9,,B1,=~,C1,0.884,0.052,***,,,,,,
fit,Table 6,,,,,,,,,RMSEA,,0.060,revised,
fit,Table 6,,,,,,,,,df,,272,revised,
standard,,,,,,,,,,RMSEA,,<0.08,,
alpha,Table 3,,,,,,,,,B1,,0.853,,
correlation,Table 4,,,,,,,,,B1,B2,0.556,,
sample,,,,,,,,,,n,,481,,
"""
    paper = read(tmp_path, text)
    first, second = paper.coefficients
    assert (first.place, first.expect, first.supported) == ("Table 7, H1: A1 ~ B1", "-", True)
    assert (second.path, numbers(second)["est"]) == ("B1 =~ C1", "0.884")
    assert {k: v.text for k, v in paper.models[0].indices.items()} == {
        "rmsea": "0.060",
        "df": "272",
    }
    assert paper.models[0].standards["rmsea"].interval.upper == 0.08
    assert paper.construct["B1"].alpha.text == "0.853"
    assert paper.correlations[0].value.text == "0.556"
    assert paper.sample.n.text == "481"


# -- HTML and Word -------------------------------------------------------------------------------


def test_merged_cells_of_a_page(tmp_path):
    page = """<p>Table 5</p><table>
    <tr><th rowspan=2>Path</th><th colspan="2">Unstandardized</th><th>Standardized</th></tr>
    <tr><th>Estimate</th><th>S.E.</th><th>Estimate</th></tr>
    <tr><td>Trust &rarr; Use</td><td>0.512</td><td>0.061</td><td>0.487</td></tr></table>
    <table><caption>Table 6. Reliability</caption><tr><td>Construct</td><td>Items</td>
    <td>Loadings</td><td>&alpha;</td></tr>
    <tr><td rowspan="2">Trust</td><td>t1</td><td>0.81</td><td rowspan="2">0.80</td></tr>
    <tr><td>t2</td><td>0.75</td></tr></table>"""
    paper = read(tmp_path, page, "page.html")
    path, *loadings = sorted(paper.coefficients, key=lambda row: row.op, reverse=True)
    assert path.place == "Table 5, Use ~ Trust"
    assert numbers(path) == {"est": "0.512", "se": "0.061", "std": "0.487"}
    assert [row.path for row in loadings] == ["Trust =~ t1", "Trust =~ t2"]
    assert paper.construct["Trust"].alpha.place == "Table 6, Trust"


def test_a_number_and_title_set_apart_are_one_caption(tmp_path):
    document = docx.Document()
    document.add_paragraph("Table 2")
    document.add_paragraph("Standardized regression weights")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells),
        ("Path", "Estimate", "B → A", "0.31"),
        strict=True,
    ):
        cell.text = text
    path = tmp_path / "paper.docx"
    document.save(str(path))
    (row,) = cs.read_published(path).coefficients
    assert (row.place, row.std.text, row.est) == ("Table 2, A ~ B", "0.31", None)


def test_documents_that_are_none(tmp_path):
    (tmp_path / "paper.docx").write_text("no zip")
    with pytest.raises(DataError, match=r"paper.docx is no Word document"):
        cs.read_published(tmp_path / "paper.docx")
    docx.Document().save(str(tmp_path / "empty.docx"))
    with pytest.raises(DataError, match=r"empty.docx has no table"):
        cs.read_published(tmp_path / "empty.docx")
    assert "page.html has no table" in refused(tmp_path, "<p>Text</p>", "page.html")
    assert "page.html is empty" in refused(tmp_path, " ", "page.html")
    (tmp_path / "page.html").write_bytes(b"<table>\x00\x01\x02\xff\x00\x00</table>")
    with pytest.raises(DataError, match="page"):
        cs.read_published(tmp_path / "page.html")
