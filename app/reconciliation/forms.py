"""The forms of three-way matching: a file that is brought, and which days are compared."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, SelectField, ValidationError
from wtforms.validators import Optional

from app.finding.form import DayField, currency_choices
from app.forms import KeyedForm, LongSelect
from app.money import currency_codes
from app.reconciliation.three_way import Period

USUAL_DAYS = 14
MOST_DAYS = 92


class FileForm(KeyedForm):
    """A report or a statement."""

    POINTERS: ClassVar[dict[str, str]] = {"/file": "file"}

    file = FileField(
        "File",
        description="A gateway's report (CSV) or a bank's statement (camt.053), at most 64 MB.",
    )

    def validate_file(self, field: FileField) -> None:
        if not field.data or not field.data.filename:
            raise ValidationError("Choose a file.")


class PeriodForm(Form):  # type: ignore[misc]  # WTForms has no types
    """Which days, which currency, and whether only what does not agree is shown."""

    since = DayField("From (UTC)", [Optional()])
    until = DayField("To (UTC)", [Optional()])
    currency = SelectField(
        "Currency",
        [Optional()],
        choices={"Any": [("", "Any currency")], **currency_choices()},
        validate_choice=False,
        widget=LongSelect(),
    )
    differing = BooleanField("Only differences")

    def __init__(self, args: MultiDict[str, str], today: date) -> None:
        super().__init__(args)
        self.today = today

    def validate_until(self, field: DayField) -> None:
        since, until = self.since.data or self._first(), field.data or self.today
        if until < since:
            raise ValidationError(f"Choose a day not before {since}.")
        if (until - since).days > MOST_DAYS:
            raise ValidationError(f"Choose at most {MOST_DAYS} days.")

    def validate_currency(self, field: SelectField) -> None:
        if field.data not in currency_codes():
            raise ValidationError("Choose a currency, like USD.")

    def _first(self) -> date:
        return (self.until.data or self.today) - timedelta(days=USUAL_DAYS)

    @property
    def period(self) -> Period:
        """What is asked for; the newest days where nothing is. Only after `validate`."""
        return Period(self.since.data or self._first(), self.until.data or self.today, self.currency.data or None)
