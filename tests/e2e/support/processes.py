"""Signals whose effect is waited for: they are sent at once, and take effect when the process gets
its turn, which on a loaded machine comes later."""
import os
import signal
from pathlib import Path

from .patience import wait_until


def _states(pid):
    """Of all threads of a process, as in ps; none: it has gone."""
    found = set()
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            found.add(stat.read_text().rpartition(")")[2].split()[0])
        except OSError:
            continue
    return found


def _send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def freeze(pids):
    """None of them does anything more until it is thawed."""
    _send(pids, signal.SIGSTOP)
    wait_until(lambda: all(_states(pid) <= set("TZX") for pid in pids), "processes that stand still")


def thaw(pids):
    _send(pids, signal.SIGCONT)


def kill(pids):
    _send(pids, signal.SIGKILL)
    wait_until(lambda: all(_states(pid) <= set("ZX") for pid in pids), "the end of processes")
