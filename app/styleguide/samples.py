"""What the page is filled with: made up, and the same each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField

from app.lists import Page
from app.money import Money
from app.timeline import Entry, Kind

MONEY = (Money(123450, "USD"), Money(1999, "EUR"), Money(9800, "JPY"), Money(1250, "KWD"), Money(5, "CLF"))
JSON: dict[str, Any] = {
    "id": "pay_01kc0000000000000000000000",
    "status": "authorized",
    "amount": 4990,
    "currency": "USD",
    "capture": False,
    "decline": None,
    "card": {"network": "visa", "last4": "4242", "exp": {"month": 12, "year": 2030}},
    "captures": [{"id": "cap_01kc0000000000000000000001", "amount": 2000}],
    "metadata": {},
}
PAGE: Page[str] = Page(["one"], next_cursor="next", previous_cursor="previous")


class SampleForm(Form):  # type: ignore[misc]  # WTForms has no types
    """A field of each kind."""

    name = StringField("Name", description="As it stands on the card.")
    email = StringField("E-mail")
    currency = SelectField("Currency", choices=[("USD", "USD"), ("EUR", "EUR")])
    note = TextAreaField("Note")
    capture = RadioField("Capture", choices=[("later", "Later"), ("now", "Now")], default="later")
    final = BooleanField("This is the last capture")


def sample_form() -> SampleForm:
    """The form, with one field that is filled in wrongly."""
    form = SampleForm(data={"name": "Ann Example", "email": "nowhere", "currency": "EUR", "note": "Told on the phone"})
    form.email.errors = ["Write an e-mail address, like ann@example.com."]
    return form


def sample_entries(now: datetime) -> list[Entry]:
    """A short timeline, newest first."""
    told = (
        (Kind.REFUND_STATUS, "succeeded", "Refund of 10.00 USD succeeded", "Gateway", 2),
        (Kind.PAYMENT_STATUS, "captured", "Payment captured", "Ann Operator", 40),
        (Kind.ATTEMPT_UNANSWERED, None, "No answer to the capture: whether it was done is not known.", "Gateway", 46),
        (Kind.ORDER_STATUS, "authorized", "Order authorized", "Ann Operator", 3600),
        (Kind.ORDER_PLACED, None, "Order placed", "Shop", 3605),
    )
    return [
        Entry(
            id=len(told) - number,
            kind=kind,
            order_id="ord_01kc0000000000000000000000",
            payment_id="pay_01kc0000000000000000000000",
            subject_id="pay_01kc0000000000000000000000",
            from_status=None,
            to_status=status,
            summary=words,
            cause="att_01kc0000000000000000000000",
            actor_kind="operator",
            actor_id=None,
            actor_name=who,
            data={"gateway_version": 3} if status else {},
            at=now - timedelta(seconds=ago),
            recorded_at=now - timedelta(seconds=ago),
        )
        for number, (kind, status, words, who, ago) in enumerate(told)
    ]
