"""Finding orders and payments again: every filter, the search box, saved views, columns, sorting and the export."""

from __future__ import annotations

import csv
import io
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from app import words
from app.payments.declines import DECLINES
from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Stack, until


@dataclass
class Shop:
    """Orders of one customer whom no other test has, by a name that says what they are."""

    email: str
    name: str
    orders: dict[str, Json]

    def names_of(self, page: Read) -> list[str]:
        """Which of them a list of orders or payments shows, in its order."""
        by_reference = {order["reference"]: name for name, order in self.orders.items()}
        return [by_reference[link.text.strip()] for link in page.links if link.text.strip() in by_reference]


@pytest.fixture(scope="module")
def shop(service: OrderService) -> Shop:
    """One order of each kind, the newest named last."""
    made = Shop(f"{secrets.token_hex(6)}@example.com", f"Zed{secrets.token_hex(4)} Lister", {})

    def place(name: str, amount: int, currency: str = "USD", card: str | None = None, **more: object) -> None:
        customer = {"email": made.email, "name": made.name}
        order = service.place(amount, currency, customer=customer, reference=f"F{secrets.token_hex(5)}-{name}")
        if card:
            service.pay(order, card, **more)
        made.orders[name] = order

    place("unpaid", 10_000)
    place("held", 10_001, card="visa_success")
    place("paid", 50_000, card="mastercard_success", capture=True)
    place("poor", 2_500, card="visa_insufficient_funds")
    place("lost", 99_999, "EUR", card="visa_lost_card")
    place("yen", 100, "JPY", card="amex_success", capture=True)
    place("dinar", 100_001, "KWD", card="visa_success", capture=True)
    return made


ORDERS = {
    "status=authorized": "held",
    "status=authorized&status=declined": "lost poor held",
    "status=paid&status=declined&status=awaiting_payment&currency=USD": "poor paid unpaid",
    "amount=100": "yen unpaid",
    "amount=>100": "dinar lost paid held",
    "amount=>=100": "dinar yen lost paid held unpaid",
    "amount=<100": "poor",
    "amount=<=100&currency=USD": "poor unpaid",
    "amount=100..100.01": "dinar yen held unpaid",
    "amount=100.001": "dinar",
    "amount=0 .. 1,000": "dinar yen lost poor paid held unpaid",
    "amount=>=999.99": "lost",
    "amount=> 1,000": "",
    "currency=eur": "lost",
    "last4=4444": "paid",
    "network=amex": "yen",
    "decline=insufficient_funds": "poor",
    "created=24h": "dinar yen lost poor paid held unpaid",
    "created=7d&status=paid": "dinar yen paid",
    "sort=created&status=paid": "paid yen dinar",
    "sort=amount&currency=USD": "poor unpaid held paid",
    "sort=-amount&currency=USD": "paid held unpaid poor",
    "since=2020-01-01&until=2020-12-31": "",
}


@pytest.mark.parametrize(("query", "names"), ORDERS.items())
def test_orders_are_filtered_and_sorted_by_the_address(visitor: Visitor, shop: Shop, query: str, names: str) -> None:
    page = visitor.read(f"/orders?customer={shop.email}&{query}")
    assert " ".join(shop.names_of(page)) == names


PAYMENTS = {
    "": "dinar yen lost poor paid held",
    "status=captured": "dinar yen paid",
    "status=captured&status=authorized": "dinar yen paid held",
    "last4=4242&status=authorized": "held",
    "decline=lost_card": "lost",
    "network=mastercard": "paid",
    "amount=>100&currency=USD&sort=amount": "held paid",
}


@pytest.mark.parametrize(("query", "names"), PAYMENTS.items())
def test_payments_are_filtered_and_sorted_by_the_address(visitor: Visitor, shop: Shop, query: str, names: str) -> None:
    page = visitor.read(f"/payments?customer={shop.email}&{query}")
    assert " ".join(shop.names_of(page)) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("status:declined amount:>100 currency:EUR", "lost"),
        ("status:declined,paid last4:4444", "paid"),
        ("STATUS:Authorized", "held"),
        ("network:amex created:7d", "yen"),
        ("decline:insufficient_funds", "poor"),
        ("created:>=2020-01-01 created:<2020-01-03", ""),
    ],
)
def test_terms_of_the_search_box_become_filters(visitor: Visitor, shop: Shop, text: str, names: str) -> None:
    answer = visitor.get(f"/search?q={text} customer:{shop.email}")
    address = urlsplit(answer.url)
    assert address.path == "/orders"
    assert parse_qs(address.query)["customer"] == [shop.email]
    assert "q" not in parse_qs(address.query)
    assert " ".join(shop.names_of(Read(answer.text))) == names


def test_statuses_that_only_payments_have_lead_to_the_payments(visitor: Visitor, shop: Shop) -> None:
    answer = visitor.get(f"/search?q=status:captured customer:{shop.email}")
    assert urlsplit(answer.url).path == "/payments"
    assert shop.names_of(Read(answer.text)) == ["dinar", "yen", "paid"]


@pytest.mark.parametrize("by", ["email", "name", "reference"])
@pytest.mark.parametrize("path", ["/orders", "/payments"])
def test_words_find_what_begins_with_them_in_any_case(visitor: Visitor, shop: Shop, by: str, path: str) -> None:
    text = {"email": shop.email[:8], "name": shop.name[:11], "reference": shop.orders["held"]["reference"][:-5]}[by]
    for written in (text.lower(), text.upper()):
        found = shop.names_of(visitor.read(f"{path}?q={written}&status=authorized"))
        assert found == ["held"]
    assert shop.names_of(visitor.read(f'{path}?q="{text}"&status=authorized')) == ["held"]


def test_an_id_of_any_kind_goes_straight_there(
    visitor: Visitor, shop: Shop, service: OrderService, account: GatewayAccount, stack: Stack
) -> None:
    order = service.place()
    service.pay(order, capture=True)
    service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 5})
    payment = service.order(order)["payments"][0]
    here = f"{visitor.url}/payments/{payment['id']}"
    (told,) = account.payments(order)

    def event() -> Json | None:
        events = account.call("GET", "/v1/events?limit=100")["data"]
        return next((one for one in events if one["data"].get("payment") == told["id"]), None)

    event_id = until(event, what="an event of the refund")["id"]
    until(lambda: visitor.get(f"/search?q={event_id}").status_code == 200, what="the event to be delivered")
    page = visitor.read(here)
    ids = [payment["id"], told["id"], told["captures"][0]["id"], told["refunds"][0]["id"], event_id]
    key = next(word for word in page.text.split() if len(word) == 32 and word.isalnum())
    request_id = next(word for word in page.text.split() if word.startswith("req_"))
    for pasted in (*ids, key, request_id):
        assert visitor.get(f"/search?q={pasted}").url.partition("#")[0] == here, pasted
    customer_id = next(word for word in visitor.read(f"/orders/{order['id']}").text.split() if word.startswith("cus_"))
    assert visitor.get(f"/search?q={customer_id}").url == f"{visitor.url}/customers/{customer_id}"
    pages = [
        next(link.href for link in visitor.read(at).links if begins in link.href)
        for at, begins in (("/merchants", "/merchants/mer_"), (here, "/ledger/transactions/ltx_"))
    ]
    viewer = Visitor(stack, "viewer")
    for own in pages:
        for who in (visitor, viewer):
            assert who.get(f"/search?q={own.rpartition('/')[2]}").url == f"{visitor.url}{own}"
    unknown = visitor.get("/search?q=evt_00000000000000000000000000")
    assert unknown.status_code == 404
    assert "Nothing here has the id evt_00000000000000000000000000." in Read(unknown.text).text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("amount=>1,05", "Write an amount like 100, >100, <=19.99 or 10..50. Did you mean 1.05?"),
        ("amount=1..2,5", "Did you mean 2.5?"),
        ("amount=1 05", "Write an amount like 100"),
        ("amount=>=", "Write an amount like 100"),
        ("amount=2,000..1,000", "Write the smaller amount first"),
        ("amount=1,234&currency=KWD", "Did you mean 1.234 or 1234.000 KWD?"),
    ],
)
def test_an_amount_that_cannot_be_read_is_asked_about(visitor: Visitor, query: str, told: str) -> None:
    answer = visitor.get(f"/orders?{query}")
    assert answer.status_code == 422
    assert told in Read(answer.text).text


def test_chips_take_one_filter_away_each_and_keep_the_others(visitor: Visitor, shop: Shop) -> None:
    page = visitor.read(f"/orders?customer={shop.email}&status=paid&status=declined&sort=created")
    chip = next(link.href for link in page.links if link.text.split()[:2] == ["Status", "Paid"])
    assert parse_qs(urlsplit(chip).query) == {"customer": [shop.email], "status": ["declined"], "sort": ["created"]}
    assert shop.names_of(visitor.read(chip)) == ["poor", "lost"]


def _rows(visitor: Visitor, path: str) -> list[dict[str, str]]:
    answer = visitor.get(path)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_an_export_holds_the_rows_of_the_view_in_its_order(visitor: Visitor, shop: Shop) -> None:
    page = visitor.read(f"/orders?customer={shop.email}&status=paid&status=authorized&sort=created")
    address = next(link.href for link in page.links if link.text.strip() == "Export CSV")
    rows = _rows(visitor, address)
    wanted = ["held", "paid", "yen", "dinar"]
    assert [row["reference"] for row in rows] == [shop.orders[name]["reference"] for name in wanted]
    assert [row["amount"] for row in rows] == ["100.01", "500.00", "100", "100.001"]
    assert {row["id"] for row in rows} == {shop.orders[name]["id"] for name in wanted}
    payments = _rows(visitor, f"/payments?customer={shop.email}&format=csv&status=declined")
    assert [(row["decline"], row["amount"]) for row in payments] == [
        ("lost_card", "999.99"),
        ("insufficient_funds", "25.00"),
    ]


def test_an_export_goes_beyond_a_page_and_neither_repeats_nor_misses(visitor: Visitor, service: OrderService) -> None:
    customer = {"email": f"{secrets.token_hex(6)}@example.com", "name": "Many"}
    orders = [service.place(customer=customer) for _ in range(30)]
    rows = _rows(visitor, f"/orders?customer={customer['email']}&format=csv")
    assert [row["reference"] for row in rows] == [order["reference"] for order in orders][::-1]


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", 'He said "so", then left'])
def test_an_export_is_harmless_to_a_spreadsheet(visitor: Visitor, service: OrderService, name: str) -> None:
    order = service.place(customer={"email": f"{secrets.token_hex(6)}@example.com", "name": name})
    (row,) = _rows(visitor, f"/orders?q={order['reference']}&format=csv")
    assert row["name"] == (name if name.startswith("He") else f"'{name}")


def test_views_are_saved_renamed_and_removed_by_whoever_may(visitor: Visitor, shop: Shop, stack: Stack) -> None:
    list_at = f"/orders?created=7d&customer={shop.email}&status=declined"
    for name, more in (("Mine", {}), ("Ours", {"team": "1"})):
        at = f"{list_at}&status={'paid' if name == 'Ours' else 'refunded'}"
        saved = visitor.send(at, "/lists/orders/views", **(more | {"name": name}))
        assert saved.status_code == 200
    page = visitor.read("/orders")
    tabs = {" ".join(link.text.replace(", everybody's", "").split()): link.href for link in page.links}
    mine, ours = tabs["Mine 2"], tabs["Ours 5"]
    assert "created=7d" in mine
    assert shop.names_of(visitor.read(ours)) == ["dinar", "yen", "lost", "poor", "paid"]

    viewer = Visitor(stack, "viewer")
    seen = viewer.read("/orders").text
    assert "Ours" in seen
    assert "Mine" not in seen
    assert viewer.send(mine, "/lists/orders/views", name="No", team="1").status_code == 403

    shown = visitor.read(mine).html
    view_id = shown.partition("/lists/orders/views/")[2].partition("/")[0]
    assert viewer.send(mine, f"/lists/orders/views/{view_id}/removal").status_code == 404
    renamed = visitor.send(mine, f"/lists/orders/views/{view_id}/name", name="Still mine")
    assert "Still mine 2" in Read(renamed.text).text
    for address in (mine, ours):
        shown = visitor.read(address).html
        view_id = shown.partition("/lists/orders/views/")[2].partition("/")[0]
        if address == ours:
            assert viewer.send(mine, f"/lists/orders/views/{view_id}/removal").status_code == 403
        assert visitor.send(address, f"/lists/orders/views/{view_id}/removal").status_code == 200
    assert "Still mine 2" not in visitor.read("/orders").text


@pytest.mark.parametrize(
    ("name", "query", "told"),
    [
        ("", "status=paid", "Give the view a name of 1 to 40 characters."),
        ("x" * 41, "status=paid", "Give the view a name of 1 to 40 characters."),
        ("a\x00b", "status=paid", "Give the view a name of 1 to 40 characters."),
        ("Whole", "", "Set a filter first: a view without one is the whole list."),
        ("Long", "q=" + "x" * 2000, "The filter is longer than 2000 characters."),
    ],
)
def test_a_view_that_cannot_be_saved_is_told_why(visitor: Visitor, name: str, query: str, told: str) -> None:
    answer = visitor.send("/orders", "/lists/orders/views", name=name, query=query)
    assert answer.status_code == 422
    assert told in Read(answer.text).text


def test_columns_that_were_chosen_stay(stack: Stack, shop: Shop) -> None:
    visitor = Visitor(stack)
    at = f"/orders?customer={shop.email}"
    assert "declined for" not in visitor.read(at).html.partition("<thead>")[2].partition("</thead>")[0].lower()
    token = visitor.read(at).fields["csrf_token"]
    back = visitor.post(
        "/lists/orders/columns", {"csrf_token": token, "query": f"customer={shop.email}", "column": "decline"}
    )
    assert back.url.endswith(f"/orders?customer={shop.email}")
    head = visitor.read(at).html.partition("<thead>")[2].partition("</thead>")[0]
    assert "Declined for" in head
    assert "Refunded" not in head
    assert "Insufficient funds" in visitor.read(at).text


def test_columns_stay_as_wide_as_they_were_made(stack: Stack, shop: Shop) -> None:
    visitor = Visitor(stack)
    at = f"/orders?customer={shop.email}"
    form = {"csrf_token": visitor.read(at).fields["csrf_token"], "query": f"customer={shop.email}"}

    def cols() -> dict[str, str]:
        return dict(re.findall(r'<col data-column="(\w+)"\s+(?:width="(\d+)")?', visitor.read(at).html))

    assert set(cols().values()) == {""}
    told = "status-210", "customer-9999", "card-1", "amount-300", "nothing-80", "x-y", "<script>-80"
    back = visitor.session.post(f"{visitor.url}/lists/orders/widths", data={**form, "width": told})
    assert back.url.endswith(at)
    kept = cols()
    assert (kept["status"], kept["customer"], kept["card"]) == ("210", "900", "48"), "within what can be shown"
    assert kept["reference"] == "140", "a column that was never made wider or narrower"
    assert kept["amount"] == "", "the last column takes the rest"
    assert "Automatic widths" in visitor.read(at).text
    visitor.post("/lists/orders/widths", form)
    assert set(cols().values()) == {""}
    assert visitor.post("/lists/nothing/widths", form).status_code == 404


def test_an_amount_is_sorted_by_only_within_a_currency(visitor: Visitor, shop: Shop) -> None:
    page = visitor.read(f"/orders?customer={shop.email}")
    assert not any("sort=-amount" in link.href for link in page.links)
    page = visitor.read(f"/orders?customer={shop.email}&currency=USD&sort=amount")
    assert 'aria-sort="ascending"' in page.html
    assert any("sort=-amount" in link.href for link in page.links)


def test_every_code_that_can_be_explained_can_be_filtered_by() -> None:
    assert set(words.DECLINE_CODES) == set(DECLINES)
