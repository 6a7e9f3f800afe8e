"""The forms of a merchant's page: who they are, when and where they are paid, what was agreed on commission."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, ClassVar

from wtforms import BooleanField, Field, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from app.finding.form import DayField, currency_choices
from app.forms import KeyedForm, plain_text, trimmed
from app.merchants.models import AccountKind, Merchant, Schedule
from app.merchants.terms import Terms
from app.merchants.written import (
    read_categories,
    read_percent,
    read_sums,
    read_tiers,
    write_categories,
    write_percent,
    write_sums,
    write_tiers,
)

SCHEDULES = {
    Schedule.DAILY: "Each day",
    Schedule.WEEKLY: "Each week",
    Schedule.MONTHLY: "Each month",
    Schedule.MANUAL: "By hand only",
}


def _text(label: str, words: str, most: int, **more: Any) -> StringField:
    too_long = Length(max=most, message=f"At most {most} characters.")
    return StringField(label, [DataRequired(words), too_long, plain_text], [trimmed], **more)


def _lines(label: str, description: str) -> TextAreaField:
    too_long = Length(max=2000, message="At most 2,000 characters.")
    return TextAreaField(label, [Optional(), too_long, plain_text], [trimmed], description=description)


def _why() -> TextAreaField:
    too_long = Length(max=500, message="At most 500 characters.")
    return TextAreaField("Reason", [DataRequired("Write why."), too_long, plain_text], [trimmed])


def _currency() -> SelectField:
    return SelectField("Currency", [InputRequired("Choose a currency.")], choices=currency_choices())


class MerchantForm(KeyedForm):
    """Somebody new who is paid."""

    POINTERS: ClassVar[dict[str, str]] = {"/name": "name", "/currency": "currency"}

    name = _text("Name", "Write the merchant's name.", 200, render_kw={"autocomplete": "off"})
    currency = _currency()


class ScheduleForm(KeyedForm):
    """When a merchant is paid."""

    POINTERS: ClassVar[dict[str, str]] = {"/payout_day": "payout_day", "/currency": "currency"}

    currency = SelectField("Currency", choices={"Any": [("", "Any currency")], **currency_choices()})
    schedule = SelectField(
        "Paid", [InputRequired("Choose when.")], choices=[(one.value, words) for one, words in SCHEDULES.items()]
    )
    payout_day = IntegerField(
        "On day",
        [InputRequired("Write a day."), NumberRange(1, 31, "Write a day from 1 to 31.")],
        description="Of the week, 1 is Monday; or of the month.",
    )
    reason = _why()

    @classmethod
    def of(cls, merchant: Merchant) -> ScheduleForm:
        """With what is in force."""
        return cls(
            formdata=None,
            currency=merchant.currency or "",
            schedule=Schedule(merchant.schedule).value,
            payout_day=merchant.payout_day,
        )


class BeneficiaryForm(KeyedForm):
    """The account that a merchant is paid to; what is in force is not shown in it, for it is masked."""

    POINTERS: ClassVar[dict[str, str]] = {"/number": "number", "/routing": "routing"}

    kind = RadioField(
        "Account",
        [InputRequired("Choose one.")],
        choices=[(AccountKind.IBAN.value, "By IBAN"), (AccountKind.US_ACCOUNT.value, "In the United States")],
        default=AccountKind.IBAN.value,
    )
    holder = _text("Holder", "Write whose account it is.", 140, render_kw={"autocomplete": "off"})
    number = _text("IBAN or account number", "Write the account's number.", 60, render_kw={"autocomplete": "off"})
    routing = StringField(
        "BIC or routing number",
        [Optional(), Length(max=20, message="At most 20 characters."), plain_text],
        [trimmed],
        description="An IBAN can do without.",
        render_kw={"autocomplete": "off"},
    )
    reason = _why()


class PlanForm(KeyedForm):
    """What is agreed on commission, from a day on."""

    POINTERS: ClassVar[dict[str, str]] = {"/valid_from": "valid_from"}

    percent = _text("Commission, percent", "Write a percentage, like 12.5.", 8, render_kw={"inputmode": "decimal"})
    fixed = _lines("Fixed, of each sale", "By currency: USD 0.30, EUR 0.25. Empty: none.")
    minimum = _lines("At least, of each sale", "By currency: USD 1.00. Empty: none.")
    tiers = _lines("By volume of the month", "A line each: USD 10000, EUR 9000: 9.5. Empty: the same for all.")
    categories = _lines("By category", "A line each: books: 5. These count whatever the volume.")
    tax = _text(
        "Tax on the commission, percent", "Write a percentage; 0 for none.", 8, render_kw={"inputmode": "decimal"}
    )
    passes_fees = BooleanField("The merchant bears the gateway's fees")
    returns_commission = BooleanField("Refunds give their part of the commission back")
    valid_from = DayField("From the day (UTC)", [Optional()], description="Empty: from now on.")
    reason = _why()

    @classmethod
    def of(cls, terms: Terms) -> PlanForm:
        """With what is in force."""
        return cls(
            formdata=None,
            percent=write_percent(terms.basis_points),
            fixed=write_sums(terms.fixed),
            minimum=write_sums(terms.minimum),
            tiers=write_tiers(terms.tiers),
            categories=write_categories(terms.categories),
            tax=write_percent(terms.tax_basis_points),
            passes_fees=terms.passes_fees,
            returns_commission=terms.returns_commission,
        )

    def validate_percent(self, field: Field) -> None:
        _read(read_percent, field)

    def validate_tax(self, field: Field) -> None:
        _read(read_percent, field)

    def validate_fixed(self, field: Field) -> None:
        _read(read_sums, field)

    def validate_minimum(self, field: Field) -> None:
        _read(read_sums, field)

    def validate_tiers(self, field: Field) -> None:
        _read(read_tiers, field)

    def validate_categories(self, field: Field) -> None:
        _read(read_categories, field)

    def terms(self) -> Terms:
        """What is written, once it is valid."""
        return Terms(
            basis_points=read_percent(self.percent.data),
            fixed=read_sums(self.fixed.data or ""),
            minimum=read_sums(self.minimum.data or ""),
            tiers=read_tiers(self.tiers.data or ""),
            categories=read_categories(self.categories.data or ""),
            tax_basis_points=read_percent(self.tax.data),
            passes_fees=self.passes_fees.data,
            returns_commission=self.returns_commission.data,
        )

    def begins(self) -> datetime | None:
        """From when on."""
        return None if self.valid_from.data is None else datetime.combine(self.valid_from.data, time(), UTC)


def _read(read: Any, field: Field) -> None:
    try:
        read(field.data or "")
    except ValueError as error:
        raise ValidationError(str(error)) from None
