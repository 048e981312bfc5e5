"""The bar: silent for what is short, on a terminal only, gone at the end."""

import pytest

from clustersem import progress
from clustersem.progress import Progress


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich draws as it does on a terminal


def test_nothing_is_shown_where_standard_error_is_no_terminal(impatient, capsys):
    with Progress("reading", 3) as shown:
        shown.advance(3)
    assert capsys.readouterr() == ("", "")


def test_a_short_task_shows_nothing(capsys):
    with Progress("reading", 3, show=True) as shown:
        shown.advance(3)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("total", "count"), [(40, "7/40"), (None, "7/?")])
def test_a_long_task_shows_what_is_done_on_standard_error(impatient, capsys, total, count):
    with Progress("reading", total, show=True) as shown:
        shown.advance(3)
        shown.advance(4)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading" in err
    assert count in err


def fails_after_one_step():
    with Progress("reading", 2, show=True) as shown:
        shown.advance()
        raise KeyError("x")


def test_an_error_passes_through_and_closes_the_bar(impatient, capsys):
    with pytest.raises(KeyError, match="x"):
        fails_after_one_step()
    assert "1/2" in capsys.readouterr().err
