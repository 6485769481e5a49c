"""Minutes for several fits and for all that lies between them."""

import time
from collections.abc import Callable

# Until the first fit has shown it: how much of an equal share goes to what comes after a fit, such as judging it.
_GUESSED_AFTER = 0.1
_LEAST = 0.1


class Budget:
    """Shares one time budget among fits, so that they and what lies between them end in time.

    Each fit gets an equal share of what is left, at most an equal part of the whole, less the time that judging is expected to
    take: what the fit before took beyond its own share. Where nothing is left, a fit still gets a tenth of an equal part, and the
    budget is overrun.

    Args:
        minutes: for everything, > 0; the clock runs from now on.
        fits: how many there will be, >= 1; nothing is judged after the last.
        clock: seconds that only grow.

    >>> seconds = iter([0.0, 0.0, 60.0])
    >>> budget = Budget(3.0, 3, clock=lambda: next(seconds))
    >>> round(budget.share(), 3), round(budget.share(), 3)  # the first fit and its judging took a minute
    (0.933, 0.967)
    """

    def __init__(self, minutes: float, fits: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.minutes, self.fits, self.left = minutes, fits, fits
        self._clock = clock
        self._began = self._asked = clock()
        self._after: float = _GUESSED_AFTER * minutes / fits
        self._given: float | None = None

    def share(self) -> float:
        """Minutes of the next fit."""
        now = self._clock()
        if self._given is not None:
            self._after = max(0.0, (now - self._asked) / 60 - self._given)
        equal = self.minutes / self.fits
        usable = min(self.minutes - (now - self._began) / 60, equal * self.left) - self._after * (self.left - 1)
        self._given, self._asked = max(usable / self.left, _LEAST * equal), now
        self.left -= 1
        return self._given

    def skip(self, fits: int) -> None:
        """Leave out fits that an interrupted run has made already, with their part of the time."""
        self.left -= fits
