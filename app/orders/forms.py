"""Forms over orders: the list's filter, and a new test order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from flask import g
from werkzeug.datastructures import MultiDict
from wtforms import (
    Field,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, Optional, Regexp

from app.db import reading
from app.finding.form import ListForm, currency_choices
from app.finding.wanted import Wanted
from app.forms import KeyedForm, LongSelect, plain_text, trimmed
from app.merchants.models import Merchant
from app.merchants.queries import all_merchants
from app.money import Money, UnknownCurrency, parse_amount
from app.orders.place import Item, NewOrder

_QUANTITY = re.compile(r"^[1-9]\d{0,3}$", re.ASCII)
MOST_ITEMS = 50
STARTING_ITEMS = 3
NO_CARD = ("", "No card: leave the order unpaid")


@dataclass(frozen=True)
class Preset:
    """A situation in which an order comes in, for whoever judges its risk."""

    label: str
    context: dict[str, str]


PRESETS = {
    "none": Preset("Nothing known", {}),
    "home": Preset(
        "At home, on a known computer",
        {
            "ip": "203.0.113.24",
            "ip_country": "US",
            "device_id": "dev_home_computer",
            "user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
        },
    ),
    "phone": Preset(
        "On the way, on a phone",
        {
            "ip": "198.51.100.77",
            "ip_country": "US",
            "device_id": "dev_own_phone",
            "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
        },
    ),
    "abroad": Preset(
        "Abroad, on a computer not seen before",
        {
            "ip": "192.0.2.191",
            "ip_country": "BR",
            "device_id": "dev_internet_cafe",
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0",
        },
    ),
    "script": Preset(
        "A script, no browser",
        {"ip": "192.0.2.8", "ip_country": "NL", "device_id": "dev_script", "user_agent": "curl/8.14.1"},
    ),
}


def sellers() -> list[tuple[str, str]]:
    """Every merchant's id and name, read once for a page: a list makes a form for each of its tabs."""
    if "sellers" not in g:
        with reading() as session:
            g.sellers = [(one.id, one.name) for one in all_merchants(session)]
    found: list[tuple[str, str]] = g.sellers
    return found


class OrdersForm(ListForm):
    """The filter of the orders list. Whose orders is asked only where there is more than one merchant."""

    KIND = "order"
    CODES: ClassVar[tuple[str, ...]] = (*ListForm.CODES, "merchant")

    merchant = SelectField("Merchant", [Optional()], validate_choice=False)

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args, now)
        self.merchant.choices = [("", "Every merchant"), *sellers()]

    def validate_merchant(self, field: SelectField) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError(f"There is no merchant {field.data[:40]}. Choose one of the list.")

    def hidden_fields(self) -> list[Field]:
        found = super().hidden_fields()
        return [*found, self.merchant] if len(self.merchant.choices) > 2 or self.merchant.data else found

    def wanted(self) -> Wanted:
        """The filter; both days are whole and in UTC. Only after `validate`."""
        return replace(super().wanted(), merchant=self.merchant.data or None)


class ItemForm(Form):  # type: ignore[misc]  # WTForms has no types
    """One line of an order. A line with nothing in it is left out."""

    merchant = SelectField("Sold by", choices=[], validate_choice=False)
    name = StringField("Item", [Length(max=200, message="At most 200 characters."), plain_text], [trimmed])
    quantity = StringField("Quantity", [], [trimmed], default="1")
    unit_price = StringField("Unit price", [Length(max=30, message="At most 30 characters.")], [trimmed])

    @property
    def is_empty(self) -> bool:
        return not self.name.data and not self.unit_price.data

    def validate_merchant(self, field: SelectField) -> None:
        if field.data and field.data not in dict(field.choices):
            raise ValidationError("Choose a merchant of the list.")

    def validate_name(self, field: StringField) -> None:
        if self.unit_price.data and not field.data:
            raise ValidationError("Name the item, like Coffee beans.")

    def validate_quantity(self, field: StringField) -> None:
        if not self.is_empty and not _QUANTITY.match(field.data or ""):
            raise ValidationError("Write a whole number from 1 to 9999.")

    def item(self, currency: str) -> Item:
        """The line as an order takes it; ValueError while it cannot be read."""
        unit = parse_amount(self.unit_price.data or "", currency)
        if not _QUANTITY.match(self.quantity.data or ""):
            raise ValueError("The quantity is no whole number.")
        return Item(self.name.data or "", int(self.quantity.data), unit.amount_minor, self.merchant.data or None)


class NewOrderForm(KeyedForm):
    """A test order, and the card that pays it."""

    POINTERS: ClassVar[dict[str, str]] = {
        "/reference": "reference",
        "/customer/name": "customer_name",
        "/customer/email": "customer_email",
        "/currency": "currency",
        "/amount": "items",
        "/merchant": "merchant",
        "/capture_policy": "capture",
    }

    customer_name = StringField(
        "Name",
        [
            DataRequired("Write the customer's name, like Ann Example."),
            Length(max=200, message="At most 200 characters."),
            plain_text,
        ],
        [trimmed],
        default="Ann Example",
    )
    customer_email = StringField(
        "E-mail",
        [
            DataRequired("Write an e-mail address, like ann@example.com."),
            Regexp(r"^[^@\s]+@[^@\s]+$", message="Write an e-mail address, like ann@example.com."),
            Length(max=254, message="At most 254 characters."),
            plain_text,
        ],
        [trimmed],
        default="ann@example.com",
    )
    reference = StringField(
        "Reference",
        [
            DataRequired("Give the order a reference, like T-1001."),
            Length(max=100, message="At most 100 characters."),
            plain_text,
        ],
        [trimmed],
        description="What the shop calls this order. Each may be used once.",
    )
    currency = SelectField("Currency", choices=currency_choices(), default="USD", widget=LongSelect())
    items = FieldList(FormField(ItemForm), max_entries=MOST_ITEMS)
    merchant = SelectField("Merchant", choices=[])
    context = SelectField(
        "Comes in from", choices=[(name, preset.label) for name, preset in PRESETS.items()], default="home"
    )
    test_card = SelectField("Card", [Length(max=100)], choices=[], validate_choice=False, default="visa_success")
    capture = RadioField(
        "Capture",
        choices=[("manual", "Later: authorize now, capture by hand"), ("automatic", "Now: take the money at once")],
        default="manual",
    )

    def __init__(self, merchants: list[Merchant], **values: Any) -> None:
        super().__init__(merchant=merchants[0].id, **values)
        self.merchant.choices = [(merchant.id, merchant.name) for merchant in merchants]
        self.is_shared = len(merchants) > 1
        if not self.is_submitted():
            self.items.append_entry({"name": "Coffee beans, 1 kg", "quantity": "1", "unit_price": "49.90"})
            for _ in range(STARTING_ITEMS - 1):
                self.items.append_entry({"quantity": "1"})
        self._offer_sellers()

    def _offer_sellers(self) -> None:
        """Each item may be sold by another merchant than the order's."""
        for line in self.items:
            line.form.merchant.choices = [("", "As the order"), *self.merchant.choices]

    def offer(self, cards: Mapping[str, list[tuple[str, str]]] | None) -> None:
        """Offer the catalogue's cards, in groups; None: the gateway does not tell it now."""
        if cards is None and not self.is_submitted():
            self.test_card.data = ""
        chosen = self.test_card.data
        unknown = {"Chosen before": [(chosen, chosen)]} if cards is None and chosen else {}
        self.test_card.choices = {"Unpaid": [NO_CARD], **(cards or unknown)}

    def validate_test_card(self, field: SelectField) -> None:
        if field.data not in {name for group in field.choices.values() for name, _ in group}:
            raise ValidationError("Choose a card of the list.")

    def validate_items(self, field: FieldList) -> None:
        filled = [line.form for line in field if not line.form.is_empty]
        if not filled:
            raise ValidationError("Write at least one item with its price.")
        for line in filled:
            try:
                parse_amount(line.unit_price.data or "", self.currency.data)
            except UnknownCurrency:
                return  # the currency's own field says so
            except ValueError as error:
                line.unit_price.errors = [*line.unit_price.errors, str(error)]
        if any(line.unit_price.errors for line in filled):
            raise ValidationError("One of the prices cannot be read.")

    def lines(self) -> list[Item]:
        """The items that are filled in; ValueError while one of them cannot be read."""
        return [line.form.item(self.currency.data) for line in self.items if not line.form.is_empty]

    def total(self) -> Money | None:
        """What the items add up to; None while one of them cannot be read."""
        try:
            return Money(sum(item.quantity * item.unit_amount_minor for item in self.lines()), self.currency.data)
        except ValueError:
            return None

    def change_items(self, change: str) -> None:
        """Add a line (`add`) or take one out (`remove-2`, counted from 0), keeping what was typed."""
        if change == "add" and len(self.items) < MOST_ITEMS:
            self.items.append_entry({"quantity": "1"})
        kept = [line.form.data for number, line in enumerate(self.items) if change != f"remove-{number}"]
        while len(self.items):
            self.items.pop_entry()
        for values in kept or [{"quantity": "1"}]:
            self.items.append_entry(values)
        self._offer_sellers()

    def new_order(self) -> NewOrder:
        """What `place_order` takes."""
        total = self.total()
        assert total is not None, "only a form that was validated becomes an order"
        return NewOrder(
            reference=self.reference.data,
            amount_minor=total.amount_minor,
            currency=self.currency.data,
            customer_name=self.customer_name.data,
            customer_email=self.customer_email.data,
            items=self.lines(),
            merchant_id=self.merchant.data or None,
            capture_policy=self.capture.data,
            context=PRESETS[self.context.data].context,
        )
