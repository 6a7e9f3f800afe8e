"""Customers over the API: look at them, make one of two, forget one on their request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from app.api.answers import Answer
from app.api.fields import Body, PageSize, Query, Text, Time
from app.api.operations import Answered, Call, operation
from app.api.problems import ApiProblem
from app.customer_desk.erase import erase_customer
from app.customer_desk.forms import REASON_AT_MOST
from app.customer_desk.merge import find_other, merge_customers
from app.customer_desk.queries import CUSTOMERS, Lifetime, find_customer, lifetimes_of
from app.customers.models import Customer, CustomerStatus
from app.db import reading
from app.errors import InvalidInput, NotFound
from app.finding.wanted import Wanted
from app.operators.roles import Permission

_ID = re.compile(r"^cus_[0-9a-z]{26}$")
_BY_ID = {"customer_id": "$response.body#/data/0/id"}

Why = Annotated[
    Text,
    StringConstraints(strip_whitespace=True),
    Field(min_length=1, max_length=REASON_AT_MOST, description="Kept with the customer and in the audit log."),
]


class CustomersQuery(Query):
    """Which customers, newest first."""

    q: Annotated[Text, Field(min_length=1, max_length=254)] | None = Field(
        default=None, description="An id, or what the e-mail address or the name begins with."
    )
    status: CustomerStatus | None = None
    created_after: Time | None = Field(default=None, description="From this instant on.")
    created_before: Time | None = Field(default=None, description="Before this instant.")
    limit: PageSize = 20
    cursor: Annotated[Text, Field(min_length=1, max_length=300)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class MergeIn(Body):
    """Who becomes part of this customer, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"other": "cus_01k9q2wd5h7k9n1q3s5v7x9z1b", "reason": "The same person, confirmed by phone"}]
        }
    )

    other: Annotated[Text, Field(min_length=1, max_length=254)] = Field(
        description="The id or the e-mail address of the one who goes."
    )
    reason: Why


class EraseIn(Body):
    """Why the person is forgotten; the reason stays, so do not write who it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Asked for by e-mail on 12 May"}]})

    reason: Why


class TotalOut(Answer):
    """What all orders in one currency came to."""

    currency: str
    orders: int
    amount_captured: int
    amount_refunded: int


class CustomerSummaryOut(Answer):
    """Who pays. Of one who was merged, `merged_into` says who has their orders now."""

    id: str
    object: Literal["customer"] = "customer"
    status: CustomerStatus
    email: str
    name: str
    locale: str | None
    merged_into: str | None
    created_at: datetime
    changed_at: datetime | None = Field(description="When they were merged or erased; by whom and why.")
    changed_by: str | None
    changed_reason: str | None


class CustomerWholeOut(CustomerSummaryOut):
    """The same with what their orders came to, by currency."""

    totals: list[TotalOut]


class CustomerListOut(Answer):
    """One page, newest first."""

    data: list[CustomerSummaryOut]
    has_more: bool
    next_cursor: str | None


def _known(session: Session, customer_id: str) -> Customer:
    if not _ID.fullmatch(customer_id):
        raise NotFound("There is no such customer: ids look like cus_ and 26 letters and digits.")
    return find_customer(session, customer_id)


def _summary(customer: Customer) -> CustomerSummaryOut:
    return CustomerSummaryOut(
        id=customer.id,
        status=CustomerStatus(customer.status),
        email=customer.email,
        name=customer.name,
        locale=customer.locale,
        merged_into=customer.merged_into,
        created_at=customer.created_at,
        changed_at=customer.changed_at,
        changed_by=customer.changed_by,
        changed_reason=customer.changed_why,
    )


def _totals(lifetimes: Sequence[Lifetime]) -> list[TotalOut]:
    return [
        TotalOut(
            currency=one.currency,
            orders=one.orders,
            amount_captured=one.captured.amount_minor,
            amount_refunded=one.refunded.amount_minor,
        )
        for one in lifetimes
    ]


def _whole(customer_id: str) -> CustomerWholeOut:
    with reading() as session:
        customer = _known(session, customer_id)
        told = _summary(customer).model_dump(exclude={"object"})
        return CustomerWholeOut(**told, totals=_totals(lifetimes_of(session, customer_id)))


@operation(
    "GET",
    "/customers",
    "List customers",
    permission=Permission.READ,
    query=CustomersQuery,
    answer=CustomerListOut,
    problems=("invalid_cursor",),
    links=dict.fromkeys(("get_customer", "post_merge", "post_erasure"), _BY_ID),
)
def get_customers(call: Call, query: CustomersQuery) -> Answered:
    """Newest first. Those who were merged or erased are among them: their status says so."""
    wanted = Wanted(
        statuses=(query.status,) if query.status else (),
        text=query.q,
        created_after=query.created_after,
        created_before=query.created_before,
    )
    with reading() as session:
        try:
            page = CUSTOMERS.page(session, wanted, query.cursor, query.limit)
        except InvalidInput:
            raise ApiProblem("invalid_cursor", param="/cursor") from None
    data = [_summary(customer) for customer in page.items]
    return Answered(CustomerListOut(data=data, has_more=page.has_more, next_cursor=page.next_cursor))


@operation(
    "GET",
    "/customers/{customer_id}",
    "Look at a customer",
    permission=Permission.READ,
    answer=CustomerWholeOut,
    problems=("not_found",),
)
def get_customer(call: Call, customer_id: str) -> Answered:
    """The customer as they are known now. Their orders are listed by `GET /api/orders?customer=`."""
    return Answered(_whole(customer_id))


@operation(
    "POST",
    "/customers/{customer_id}/merge",
    "Merge a customer into this one",
    permission=Permission.MERGE,
    body=MergeIn,
    answer=CustomerWholeOut,
    problems=("not_found", "customer_merged", "customer_erased"),
)
def post_merge(call: Call, customer_id: str, body: MergeIn) -> Answered:
    """The other one's orders and messages are this one's from now on, and their address leads here.

    It cannot be undone; where it was done before, nothing changes.
    """
    with reading() as session:
        other = find_other(session, _known(session, customer_id), body.other)
    if other.merged_into != customer_id:
        merge_customers(customer_id, other.id, body.reason, call.actor)
    return Answered(_whole(customer_id))


@operation(
    "POST",
    "/customers/{customer_id}/erase",
    "Erase a customer",
    permission=Permission.ERASE,
    body=EraseIn,
    answer=CustomerWholeOut,
    problems=("not_found", "customer_merged", "customer_has_open_money"),
)
def post_erasure(call: Call, customer_id: str, body: EraseIn) -> Answered:
    """Everything that tells who it was goes, here and in whoever was merged into them; what was paid stays.

    Refused while their money still moves. It cannot be undone; where it was done before, nothing changes.
    """
    with reading() as session:
        customer = _known(session, customer_id)
    if customer.status != CustomerStatus.ERASED:
        erase_customer(customer_id, body.reason, call.actor)
    return Answered(_whole(customer_id))
