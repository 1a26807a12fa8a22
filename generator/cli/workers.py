"""Processes that share the work of one run, where the system can fork."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from generator.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")


def cores() -> int:
    """How many processors this process may use."""
    with suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(function: Callable[[int], T], number: int, processes: int) -> Generator[T, None, None]:
    """`function(i)` for each number below `number`, in order, from several processes.

    The first call is made here, so that what it imports and reads is there for all of them. Each
    process makes every n-th of the other calls, and waits when nobody has taken its results: at no
    time are there many. An exception is raised here.
    """
    if number:
        yield function(0)
    processes = min(processes, number - 1)
    if processes < 2 or not hasattr(os, "fork"):
        yield from map(function, range(1, number))
        return
    children: list[tuple[Any, Connection]] = []
    try:
        for first in range(processes):
            _start(function, range(1 + first, number, processes), children)
        for i in range(number - 1):
            yield _received(children[i % processes][1])
    finally:
        for process, connection in children:
            connection.close()
            process.terminate()
        for process, _ in children:
            process.join()


def _start(
    function: Callable[[int], T], numbers: range, others: list[tuple[Any, Connection]]
) -> None:
    """Start a process and add it to the others: no signal comes in between, and none is lost."""
    import multiprocessing

    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)

    def run() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # ends this process, which says nothing
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # comes to all of them from a terminal
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for connection in (receiver, *(other for _, other in others)):
            connection.close()  # or nobody would notice that the reader is gone
        with suppress(BrokenPipeError):
            for number in numbers:
                try:
                    result: T | Exception = function(number)
                except Exception as error:
                    result = error
                sender.send(result)
                if isinstance(result, Exception):
                    return

    process = fork.Process(target=run, daemon=True)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        process.start()
        others.append((process, receiver))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    sender.close()


def _received(connection: Connection) -> Any:
    try:
        result = connection.recv()
    except EOFError:
        raise UsageError(
            "a worker process ended before its work was done, perhaps for lack of memory: try "
            "again with --jobs 1"
        ) from None
    if isinstance(result, Exception):
        raise result
    return result
