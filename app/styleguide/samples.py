"""What the page is filled with: made up, and the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField

from app import charts
from app.errors import RuleBroken
from app.gateway.calls import GatewayCall
from app.lists import Page
from app.money import Money
from app.orders.forms import OrdersForm
from app.overview.pictures import Bar, Cell, Numbers
from app.payments.actions import Action
from app.payments.acts import Act
from app.shell.todo import Todo
from app.timeline import Entry, Kind

MONEY = (Money(9800, "JPY"), Money(123450, "USD"), Money(-1999, "EUR"), Money(1250500, "KWD"), Money(1234567, "CLF"))
"""With 0, 2, 3 and 4 digits after the point."""
JSON: dict[str, Any] = {
    "id": "pay_01kc0000000000000000000000",
    "status": "authorized",
    "amount": 4990,
    "currency": "USD",
    "capture": False,
    "decline": None,
    "card": {"network": "visa", "last4": "4242", "expires": {"month": 12, "year": 2030, "checks": {"cvc": "pass"}}},
    "captures": [{"id": "cap_01kc0000000000000000000001", "amount": 2000}],
    "metadata": {},
}
PAGE: Page[str] = Page(["one"], next_cursor="next", previous_cursor="previous")
ORDER_ID = "ord_01kc0000000000000000000000"
REQUEST_ID = "req_5f0c6b1c0d7e4a52a3b1a2f6"
TODOS = (
    Todo("Unknown outcomes", "circle-question-mark", "#shell", 3, "waiting to be known"),
    Todo("Holds ending soon", "hourglass", "#shell", 120, "to capture or void"),
    Todo("Failed payments", "circle-alert", "#shell", 0, "to retry or cancel"),
)
LIVE_STATES = {
    "connecting": "Connecting",
    "live": "Live",
    "reconnecting": "Reconnecting",
    "off": "Not live",
    "over": "Signed out",
}
"""As `static/live.js` shows them."""
ACTIONS = (
    Action("sample-capture", "Capture", "download", "#buttons", "leave"),
    Action("sample-sync", "Ask again", "refresh-cw", "#buttons", "leave"),
    Action("sample-void", "Void", "circle-slash", "#buttons", "leave", is_danger=True),
)
SHARES = (
    Bar("Visa", "", 1240, "62.0 %", "#charts", 1000, 0, 1100, 887),
    Bar("Mastercard", "", 620, "31.0 %", "#charts", 500, 1, 700, 565),
    Bar("American Express", "amex", 140, "7.0 %", "#charts", 113, 2, 0, 0),
)
HEIGHTS = (12, 18, 15, 22, 9, 7, 14, 19, 24, 21, 17, 8, 11, 20)


@dataclass(frozen=True)
class SampleBill:
    """What a customer pays for."""

    reference: str
    amount: Money
    currency: str
    items: tuple[dict[str, Any], ...]


BILL = SampleBill(
    "SHOP-1041",
    Money(123450, "EUR"),
    "EUR",
    (
        {"name": "Espresso machine", "quantity": 1, "unit_amount": 119450},
        {"name": "Mug, stoneware", "quantity": 2, "unit_amount": 2000},
    ),
)


class SampleForm(Form):  # type: ignore[misc]  # WTForms has no types
    """A field of each kind."""

    name = StringField("Name", description="As it stands on the card.")
    email = StringField("E-mail")
    currency = SelectField("Currency", choices=[("USD", "USD"), ("EUR", "EUR")])
    note = TextAreaField("Note")
    capture = RadioField("Capture", choices=[("later", "Later"), ("now", "Now")])
    final = BooleanField("This is the last capture")


def sample_form() -> SampleForm:
    """The form, with one field that is filled in wrongly."""
    form = SampleForm(
        prefix="sample-",
        data={
            "name": "Ann Example",
            "email": "nowhere",
            "currency": "EUR",
            "note": "Told on the phone",
            "capture": "now",
        },
    )
    form.email.errors = ["Write an e-mail address, like ann@example.com."]
    return form


class SampleSum(Form):  # type: ignore[misc]  # WTForms has no types
    """What a dialog that moves money asks for."""

    amount = StringField("Amount")
    reason = SelectField("Reason", choices=[(name, name) for name in ("Requested by the customer", "Charged twice")])
    problem: RuleBroken | None = None


def sample_sum(state: str) -> SampleSum:
    """The form of a dialog in one of its states: `rest`, `busy`, `wrong` in a field, or `refused` as a whole."""
    form = SampleSum(prefix=f"{state}-", data={"amount": "99,999.00" if state == "wrong" else "49.90"})
    if state == "wrong":
        form.amount.errors = ["No more than 49.90 USD may be refunded."]
    if state == "refused":
        form.problem = RuleBroken(
            "invalid_transition", "The payment was refunded meanwhile.", allowed_actions=["refund"]
        )
    return form


def sample_filter(now: datetime) -> OrdersForm:
    """A list's filter with three filters set."""
    form = OrdersForm(MultiDict([("status", "paid"), ("created", "7d"), ("currency", "EUR")]), now)
    form.validate()
    return form


@dataclass(frozen=True)
class Found:
    """What a list says of itself above its rows."""

    count: int = 1234


@dataclass(frozen=True)
class Due:
    """What awaits an answer until then."""

    respond_by: datetime
    needs_response: bool = True


def sample_deadlines(now: datetime) -> dict[str, Due]:
    """One of each kind."""
    return {
        "Far": Due(now + timedelta(days=9, hours=4)),
        "Near": Due(now + timedelta(hours=20)),
        "Over": Due(now - timedelta(hours=1)),
        "Answered": Due(now, needs_response=False),
    }


def _entry(number: int, kind: Kind, words: str, at: datetime, status: str | None = None) -> Entry:
    return Entry(
        id=number,
        kind=kind,
        order_id=ORDER_ID,
        subject_id=JSON["id"],
        to_status=status,
        summary=words,
        actor_kind="operator",
        actor_name="Ann Operator",
        data={"gateway_version": number},
        at=at,
        recorded_at=at,
    )


def sample_acts(now: datetime) -> list[Act]:
    """A short timeline, newest first: a webhook's news, a capture with a lost answer, an order."""
    call = GatewayCall(
        id=1,
        method="POST",
        path=f"/v1/payments/{JSON['id']}/capture",
        idempotency_key="5f0c6b1c0d7e4a52a3b1a2f6d4c8e900",
        started_at=now - timedelta(seconds=46),
        duration_ms=212,
        status=None,
        error="ConnectionError",
        request={"amount": 4990},
        response=None,
        request_id=None,
    )
    said = (
        ("Refund told by the gateway", "Gateway", 2, Kind.REFUND_STATUS, "succeeded"),
        ("Capture", "Ann Operator", 46, Kind.PAYMENT_STATUS, "captured"),
        ("Order placed", "Shop", 3605, Kind.ORDER_STATUS, "awaiting_payment"),
    )
    found = []
    for number, (title, actor, ago, kind, status) in enumerate(said, 1):
        at = now - timedelta(seconds=ago)
        entries = [_entry(number, kind, title, at, status)]
        found.append(Act(f"act-{number}", title, actor, at, at, entries=entries, calls=[call] if number == 2 else []))
    return found


def sample_bars() -> charts.Chart:
    """Two weeks of declined payments, in three classes, with the two weeks before."""
    marks = [
        charts.Mark(
            f"{day:%d %b}",
            f"{height} on {day:%d %b}",
            "#charts",
            tuple(
                charts.Part(part, f"{part} on {day:%d %b}", "#charts")
                for part in (height // 2, height // 3, height // 6)
            ),
            before=HEIGHTS[-1 - at],
            is_open=at == len(HEIGHTS) - 1,
            day=day,
        )
        for at, (day, height) in enumerate(_days())
    ]
    return charts.bars(marks, str)


def sample_moved() -> charts.Chart:
    """What came, what went, and the net over both."""
    marks = []
    for day, height in _days():
        sums = (height * 100, -height * 9, -400 if height == 7 else 0, -height * 3)
        parts = tuple(charts.Part(one, f"{one} on {day:%d %b}", "#charts") for one in sums)
        marks.append(charts.Mark(f"{day:%d %b}", f"{sum(sums)} on {day:%d %b}", "#charts", parts, net=sum(sums)))
    return charts.bars(marks, str)


@dataclass(frozen=True)
class SampleShare:
    """What one merchant is due of an order."""

    owner: str
    sold: Money
    kept: Money
    held: Money
    fees: Money
    due: Money


def sample_shares() -> list[SampleShare]:
    """A sale of two merchants; of the second a dispute holds a part."""
    sums = (("desk", 20_00, 0, 0, 0, 20_00), ("desk", 10_00, 1_00, 4_00, 15_00, -10_00))
    return [SampleShare(owner, *(Money(one, "USD") for one in amounts)) for owner, *amounts in sums]


def sample_falls() -> list[dict[str, object]]:
    """From gross to payout."""
    steps = [
        ("Captured", 125_000, 12),
        ("Refunds", -12_400, 2),
        ("Disputes", -9_900, 1),
        ("Processing fees", -4_310, None),
        ("Payout", 98_390, None),
    ]
    bars = charts.waterfall([(amount, label == "Payout") for label, amount, _ in steps])
    return [
        {"label": label, "lines": lines, "amount": Money(amount, "USD"), "fall": bar, "href": "#charts"}
        for (label, amount, lines), bar in zip(steps, bars, strict=True)
    ]


def sample_line() -> charts.Chart:
    """A rate in tenths of a percent, with a day on which nothing was tried."""
    points = [
        charts.Point(
            f"{day:%d %b}", f"{value / 10} %" if value else "nothing tried", "#charts", value, 900 + height, day
        )
        for day, height, value in ((day, height, 1000 - 6 * height if height != 7 else None) for day, height in _days())
    ]
    return charts.line(points, lambda tenths: f"{tenths // 10} %", top=1000, steps={0: 250, 500: 100, 800: 50})


def sample_numbers() -> Numbers:
    """What stands below a chart, folded."""
    rows = [
        (f"{day:%d %b}", [Cell(str(height), "#charts"), Cell(str(HEIGHTS[0]), "#charts")]) for day, height in _days()
    ]
    return Numbers(["Declined", "Before"], rows)


def sample_spark() -> charts.Spark:
    """The same two weeks as one small line, with the two before."""
    return charts.sparkline(HEIGHTS, HEIGHTS[::-1])


def _days() -> list[tuple[date, int]]:
    return [(date(2026, 11, 10) + timedelta(days=at), height) for at, height in enumerate(HEIGHTS)]
