"""The form that chooses days for the overview."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form, ValidationError
from wtforms.validators import Optional

from app.finding.form import DayField
from app.overview.periods import MOST_DRAWN, USUAL, Period, is_sensible, period_of


class DaysForm(Form):  # type: ignore[misc]  # WTForms has no types
    """The first and the last day; where one is missing, today and the usual number of days stand in."""

    since = DayField("From (UTC)", [Optional()])
    until = DayField("To (UTC)", [Optional()])

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args)
        self.now = now

    @property
    def is_asked(self) -> bool:
        """Whether the address names days at all."""
        return any(field.raw_data and field.raw_data[0] for field in self)

    @property
    def last(self) -> date:
        day: date | None = self.until.data
        return day or self.now.date()

    @property
    def first(self) -> date:
        day: date | None = self.since.data
        return day or self.last - timedelta(days=USUAL - 1)

    def validate_since(self, field: DateField) -> None:
        self._check_past(field)

    def validate_until(self, field: DateField) -> None:
        self._check_past(field)
        if self.since.errors:
            return  # one thing at a time
        if self.first > self.last:
            raise ValidationError(f"Choose a day not before {self.first}.")
        if (self.last - self.first).days >= MOST_DRAWN:
            latest = self.first + timedelta(days=MOST_DRAWN - 1)
            raise ValidationError(f"At most {MOST_DRAWN} days are drawn: choose {latest} or a day before.")

    def _check_past(self, field: DateField) -> None:
        if field.data is None:
            return  # told already
        if not is_sensible(field.data):
            raise ValidationError("Write a day like 2026-11-23.")
        if field.data > self.now.date():
            raise ValidationError(f"That day has not come: today is {self.now.date()}.")

    def period(self, args: MultiDict[str, str]) -> Period:
        """The days that were asked for, if they can be had, else the last ones. InvalidInput for another number."""
        if self.is_asked and self.validate():
            return Period(self.now, (self.last - self.first).days + 1, self.last)
        return period_of(args, self.now)

    def filled(self, period: Period) -> DaysForm:
        """The form as it is shown: what was written, or the days that stand on the page."""
        if not self.is_asked:
            self.since.data, self.until.data = period.span.begin.date(), period.last
        return self
