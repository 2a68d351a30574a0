"""Periods: what a run is *for*. Their names sort and are stored in the ledger: 2021-10-26T13, 2021-10-26, 2021-10, 2021."""

import datetime as dt
from dataclasses import dataclass

FORMATS = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
WORDS = {"hour": "小时", "day": "日", "month": "月", "year": "年"}
SPOKEN = {"hour": "{0.year}年{0.month}月{0.day}日{0.hour}时", "day": "{0.year}年{0.month}月{0.day}日",
          "month": "{0.year}年{0.month}月", "year": "{0.year}年"}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """One hour, day, month or year. `first` and `last` are its days, both included."""

    kind: str
    start: dt.datetime

    @classmethod
    def of(cls, kind: str, moment: dt.datetime) -> "Period":
        return cls.parse(kind, moment.strftime(FORMATS[kind]))

    @classmethod
    def parse(cls, kind: str, text: str) -> "Period":
        """From its name. Raises ValueError, in Chinese, with the way to write it."""
        try:
            found = cls(kind, dt.datetime.strptime(text.strip(), FORMATS[kind]))
        except ValueError:
            found = None
        if found is None or str(found) != text.strip():
            sample = dt.datetime(2021, 10, 26, 13).strftime(FORMATS[kind])
            raise ValueError(f"期“{text}”写法不对，本任务按{WORDS[kind]}运行，应写成 {sample} 这样")
        return found

    @property
    def before(self) -> "Period":
        """The period that ended when this one began."""
        return Period.of(self.kind, self.start - dt.timedelta(minutes=1))

    @property
    def first(self) -> dt.date:
        return self.start.date()

    @property
    def last(self) -> dt.date:
        day = self.first
        if self.kind == "year":
            return day.replace(month=12, day=31)
        if self.kind == "month":
            return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        return day

    @property
    def words(self) -> str:
        return SPOKEN[self.kind].format(self.start)

    def __str__(self) -> str:
        return self.start.strftime(FORMATS[self.kind])
