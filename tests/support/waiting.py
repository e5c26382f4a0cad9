"""Waiting for conditions, never for time."""
import time


def until(condition, timeout=60, what="the condition"):
  """Returns the first true value of condition(); TimeoutError names what never came."""
  end = time.monotonic() + timeout
  while True:
    value = condition()
    if value:
      return value
    if time.monotonic() > end:
      raise TimeoutError(f"{what} did not come within {timeout} s")
    time.sleep(0.01)  # how often the condition is looked at, not how long it is given
