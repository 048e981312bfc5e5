"""The bar: silent for what is short, on a terminal only unless it is asked for."""

import time

import pytest

from clustersem import progress
from clustersem.progress import progress_bar


def wait_for(capsys, text):
    """Return what was written once `text` is in it; the bar opens in a thread of its own."""
    written, since = "", time.monotonic()
    while text not in written and time.monotonic() - since < 20.0:
        time.sleep(0.02)
        written += capsys.readouterr().err
    return written


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich draws as it does on a terminal
    monkeypatch.setenv("COLUMNS", "120")


def test_nothing_is_shown_where_standard_error_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress_bar("reading", 3, wanted=None) as advance:
        advance(3)
    assert capsys.readouterr() == ("", "")


def test_a_short_task_shows_nothing(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar("reading", 3, wanted=None) as advance:
        advance(3)
    assert capsys.readouterr() == ("", "")


def test_a_long_task_is_shown_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with progress_bar("reading", 3, wanted=None) as advance:
        advance(2)
        assert "2/3" in wait_for(capsys, "2/3")


@pytest.mark.parametrize(("total", "count"), [(40, "9/40"), (None, "9/?")])
def test_what_is_done_stands_on_standard_error(capsys, total, count):
    with progress_bar("reading", total, 2, unit="respondents", wanted=True) as advance:
        advance(3)
        advance(4)
        written = wait_for(capsys, count)
    assert "reading" in written
    assert f"{count} respondents" in written.replace("\x1b[0m", "").replace("\x1b[32m", "")


def fails_after_one_step():
    with progress_bar("reading", 2, wanted=True) as advance:
        advance()
        raise KeyError("x")


def test_an_error_passes_through():
    with pytest.raises(KeyError, match="x"):
        fails_after_one_step()
