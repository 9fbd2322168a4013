"""Waiting for a condition instead of for a time."""
import os
import time

# Sanitizers and loaded machines are slow; a bound is only ever reached by a failing test.
FACTOR = float(os.environ.get("POSTERN_E2E_PATIENCE", "1"))
PATIENCE = 20.0 * FACTOR


def wait_until(condition, what, seconds=PATIENCE, step=0.01):
    """The first true value that condition() gives; AssertionError with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(step)
