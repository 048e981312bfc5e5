"""Whatever becomes of the workers: the same numbers, and no finished batch is lost."""

from __future__ import annotations

import io
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import dask
import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from helpers.batch_work import (
    CannotTravel,
    Draw,
    Interrupted,
    Killer,
    Marked,
    Raises,
    StubbornError,
    Warns,
    lock_of,
    threads_of_linear_algebra,
    times_worked_off,
)
from joblib.parallel import ThreadingBackend
from threadpoolctl import threadpool_limits

from clustersem import progress
from clustersem.errors import DataWarning, ModelSyntaxError, UnsupportedError
from clustersem.resample import dask_pool
from clustersem.resample.attempt import attempt
from clustersem.resample.batches import Finished, run_batches

N = 10
WANTED = tuple((batch, Draw()(batch)) for batch in range(N))


def run(work, n_batches=N, **options) -> Finished:
    return run_batches(work, n_batches, label="test", **options)


def check_part(finished: Finished, *lacking: int) -> None:
    """Check that everything is there but these batches, and exactly as it would have been."""
    assert finished.results == tuple(pair for pair in WANTED if pair[0] not in lacking)
    assert not finished.complete


@contextmanager
def cluster(**options):
    """Start a Dask cluster of two workers."""
    fixed = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**fixed, silence_logs=50, **options) as there, Client(there) as client:
        yield there, client


@pytest.fixture(scope="module")
def running():
    """Two worker processes; a batch whose worker dies is given up on at once."""
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), cluster() as (_, client):
        yield client


@pytest.fixture
def processes(running):
    """Let joblib use that cluster in one test; its workers are there again after it."""
    with joblib.parallel_config("dask"):
        yield running
    running.wait_for_workers(2, timeout=30)


class ListsOnly(ThreadingBackend):
    """A backend that cannot return results as they come, as Ray's and multiprocessing's."""

    supports_return_generator = False


joblib.register_parallel_backend("lists-only", ListsOnly)


# --- the same numbers wherever --------------------------------------------------------------------


def test_one_process():
    finished = run(Draw())
    assert finished.results == WANTED
    assert finished.complete
    assert finished.stopped == ""
    assert finished.n_batches == N


def test_several_processes():
    assert run(Draw(), n_jobs=2) == Finished(WANTED, N)
    assert run(Draw(), n_jobs=np.int64(2)) == Finished(WANTED, N)


@pytest.mark.parametrize("backend", ["threading", "lists-only", "loky"])
def test_the_backend_that_joblib_is_told(backend):
    with joblib.parallel_config(backend, n_jobs=2):
        assert run(Draw()) == Finished(WANTED, N)
        assert run(Draw(), n_jobs=None) == Finished(WANTED, N)


def test_n_jobs_of_the_call_goes_before_that_of_the_configuration():
    with joblib.parallel_config("threading", n_jobs=1):
        assert len(set(dict(run(thread_of, n_jobs=3).results).values())) == 3
    with joblib.parallel_config("threading", n_jobs=2):
        assert len(set(dict(run(thread_of).results).values())) == 2


def thread_of(batch: int) -> int:
    time.sleep(0.02)
    return threading.get_ident()


def test_processes_of_a_dask_cluster(processes):
    assert run(Draw()) == Finished(WANTED, N)
    there = {pid for _, pid in run(pid_of).results}
    assert len(there) == 2
    assert os.getpid() not in there


def pid_of(batch: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def test_large_work_is_sent_to_a_cluster_once(processes, monkeypatch):
    sent = []
    scatter = processes.scatter
    monkeypatch.setattr(processes, "scatter", lambda *a, **k: sent.append(a) or scatter(*a, **k))
    assert run(Draw(ballast=np.zeros(dask_pool.SMALL))) == Finished(WANTED, N)
    assert len(sent) == 1
    assert run(Draw()) == Finished(WANTED, N)
    assert len(sent) == 1


@pytest.mark.parametrize("backend", ["threading", "lists-only"])
def test_no_more_workers_are_started_than_there_are_batches(backend, monkeypatch):
    started = []
    begin = joblib.Parallel.__init__
    monkeypatch.setattr(
        joblib.Parallel, "__init__", lambda self, n, **k: started.append(n) or begin(self, n, **k)
    )
    with joblib.parallel_config(backend, n_jobs=40):
        assert run(Draw(), 3).results == WANTED[:3]
        # One batch is not taken into this process: it may be left because it killed its worker.
        assert run(Draw(), 1).results == WANTED[:1]
    assert set(started[:2]) <= {2, 3}
    assert started[-1] == 2


def test_no_batches_at_all():
    assert run(Draw(), 0) == Finished((), 0)


# --- workers that die -----------------------------------------------------------------------------


def test_a_killed_worker_loses_no_finished_batch(tmp_path):
    finished = run(Killer(seconds=0.05, folder=str(tmp_path), victim=6), n_jobs=2)
    assert finished == Finished(WANTED, N)
    worked_off = times_worked_off(tmp_path)
    assert worked_off[6] == 2
    # Handed out to two workers, two batches each in advance: only those can have been lost.
    assert sum(worked_off.values()) <= N + 4


def test_what_is_done_is_returned_if_workers_die_again(tmp_path):
    finished = run(Killer(seconds=0.05, folder=str(tmp_path), victim=6, always=True), n_jobs=2)
    assert times_worked_off(tmp_path)[6] == 2
    assert set(finished.results) < set(WANTED)
    assert {0, 1, 2} <= dict(finished.results).keys()
    assert 6 not in dict(finished.results)
    assert finished.stopped.startswith(
        f"Workers died after {len(finished.results)} of 10 batches; what they gave is kept. The"
        " rest was handed out once more, in vain. Most often memory runs out: take fewer workers"
    )
    # The batch that cannot be worked off in a process is done elsewhere, later.
    assert run(Draw(), done=finished) == Finished(WANTED, N)


def test_a_batch_that_kills_dask_workers_is_given_up_on_and_others_are_kept(processes, tmp_path):
    finished = run(Killer(folder=str(tmp_path), victim=6, always=True))
    # Dask counts the death against a batch that was next in the worker's queue as well.
    lost = set(range(N)) - dict(finished.results).keys()
    assert 6 in lost
    assert len(lost) <= 2
    check_part(finished, *lost)
    assert times_worked_off(tmp_path)[6] == 2
    assert finished.stopped.startswith(f"Workers died after {N - len(lost)} of 10 batches")
    assert "KilledWorker" in finished.stopped


def test_a_dask_worker_killed_once(processes, tmp_path):
    assert run(Killer(folder=str(tmp_path), victim=6)) == Finished(WANTED, N)


def test_a_dask_cluster_that_goes_away_half_way():
    with cluster(processes=False) as (there, _), joblib.parallel_config("dask"):
        threading.Timer(0.7, there.close).start()
        finished = run(Draw(seconds=0.2))
    assert set(finished.results) < set(WANTED)
    assert 2 <= len(finished.results) < N
    assert finished.stopped.startswith(
        f"The cluster went away after {len(finished.results)} of 10 batches; what they gave is kept"
    )
    assert run(Draw(), done=finished) == Finished(WANTED, N)


def test_a_dask_cluster_without_workers(monkeypatch):
    monkeypatch.setattr(dask_pool, "PULSE", 0.1)
    monkeypatch.setattr(dask_pool, "PATIENCE", 0.3)
    with cluster(processes=False) as (there, client), joblib.parallel_config("dask"):
        there.scale(0)
        while client.ncores():
            time.sleep(0.01)
        finished = run(Draw())
    assert finished.results == ()
    assert "went away after 0 of 10 batches; what they gave is kept (no worker for" in (
        finished.stopped
    )


def test_a_round_that_is_lost_costs_no_other(monkeypatch):
    """With backends that return lists; the loss is made by hand: threads cannot be killed."""
    lost = []
    apply = joblib.Parallel.__call__

    def once(self, tasks):
        tasks = list(tasks)
        if self.return_as == "list" and not lost and tasks[0][1][1] == 8:
            lost.append(tasks)
            raise ConnectionError("gone")
        return apply(self, tasks)

    monkeypatch.setattr(joblib.Parallel, "__call__", once)
    with joblib.parallel_config("lists-only", n_jobs=2):
        assert run(Draw()) == Finished(WANTED, N)
    assert len(lost) == 1


def test_results_that_were_lost_with_their_worker_are_worked_off_again(processes, monkeypatch):
    """Dask gathers what it still can; the worker that held the rest is gone."""
    gather, lost = processes.gather, []

    def forgetful(futures, **options):
        results = gather(futures, **options)
        if results and not lost:
            lost.append(results.pop())
        return results

    monkeypatch.setattr(processes, "gather", forgetful)
    assert run(Draw()) == Finished(WANTED, N)
    assert len(lost) == 1


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (ConnectionError("no route\n to host."), "no route to host"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_pool_that_never_comes_up_is_told(monkeypatch, loss, told):
    def refuse(self):
        raise loss

    monkeypatch.setattr(ListsOnly, "configure", lambda self, **options: refuse(self))
    with joblib.parallel_config("lists-only", n_jobs=2):
        finished = run(Draw())
    assert finished.results == ()
    assert finished.stopped == (
        "The cluster went away after 0 of 10 batches; what they gave is kept"
        f" ({told}). Start it again and run the rest."
    )


# --- interrupts -----------------------------------------------------------------------------------


def test_an_interrupt_returns_what_is_done_and_the_rest_can_follow(tmp_path):
    work = Interrupted(folder=str(tmp_path), victim=4)
    finished = run(work)
    check_part(finished, *range(4, N))
    assert finished.stopped == "Interrupted after 4 of 10 batches; what they gave is kept."
    assert run(work, done=finished) == Finished(WANTED, N)
    assert times_worked_off(tmp_path) == {batch: 1 + (batch == 4) for batch in range(N)}


def test_a_complete_run_is_not_worked_off_again(tmp_path):
    assert run(Marked(folder=str(tmp_path)), done=Finished(WANTED, N)) == Finished(WANTED, N)
    assert times_worked_off(tmp_path) == {}


def interrupted_while_others_work() -> None:
    sender = threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT))
    sender.start()
    began = time.monotonic()
    finished = run(Draw(seconds=0.05), 200)
    sender.join()
    assert time.monotonic() - began < 8.0
    assert 0 < len(finished.results) < 100
    assert set(finished.results[:N]) & set(WANTED)
    assert finished.stopped.startswith(f"Interrupted after {len(finished.results)} of 200 batches")


def test_an_interrupt_while_processes_work():
    with joblib.parallel_config("loky", n_jobs=2):
        run(Draw())
        interrupted_while_others_work()


def test_an_interrupt_while_a_cluster_works(processes):
    interrupted_while_others_work()


# --- errors ---------------------------------------------------------------------------------------


@pytest.fixture(params=["one process", "threading", "dask"])
def anywhere(request):
    """Where batches are worked off. (Of loky's processes one test is enough: they start slowly.)"""
    if request.param == "threading":
        with joblib.parallel_config("threading", n_jobs=2):
            yield request.param
    else:
        if request.param == "dask":
            request.getfixturevalue("processes")
        yield request.param


def test_an_error_of_the_library_is_raised_as_it_is_and_at_once(anywhere, tmp_path):
    work = Raises(seconds=0.02, folder=str(tmp_path), kind="syntax")
    with pytest.raises(ModelSyntaxError) as caught:
        run(work, 200)
    assert str(caught.value) == str(ModelSyntaxError("expected an item name", "f =~ x1 +* x2", 9))
    assert not hasattr(caught.value, "__notes__")
    assert times_worked_off(tmp_path)[1] == 1
    assert len(times_worked_off(tmp_path)) < 100


def test_a_bug_is_raised_with_the_place_where_it_happened(anywhere, tmp_path):
    with pytest.raises(ZeroDivisionError, match="a bug") as caught:
        run(Raises(folder=str(tmp_path)))
    told = "".join(traceback.format_exception(caught.value))
    assert told.count('raise ZeroDivisionError("a bug")') == 1


def test_an_error_that_cannot_travel_is_told(anywhere, tmp_path):
    kind = RuntimeError if anywhere == "dask" else StubbornError
    with pytest.raises(kind, match="1 and 2") as caught:
        run(Raises(folder=str(tmp_path), kind="stubborn"))
    assert "".join(traceback.format_exception(caught.value)).count("raise StubbornError(1, 2)") == 1


def test_errors_of_processes(tmp_path):
    with pytest.raises(ZeroDivisionError, match="a bug") as caught:
        run(Raises(folder=str(tmp_path)), n_jobs=2)
    assert 'raise ZeroDivisionError("a bug")' in "".join(caught.value.__notes__)
    assert times_worked_off(tmp_path)[1] == 1


def test_work_that_cannot_be_sent_to_a_cluster_is_a_bug_and_no_loss(processes):
    for work in (CannotTravel(), lock_of):
        with pytest.raises((TypeError, pickle.PicklingError), match="pickle"):
            run(work)


def test_a_cluster_that_lacks_a_package_is_told_so(processes, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def work(batch):\n    return batch\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    with pytest.raises(UnsupportedError, match=r"could not import .*only_here.*Install the same"):
        run(only_here.work)


@pytest.mark.parametrize("n_jobs", [0, 2.0, "2", True, [2]])
def test_what_is_no_number_of_processes_is_refused(n_jobs):
    with pytest.raises(UnsupportedError, match="write how many processes share the work") as caught:
        run(Draw(), n_jobs=n_jobs)
    assert str(caught.value).startswith(f"n_jobs={n_jobs!r}: ")


def test_other_options_are_checked():
    with pytest.raises(UnsupportedError, match="progress='yes': write True, False, or None"):
        run(Draw(), progress="yes")
    with pytest.raises(UnsupportedError, match="has 10 batches, this one 12"):
        run(Draw(), 12, done=Finished(WANTED, N))


# --- warnings -------------------------------------------------------------------------------------


def test_warnings_of_all_workers_are_given_once_from_their_own_place(anywhere):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert run(Warns()) == Finished(WANTED, N)
    told = [w for w in heard if w.filename.endswith("batch_work.py")]
    assert [str(w.message) for w in told] == ["batch 1 is odd (and 4 more like it)", "four"]
    assert [w.category for w in told] == [DataWarning, UserWarning]


def test_the_users_filters_decide_what_is_shown():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DataWarning)
        run(Warns())
    assert [str(w.message) for w in heard] == ["four"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        with pytest.raises(DataWarning, match="batch 1 is odd"):
            run(Warns())


# --- one thread of linear algebra -----------------------------------------------------------------


def test_every_batch_has_one_thread_of_linear_algebra(anywhere):
    with threadpool_limits(2, user_api="blas"):
        before = threads_of_linear_algebra(0)
        assert 2 in before
        for _, threads in run(threads_of_linear_algebra, 4).results:
            assert threads
            assert set(threads) == {1}
        assert threads_of_linear_algebra(0) == before


def test_a_worker_process_that_was_given_more_threads_uses_one():
    """What happens in the main thread of a worker, where the parent's limit does not reach."""
    with threadpool_limits(2, user_api="blas"):
        assert set(attempt(threads_of_linear_algebra, 0).result[0]) == {1}
        assert 2 in threads_of_linear_algebra(0)


def test_threads_leave_the_filters_of_warnings_as_they_were():
    """Batches that end in the order in which they began: the last restores what the first found."""
    filters, shown = list(warnings.filters), warnings.showwarning
    gates, order = [threading.Event() for _ in range(4)], []

    def work(batch):
        order.append(batch)
        gates[batch].wait(5)
        warnings.warn(f"batch {batch}", DataWarning, stacklevel=1)

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(attempt, work, batch) for batch in range(4)]
        while len(order) < 4:
            time.sleep(0.001)
        for batch in order:
            gates[batch].set()
            assert [w.text for w in running[batch].result(5).heard] == [f"batch {batch}"]
    assert warnings.filters == filters
    assert warnings.showwarning is shown


# --- the bar --------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_nothing_is_printed_unless_it_is_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    run(Draw())
    with joblib.parallel_config("threading", n_jobs=2):
        run(Draw())
    assert capsys.readouterr() == ("", "")


def test_a_bar_that_is_asked_for_goes_to_stderr(capsys):
    run(Draw(seconds=0.02), progress=True)
    told = capsys.readouterr()
    assert told.out == ""
    assert "test" in told.err
    assert "10/10 batches" in told.err


@pytest.mark.parametrize(
    ("patience", "wanted", "shown"),
    [(0.05, None, True), (60.0, None, False), (0.05, False, False), (60.0, True, True)],
)
def test_on_a_terminal_a_bar_is_shown_once_it_takes_long(monkeypatch, patience, wanted, shown):
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    monkeypatch.setenv("TERM", "xterm")
    run(Draw(seconds=0.02), progress=wanted)
    assert ("10/10" in stderr.getvalue()) == shown
    assert bool(stderr.getvalue()) == shown


def test_the_bar_begins_where_an_earlier_run_ended(capsys, tmp_path):
    work = Interrupted(folder=str(tmp_path), victim=4)
    finished = run(work, progress=True)
    assert "4/10 batches" in capsys.readouterr().err
    run(work, progress=True, done=finished)
    assert "10/10 batches" in capsys.readouterr().err
