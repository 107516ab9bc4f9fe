"""Instants of headers that carry neither year nor zone."""

import re
from datetime import UTC, datetime, timedelta

MICROS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = 15 * 60 * MICROS
_HALF_YEAR = 6
_YEARS = 8
_STARTED = re.compile(rb"started: (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.\d+ ([+-])(\d\d)(\d\d) ")
_DATED = re.compile(rb"\((\d\d)-([A-Z][a-z]{2})-(\d{4}) \d\d:\d\d:\d\d\.\d+\) \(total time")


class Calendar:
    """Turns month, day and clock time into instants, and remembers which year and zone it used.

    The year is that of a date in the log or in its wrapping if there is one; else the latest for
    which the first line is not in the future of the file's own time. It changes where the months
    leap by half a year or more.

    Args:
        written: When the file was written last, µs since the epoch; null to take the present time.
    """

    def __init__(self, written: int | None) -> None:
        self.told = False
        self.offset: int | None = None
        self._written = written
        self._year: int | None = None
        self._month = 0
        self._days: dict[tuple[bytes, int], int | None] = {}

    @property
    def year(self) -> int | None:
        """The year of the line read last; null before the first."""
        return self._year

    def learn(self, head: bytes) -> None:
        """Take year and zone from dates in traces.

        Args:
            head: The first bytes of the log.
        """
        if found := _STARTED.search(head):
            self._year, self._month, self.told = int(found[1]), int(found[2]), True
            minutes = int(found[8]) * 60 + int(found[9])
            self.offset = (minutes if found[7] == b"+" else -minutes) * 60 * MICROS
        elif found := _DATED.search(head):
            self._year, self.told = int(found[3]), True

    def instant(self, day: bytes, clock: bytes, beside: int | None = None) -> int | None:
        """An instant in µs since the epoch; null if there is no such date.

        Args:
            day: Month and day as four digits.
            clock: Hours, minutes, seconds and decimals.
            beside: When a wrapping says that it was written, which tells year and zone.
        """
        month = int(day[:2])
        if self._year is None or abs(month - self._month) >= _HALF_YEAR:
            self._turn(day, month, beside)
        self._month = month
        start = self._start(day)
        if start is None:
            return None
        seconds = int(clock[:2]) * 3600 + int(clock[3:5]) * 60 + int(clock[6:8])
        micros = start + seconds * MICROS + int(clock[9:15].ljust(6, b"0") or 0)
        if beside is not None and self.offset is None:
            self._compare(micros, beside)
        return micros - (self.offset or 0)

    def _turn(self, day: bytes, month: int, beside: int | None) -> None:
        """Set the year, or change it with the new year."""
        if self._year is not None and self._month:
            self._year += 1 if month < self._month else -1
            return
        if beside is not None:
            moment = _EPOCH + timedelta(microseconds=beside)
            apart = month - moment.month
            self._year = moment.year - (apart >= _HALF_YEAR) + (apart <= -_HALF_YEAR)
            self.told = True
            return
        if self._year is None:
            self._year = self._latest(day)

    def _latest(self, day: bytes) -> int:
        """The latest year in which a day exists and is not after the file was written."""
        end = datetime.now(UTC) if self._written is None else _EPOCH + timedelta(microseconds=self._written)
        for year in range(end.year, end.year - _YEARS, -1):
            try:
                moment = datetime(year, int(day[:2]), int(day[2:]), tzinfo=UTC)
            except ValueError:
                continue
            if moment <= end + timedelta(days=1):
                return year
        return end.year

    def _start(self, day: bytes) -> int | None:
        key = (day, self._year or 1970)
        if key not in self._days:
            try:
                moment = datetime(key[1], int(day[:2]), int(day[2:]), tzinfo=UTC)
                self._days[key] = (moment - _EPOCH) // timedelta(microseconds=1)
            except ValueError:
                self._days[key] = None
        return self._days[key]

    def _compare(self, micros: int, beside: int) -> None:
        """Take the zone from a wrapping whose own time is absolute."""
        quarters = round((micros - beside) / _QUARTER)
        if abs(micros - beside - quarters * _QUARTER) < 60 * MICROS and abs(quarters) <= 14 * 4:
            self.offset = quarters * _QUARTER

    def notes(self) -> list[str]:
        """What was assumed, in sentences."""
        if self._year is None:
            return []
        if self.told:
            year = f"the year {self._year} is taken from dates in the log"
        elif self._written is not None:
            year = f"the year {self._year} is inferred from the file's own time"
        else:
            year = f"the year {self._year} is inferred from the present time"
        if self.offset is None:
            return [year, "times have no zone and are taken as UTC"]
        hours, minutes = divmod(abs(self.offset) // (60 * MICROS), 60)
        sign = "-" if self.offset < 0 else "+"
        return [year, f"the zone UTC{sign}{hours:02d}:{minutes:02d} is taken from times in the log"]
