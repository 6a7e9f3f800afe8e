"""The list of received events: its filter, its rows and its columns."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session
from wtforms import StringField, ValidationError
from wtforms.validators import Length, Optional

from app.finding.columns import Column, instant
from app.finding.form import FilterForm
from app.finding.match import usual_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted
from app.forms import plain_text, trimmed
from app.gateway.received import WebhookEvent
from app.orders.models import Order
from app.payments.models import Payment


class EventsForm(FilterForm):
    """The filter of the received events; times are the wall's."""

    KIND = "event"
    HIDDEN = ("since", "until", "type")

    type = StringField(
        "Type",
        [Optional(), Length(max=100, message="At most 100 characters."), plain_text],
        [trimmed],
        render_kw={"placeholder": "payment.captured, or payment."},
    )

    def validate_type(self, field: StringField) -> None:
        if not field.data.isascii():
            raise ValidationError("Write a type, like payment.captured, or how it begins, like refund.")

    def wanted(self) -> Wanted:
        """The type goes along as the reference does elsewhere: what it begins with."""
        found = super().wanted()
        return Wanted(
            statuses=found.statuses,
            created_after=found.created_after,
            created_before=found.created_before,
            text=found.text,
            reference=self.type.data or None,
        )


def select_events(session: Session, wanted: Wanted) -> Select[WebhookEvent]:
    """The events that match, in no order yet: by their own id, their payment's, or their order's reference."""
    rows = select(WebhookEvent).where(*usual_conditions(WebhookEvent, wanted))
    if wanted.reference is not None:
        rows = rows.where(WebhookEvent.type.startswith(wanted.reference, autoescape=True))
    if wanted.text is not None:
        text = wanted.text.strip()
        named = select(Payment.gateway_id).join(Order, Order.id == Payment.order_id)
        ours = named.where(or_(Payment.id == text, Order.id == text, Order.reference == text))
        rows = rows.where(
            or_(
                WebhookEvent.id == text,
                WebhookEvent.gateway_payment_id == text,
                WebhookEvent.gateway_payment_id.in_(ours),
                WebhookEvent.type.startswith(text.lower(), autoescape=True),
            )
        )
    return rows


EVENTS = Rows(WebhookEvent, select_events)

COLUMNS: tuple[Column[WebhookEvent], ...] = (
    Column("type", "Type", lambda event: event.type, is_fixed=True),
    Column("status", "Outcome", lambda event: event.outcome),
    Column("payment", "Payment", lambda event: event.gateway_payment_id),
    Column("created", "Received (UTC)", lambda event: instant(event.received_at), sort="created"),
    Column("happened", "Happened (UTC)", lambda event: instant(event.told_at), is_usual=False),
    Column("repeats", "Deliveries", lambda event: event.repeats + 1, is_number=True),
    Column("tries", "Tries", lambda event: event.tries, is_number=True, is_usual=False),
    Column("error", "What went wrong", lambda event: event.last_error),
    Column("id", "Id", lambda event: event.id, is_usual=False),
)

EXPORTED = COLUMNS
