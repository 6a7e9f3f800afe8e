"""The list of messages: its filter, its rows and its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import Length, Optional

from app.finding.columns import Column, instant
from app.finding.form import FilterForm
from app.finding.match import beginning, usual_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted
from app.forms import plain_text, trimmed
from app.notifications.models import Channel, Message
from app.words import MESSAGE_KINDS

CHANNELS = {Channel.CALLBACK: "To the order service", Channel.MAIL: "To customers"}


@dataclass(frozen=True)
class MessagesWanted(Wanted):
    """Which messages; `customer` is a customer's id."""

    channel: str | None = None
    kind: str | None = None


class MessagesForm(FilterForm):
    """The filter of the list of messages."""

    KIND = "message"
    CODES = ("channel", "kind")
    HIDDEN = ("channel", "kind", "reference", "customer", "since", "until")

    channel = SelectField(
        "To", [Optional()], choices=[("", "Anybody"), *((one.value, words) for one, words in CHANNELS.items())],
        validate_choice=False,
    )  # fmt: skip
    kind = SelectField("What", [Optional()], choices=[("", "Anything"), *MESSAGE_KINDS.items()], validate_choice=False)
    reference = StringField("Order's reference", [Optional(), Length(max=100), plain_text], [trimmed])
    customer = StringField("Customer's id", [Optional(), Length(max=40), plain_text], [trimmed])

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args, now)
        if self.kind.data and self.kind.data not in MESSAGE_KINDS:  # `order.paid` and its like are many
            self.kind.choices = [*self.kind.choices, (self.kind.data, self.kind.data)]

    def validate_channel(self, field: SelectField) -> None:
        if field.data not in set(Channel):
            raise ValidationError(f"Choose one of: {', '.join(Channel)}.")

    def wanted(self) -> MessagesWanted:
        """The filter; only after `validate`."""
        usual = replace(super().wanted(), reference=self.reference.data or None, customer=self.customer.data or None)
        return MessagesWanted(**usual.__dict__, channel=self.channel.data or None, kind=self.kind.data or None)


COLUMNS: tuple[Column[Message], ...] = (
    Column("what", "Message", lambda message: message.kind, is_fixed=True),
    Column("status", "Status", lambda message: message.status),
    Column("recipient", "To", lambda message: message.recipient),
    Column("order", "Order", lambda message: message.reference),
    Column("tries", "Tries", lambda message: message.tries, is_number=True),
    Column("next", "Next try", lambda message: instant(message.next_try_at)),
    Column("error", "Trouble", lambda message: message.last_error, is_usual=False),
    Column("created", "Written (UTC)", lambda message: instant(message.created_at), sort="created"),
    Column("id", "Id", lambda message: message.id, is_usual=False),
)

EXPORTED: tuple[Column[Message], ...] = (
    Column("id", "", lambda message: message.id),
    Column("channel", "", lambda message: message.channel),
    *(column for column in COLUMNS if column.name != "id"),
    Column("order_id", "", lambda message: message.order_id),
    Column("customer_id", "", lambda message: message.customer_id),
    Column("ended", "", lambda message: instant(message.ended_at)),
)


def select_messages(session: Session, wanted: Wanted) -> Select[Message]:
    """The messages that match, in no order yet."""
    found: list[ColumnElement[bool]] = usual_conditions(Message, wanted)
    if isinstance(wanted, MessagesWanted):
        found += [Message.channel == wanted.channel] if wanted.channel else []
        found += [Message.kind == wanted.kind] if wanted.kind else []
    if wanted.reference is not None:
        found.append(Message.reference == wanted.reference)
    if wanted.customer is not None:
        found.append(Message.customer_id == wanted.customer)
    if wanted.text is not None:
        text = wanted.text.strip()
        begins, _ = beginning(session, text.lower(), Message.id, Message.recipient_key)
        found.append(or_(Message.id == text, Message.reference == text, begins))
    return select(Message).where(*found)


MESSAGES = Rows(Message, select_messages)
