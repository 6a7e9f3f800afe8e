"""The form over a report: whose, in which currency, over which days. All of it is in the address."""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, StringField, ValidationError
from wtforms.validators import Length, Optional

from app.finding.form import DayField, currency_choices
from app.forms import plain_text, trimmed
from app.ledger.accounts import DESK
from app.merchants.models import Merchant
from app.money import currency_codes
from app.reports.asked import KINDS, Asked, Kind

_MONTH = re.compile(r"^[2-8][0-9]{3}-(0[1-9]|1[0-2])$", re.ASCII)
_FIGURE = re.compile(r"^[a-z_]{1,40}$", re.ASCII)


class ReportForm(Form):  # type: ignore[misc]  # WTForms has no types
    """Only the questions that this kind asks."""

    merchant = SelectField("Merchant", [Optional()], validate_choice=False)
    payout = StringField(
        "Payout", [Optional(), Length(max=80, message="At most 80 characters."), plain_text], [trimmed]
    )
    currency = SelectField(
        "Currency",
        [Optional()],
        choices={"Each": [("", "Each on its own")], **currency_choices()},
        validate_choice=False,
    )
    since = DayField("From (UTC)", [Optional()], description="Empty: from the first day.")
    until = DayField("To (UTC)", [Optional()], description="Empty: until now.")
    month = StringField("Month (UTC)", [Optional(), plain_text], [trimmed], description="Like 2026-11.")

    def __init__(self, kind: Kind, args: MultiDict[str, str], session: Session, now: datetime) -> None:
        super().__init__(args)
        self.kind = kind
        self.figure_asked = args.get("figure", "")
        rows = session.execute(select(Merchant.id, Merchant.name).order_by(Merchant.name))
        merchants = [(merchant_id, name) for merchant_id, name in rows]
        everybody = [] if kind is Kind.MERCHANT else [("", "Everybody"), (DESK, "The desk itself")]
        self.merchant.choices = [*everybody, *merchants]
        for name in ("merchant", "payout", "currency", "since", "until", "month"):
            if name not in KINDS[kind].asks:
                del self[name]
        if kind is Kind.MERCHANT and not self.merchant.data and merchants:
            self.merchant.data = merchants[0][0]
        if kind is Kind.MONTH and not self.month.data:
            self.month.data = f"{now:%Y-%m}"

    def validate_merchant(self, field: SelectField) -> None:
        if field.data and field.data not in {value for value, _ in field.choices}:
            raise ValidationError("Choose a merchant of the list.")

    def validate_currency(self, field: SelectField) -> None:
        if field.data not in currency_codes():
            raise ValidationError("Choose a currency, like USD.")

    def validate_until(self, field: DayField) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError("The last day lies before the first.")

    def validate_month(self, field: StringField) -> None:
        if not _MONTH.match(field.data):
            raise ValidationError("Write a month like 2026-11.")

    @property
    def lacks(self) -> str:
        """What has to be chosen before there is anything to tell; empty where nothing is missing."""
        needed = {Kind.MERCHANT: "merchant", Kind.PAYOUT: "payout"}.get(self.kind, "")
        return needed if needed and not self[needed].data else ""

    def asked(self) -> Asked:
        """Only after `validate`, where nothing is lacking."""
        answers = {name: self[name].data or None for name in KINDS[self.kind].asks}
        figure = self.figure_asked if _FIGURE.match(self.figure_asked) else None
        return Asked(self.kind, figure=figure, **answers)


def usual_args(kind: Kind, today: date) -> dict[str, str]:
    """What a kind is asked with where nothing was chosen: this month so far."""
    if "since" in KINDS[kind].asks:
        return {"since": f"{today.replace(day=1)}", "until": f"{today}"}
    return {"month": f"{today:%Y-%m}"} if kind is Kind.MONTH else {}
