"""Work on several specs: in this process if there is one, else in a fresh process per core."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import TypeVar

from symopt.cli.console import progress
from symopt.errors import SymoptError

Result = TypeVar("Result")


def spread(work: Callable[[str], Result], specs: Sequence[str], doing: str) -> dict[str, Result | SymoptError]:
    """The result, or the error, of each spec, in their order; a bar shows how far it is."""
    found: dict[str, Result | SymoptError] = {}
    with progress() as bar:
        task = bar.add_task(doing, total=len(specs))
        for spec, result in _results(work, specs):
            found[spec] = result
            bar.advance(task)
    return {spec: found[spec] for spec in specs}


def _results(work: Callable[[str], Result], specs: Sequence[str]) -> Iterator[tuple[str, Result | SymoptError]]:
    count = min(len(specs), os.cpu_count() or 1)
    if count < 2:
        yield from ((spec, attempt(work, spec)) for spec in specs)
        return
    # Spawned, not forked: a process that ran a parallel kernel leaves a thread pool that no fork survives.
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        with _interrupts_held():
            pending = {pool.submit(attempt, work, spec): spec for spec in specs}
        yield from _collected(pending)
    except BrokenProcessPool as error:
        raise SymoptError("a worker process died; try one spec at a time to find out which") from error
    except KeyboardInterrupt:
        for child in active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _collected(pending: dict[Future[Result | SymoptError], str]) -> Iterator[tuple[str, Result | SymoptError]]:
    for future in as_completed(pending):
        yield pending[future], future.result()


def attempt(work: Callable[[str], Result], spec: str) -> Result | SymoptError:
    """The result of one spec, or the mistake in it: the others go on."""
    try:
        return work(spec)
    except SymoptError as error:
        return SymoptError(str(error))  # a plain one travels between processes


@contextmanager
def _interrupts_held() -> Generator[None, None, None]:
    """Hold Ctrl-C back. Processes started meanwhile never see it: the parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
