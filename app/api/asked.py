"""What callers send: the bodies and query parameters of the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from app.api.fields import (
    Amount,
    Body,
    Country,
    CurrencyCode,
    IpAddress,
    LongText,
    Metadata,
    Name,
    PageSize,
    Query,
    ShortText,
    Text,
    Time,
    Url,
)
from app.checkout.links import MOST_DAYS
from app.errors import InvalidInput
from app.money import MAX_AMOUNT_MINOR
from app.orders.place import Item, NewOrder
from app.orders.states import OrderStatus

Title = Annotated[Text, Field(min_length=1, max_length=200)]


class CustomerIn(Body):
    """Who pays; recognized again by the e-mail address."""

    email: Text = Field(min_length=3, max_length=254, examples=["ann@example.com"])
    name: Title
    locale: Annotated[Text, Field(min_length=2, max_length=20)] | None = Field(default=None, examples=["en-US"])


class ItemIn(Body):
    """One line of the order, in its currency."""

    name: Title
    quantity: int = Field(ge=1, le=1_000_000)
    unit_amount: int = Field(ge=0, le=MAX_AMOUNT_MINOR, description="Of one piece, in the currency's minor unit.")
    merchant: ShortText | None = Field(
        default=None, description="Who sells it, where that is another than the order's: the money is split."
    )
    category: Annotated[Text, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="What it is, for commission plans that tell kinds of goods apart."
    )


class ContextIn(Body):
    """Where the order was given, as far as the caller knows."""

    ip: IpAddress | None = None
    ip_country: Country | None = None
    device_id: ShortText | None = None
    user_agent: LongText | None = None


class NewOrderIn(Body):
    """An order to take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reference": "A-1001",
                    "amount": 4998,
                    "currency": "USD",
                    "customer": {"email": "ann@example.com", "name": "Ann Example", "locale": "en-US"},
                    "items": [{"name": "Mug", "quantity": 2, "unit_amount": 2499}],
                    "capture_policy": "manual",
                    "metadata": {"channel": "web"},
                }
            ]
        }
    )

    reference: ShortText = Field(description="Yours; unique per merchant.")
    amount: Amount
    currency: CurrencyCode
    customer: CustomerIn
    items: list[ItemIn] | None = Field(
        default=None, max_length=500, description="Where given, they must add up to the amount."
    )
    merchant: Name | None = Field(default=None, description="Id of the seller; the first one where none is given.")
    capture_policy: Literal["manual", "automatic", "on_shipment"] = Field(
        default="manual",
        description="automatic takes the money together with the authorization, on_shipment when it is shipped.",
    )
    context: ContextIn | None = None
    metadata: Metadata | None = None

    def as_order(self) -> NewOrder:
        """The same in the words of the verb."""
        return NewOrder(
            reference=self.reference,
            amount_minor=self.amount,
            currency=self.currency,
            customer_name=self.customer.name,
            customer_email=self.customer.email,
            customer_locale=self.customer.locale,
            items=[
                Item(item.name, item.quantity, item.unit_amount, item.merchant, item.category)
                for item in self.items or ()
            ],
            merchant_id=self.merchant,
            capture_policy=self.capture_policy,
            context=self.context.model_dump(exclude_none=True) if self.context else {},
            metadata=self.metadata or {},
        )


class NewPaymentIn(Body):
    """How to pay an order: with a token that the customer's browser got of the gateway, or with a test card's name."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"type": "string"}}} for name in ("token", "test_card")
            ],
            "examples": [{"test_card": "visa_success"}],
        }
    )

    token: Name | None = Field(default=None, description="For this order's amount and currency, not used yet.")
    test_card: Name | None = Field(default=None, description="A name of the gateway's catalogue, GET /_sandbox/cards.")
    capture: bool | None = Field(
        default=None, description="Take the money at once; without it the order's capture_policy decides."
    )
    return_url: Url | None = Field(
        default=None,
        description="Where the browser goes after a 3-D Secure challenge; {payment} becomes the payment's id.",
    )
    three_ds: Literal["auto", "force", "skip"] | None = None

    @model_validator(mode="after")
    def _one_card(self) -> NewPaymentIn:
        if (self.token is None) == (self.test_card is None):
            member = "/token" if self.token is None else "/test_card"
            raise InvalidInput(member, "one_of", "Give exactly one of token and test_card.")
        return self


class PayLinkMailIn(Body):
    """Whom to mail the link to, and in which language."""

    to: Text | None = Field(
        default=None,
        min_length=3,
        max_length=254,
        examples=["ann@example.com"],
        description="The customer's own address, where none is given.",
    )
    language: Literal["en", "de", "fr", "es", "nl", "it"] | None = Field(
        default=None, description="The customer's own, where none is given."
    )


class NewPayLinkIn(Body):
    """How long the link is to work, and whether it is mailed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 7}, {"mail": {}}, {}]})

    days: int | None = Field(
        default=None, ge=1, le=MOST_DAYS, description="As long as the shop's policy says, where none is given."
    )
    mail: PayLinkMailIn | None = Field(
        default=None, description="Mail the link; `{}` mails it to the customer in their language."
    )


class RevokeIn(Body):
    """Nothing more is to be said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class CaptureIn(Body):
    """How much of what is held to take."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": 1500}, {}]})

    amount: Amount | None = Field(default=None, description="All that is held, where none is given.")
    final: bool = Field(default=False, description="Release what is left.")


class ShipmentIn(Body):
    """What left the house."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tracking": "1Z999AA10123456784"}, {}]})

    amount: Amount | None = Field(
        default=None,
        description="What is captured for it, of an order that is paid on shipment; all that is held, where none is"
        " given.",
    )
    final: bool = Field(default=False, description="Release what is left.")
    tracking: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="The carrier's number."
    )


class RefundIn(Body):
    """How much of what was captured to give back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 500, "reason": "requested_by_customer", "note": "One mug broke"}]}
    )

    amount: Amount | None = Field(default=None, description="All that is left, where none is given.")
    reason: Literal["requested_by_customer", "duplicate", "fraudulent", "other"] = "requested_by_customer"
    note: LongText | None = Field(default=None, description="Kept with the refund.")


class CancelIn(Body):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Out of stock"}]})

    reason: LongText | None = None


class NoQuery(Query):
    """No query parameter is known."""


class OrdersQuery(Query):
    """Which orders, newest first."""

    status: OrderStatus | None = None
    reference: ShortText | None = None
    customer: Annotated[Text, Field(min_length=1, max_length=254)] | None = Field(
        default=None, description="A customer's id or e-mail address."
    )
    created_after: Time | None = Field(default=None, description="From this instant on.")
    created_before: Time | None = Field(default=None, description="Before this instant.")
    limit: PageSize = 20
    cursor: Annotated[Text, Field(min_length=1, max_length=300)] | None = Field(
        default=None, description="next_cursor of the page before."
    )
