"""The codebook: what it answers, what it merges, and how it says that it contradicts itself."""

import pickle

import pytest

from clustersem.errors import CodebookError
from clustersem.survey import Codebook, Construct, Item, read_survey

TOML = """\
answers = [1, 5]
reverse = ["t3"]

[data]
missing = [99, "no idea"]
id = "respondent"
covariates = ["group"]
distributed = 532
file = "answers.sav"

[constructs]
Trust = { label = "Trust in trade", items = ["t1", "t2", "t3"], subsystem = "trade" }
Use = ["u1", "u2"]

[constructs.Risk]
items = ["r1", "r2"]
answers = [0, 10]

[items]
t1 = "I trust it"
u2 = { text = "I use it less", reverse = true, answers = [1, 7], whole = false }
r2 = { missing = [77], labels = { never = 0, always = 10 } }
extra = "A single item"
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="codebook.toml"):
        (tmp_path / name).write_bytes(text.encode())
        return tmp_path / name

    return write


def refused(write, text):
    with pytest.raises(CodebookError) as caught:
        Codebook.from_file(write(text))
    assert type(caught.value) is CodebookError
    return str(caught.value)


def test_what_a_codebook_says(write):
    book = Codebook.from_file(write(TOML))
    assert book.item_names == ("t1", "t2", "t3", "u1", "u2", "r1", "r2", "extra")
    assert book.reversed_items == ("t3", "u2")
    assert book.constructs["Trust"].subsystem == "trade"
    assert (book.label("Trust"), book.label("Use")) == ("Trust in trade", "Use")
    assert book.construct_of("u1") == "Use"
    assert book.construct_of("extra") is None
    assert [book.answer_range(i) for i in ("t1", "u1", "u2", "r1")] == [
        (1, 5),
        (1, 5),
        (1, 7),
        (0, 10),
    ]
    assert (book.is_whole("u1"), book.is_whole("u2")) == (True, False)
    assert book.missing_codes("t1") == (99, "no idea")
    assert book.missing_codes("r2") == (77,)
    assert book.answer_labels("r2") == {"never": 0, "always": 10}
    assert (book.text("t1"), book.text("t2")) == ("I trust it", "")
    assert (book.id, book.distributed, book.file) == ("respondent", 532, "answers.sav")
    assert pickle.loads(pickle.dumps(book)) == book


def test_a_study_file_gives_its_three_sections(write):
    text = '[study]\ntitle = "x"\n[data]\nanswers = [1, 5]\n[constructs]\nF = ["a", "b"]\n'
    book = Codebook.from_study_file(write(text, "study.toml"))
    assert book == Codebook(constructs={"F": ["a", "b"]}, answers=[1, 5])
    assert refused(write, text).startswith("codebook.toml, line 1: unknown key 'study'; known are")


def test_made_in_python():
    book = Codebook(
        constructs={"F": Construct(items=("a", "b")), "G": {"items": ["c"]}},
        items={"a": Item(text="x")},
        answers=(1, 5),
    )
    assert book.item_names == ("a", "b", "c")
    assert Codebook(items=["a", "b"]).item_names == ("a", "b")
    with pytest.raises(CodebookError, match=r"^codebook: unknown key 'answer'; did you mean 'answ"):
        Codebook(answer=[1, 5])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'answers = [1, 5]\nreverse = [\n "C13x"]\n[constructs]\nB3 = ["C12", "C13"]\n',
            "codebook.toml, line 2: reverse item 'C13x' is not in any construct; "
            "did you mean 'C13'?",
        ),
        (
            '[data]\nreverse = ["b"]\n[constructs]\nF = ["a", "b"]\n',
            "codebook.toml, line 2: item 'b' is reverse-keyed but its answer range is not known; "
            "add the lowest and highest answer, for example answers = [1, 5]",
        ),
        (
            '[constructs]\nF = ["a", "b"]\n[items]\nb = { reverse = true }\n',
            "codebook.toml, line 4: item 'b' is reverse-keyed but its answer range is not known; "
            "add the lowest and highest answer, for example answers = [1, 5]",
        ),
        (
            '[constructs]\nF = ["a", "b"]\nG = ["c", "b"]\n',
            "codebook.toml, line 3: item 'b' is in construct 'F' and in construct 'G'; "
            "an item belongs to one",
        ),
        (
            '[constructs]\nF = ["a", "a"]\n',
            "codebook.toml, line 2: item 'a' stands twice in construct 'F'; delete one",
        ),
        (
            '[constructs]\nF = ["a", "b"]\n[constructs.G]\nitems = []\n',
            "codebook.toml, line 3: construct 'G' has no item; list its items",
        ),
        (
            '[constructs]\na = ["a", "b"]\n',
            "codebook.toml, line 2: 'a' names a construct and an item; rename one",
        ),
        (
            '[data]\nid = "a"\ncovariates = ["b"]\n[constructs]\nF = ["a", "b"]\n',
            "codebook.toml, line 2: the respondent id 'a' is also an item\n"
            "codebook.toml, line 3: 'b' is a covariate and an item; take it out of one",
        ),
        (
            "[data]\nanswers = [5, 1]\n",
            "codebook.toml, line 2: answers: the lowest answer, 5, is not below the highest, 1; "
            "write the lowest and the highest answer, for example [1, 5]",
        ),
        (
            "answers = [1, 2, 3, 4, 5]\n",
            "codebook.toml, line 1: answers: write the lowest and the highest answer, "
            "for example [1, 5], not [1, 2, 3, 4, 5]",
        ),
        (
            'answers = ["a", "b"]\n',
            "codebook.toml, line 1: answers: write the lowest and the highest answer, "
            "for example [1, 5], not ['a', 'b']",
        ),
        (
            '[constructs]\nF = { items = ["a"], answers = [1, inf] }\n',
            "codebook.toml, line 2: constructs.F.answers: write the lowest and the highest answer, "
            "for example [1, 5]; both must be finite",
        ),
        (
            'answers = [1, 9]\n[data]\nmissing = [9]\n[constructs]\nF = ["a", "b"]\n',
            "codebook.toml, line 3: missing code 9.0 is a valid answer from 1 to 9; "
            "correct missing or answers",
        ),
        (
            "answers = [1, 5]\nlabels = { never = 0, always = 5 }\n",
            "codebook.toml, line 2: label 'never' = 0 is not an answer from 1 to 5; "
            "correct labels or answers",
        ),
        (
            '[constructs.F]\nlable = "x"\nitems = ["a"]\n',
            "codebook.toml, line 2: unknown key 'constructs.F.lable'; did you mean 'label'?",
        ),
        (
            "[items]\na = { revers = true }\n",
            "codebook.toml, line 2: unknown key 'items.a.revers'; did you mean 'reverse'?",
        ),
        (
            "\n[data]\nanswrs = [1, 5]\n",
            "codebook.toml, line 3: unknown key 'answrs'; did you mean 'answers'?",
        ),
        (
            '[constructs]\nF = "a"\n',
            'codebook.toml, line 2: constructs.F.items: write a list: ["a"]',
        ),
        (
            '[constructs]\nF = { label = "x" }\n',
            "codebook.toml, line 2: 'constructs.F' needs the key 'items'",
        ),
        (
            "[constructs]\nF = 7\n[items]\na = 3\n",
            "codebook.toml, line 2: constructs.F: write the list of its items, "
            'or { label = "...", items = [...] }, not 7\n'
            "codebook.toml, line 4: items.a: write its text, "
            'or { text = "...", reverse = true }, not 3',
        ),
        (
            "data = 3\n",
            "codebook.toml: codebook: [data] is a section: write its keys below the line [data]",
        ),
        (
            "[data]\ndistributed = 0\n",
            "codebook.toml, line 2: distributed: input should be greater than or equal to 1, not 0",
        ),
        (
            "answers = [1, 5]\n[data]\nanswers = [1, 7]\n",
            "codebook.toml: codebook: 'answers' stands both at the top and under [data]; "
            "delete one",
        ),
        (
            "answers = [1, 5\n[data]\n",
            "codebook.toml: not valid TOML: Unclosed array (at line 2, column 1)\n"
            "    [data]\n    ^",
        ),
        (
            "[constructs]\n信任 = ['q1', 'q2']\n",
            "codebook.toml: not valid TOML: Invalid statement (at line 2, column 1). Put names in "
            "other letters than A to Z in quotes\n    信任 = ['q1', 'q2']\n    ^",
        ),
    ],
)
def test_contradictions_are_named(text, said, write):
    assert refused(write, text) == said


def test_files_that_are_not_there_or_not_text(write, tmp_path):
    path = write("answers = [1, 5]\n")
    with pytest.raises(CodebookError, match=r"there is no file codebok\.toml .*'codebook\.toml'"):
        Codebook.from_file(tmp_path / "codebok.toml")
    path.write_bytes(b"# \xff\n")
    with pytest.raises(CodebookError) as caught:
        Codebook.from_file(path)
    assert str(caught.value) == (
        "file codebook.toml is neither UTF-8 nor UTF-16 nor GB 18030. Save it as UTF-8."
    )
    for encoding in ("utf-8-sig", "utf-16", "gbk"):
        path.write_text("[constructs]\n'信任' = ['答一', '答二']\n", encoding=encoding)
        assert list(Codebook.from_file(path).constructs) == ["信任"]


def test_read_with_the_file_the_mapping_or_the_object(write, frame, book):
    text = (
        "data = { answers = [1, 5], missing = [9], id = 'respondent', distributed = 8 }\n"
        "[constructs]\nTrust = { label = 'Trust in trade', items = ['t1', 't2', 't3'] }\n"
        "Use = ['u1', 'u2']\n"
        "[items]\nt1 = 'I trust it'\nt3 = { text = 'I fear it', reverse = true }\n"
    )
    path = write(text)
    surveys = [read_survey(frame, b) for b in (path, str(path), book, Codebook(**book))]
    for survey in surveys:
        assert survey.codebook == surveys[0].codebook
        assert survey.answers.equals(surveys[0].answers)
    assert surveys[0].constructs == {"Trust": ("t1", "t2", "t3"), "Use": ("u1", "u2")}


def test_reading_options_of_the_codebook(tmp_path):
    (tmp_path / "a.csv").write_bytes("x1#x2\n1,5#2\n3#4\n".encode("utf-16"))
    survey = read_survey(
        tmp_path / "a.csv", {"delimiter": "#", "decimal": ",", "encoding": "utf-16"}
    )
    assert survey.answers.to_numpy().tolist() == [[1.5, 2], [3, 4]]
