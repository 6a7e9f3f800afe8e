"""Files as gateways and banks write them, and what is sent to the desk."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import requests

from app.banking import BankLine, Statement, write_statements
from app.money import exponent_of
from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.clients import TIMEOUT, Json

BRING = "/three-way/files"
IBAN = "DE89370400440532016789"  # the last digits are those of the sandbox's bank
NUMBERS = count(1)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def bring(visitor: Visitor, content: bytes | str, name: str = "file.csv") -> requests.Response:
    """Send a file as the form does; where it leads."""
    body = content if isinstance(content, bytes) else content.encode()
    return visitor.session.post(
        visitor.url + BRING,
        data={"csrf_token": visitor.read(BRING).fields["csrf_token"]},
        files={"file": (name, body)},
        timeout=TIMEOUT,
    )


def statement(currency: str, day: date, *lines: BankLine, account: str = IBAN, days: int = 0) -> bytes:
    """A statement that adds up, as the bank writes it."""
    moved = sum(line.amount_minor for line in lines)
    ends = day + timedelta(days=days)
    one = Statement(f"S{next(NUMBERS)}", account, currency, day, ends, 10_000, 10_000 + moved, lines)
    return as_bank(one)


def as_bank(one: Statement) -> bytes:
    """The bank's file of one statement."""
    content = io.BytesIO()
    write_statements([(one, one.lines)], "M1", NOW, content)
    return content.getvalue()


def batched(currency: str, day: date, reference: str, *parts: tuple[int, str]) -> bytes:
    """A statement of one entry, which the bank splits into what moved and the references of each (XML)."""
    content = statement(currency, day, BankLine(sum(amount for amount, _ in parts), day, day, reference)).decode()
    split = "".join(
        f'<TxDtls><Refs>{refs}</Refs><Amt Ccy="{currency}">{major(abs(amount), currency)}</Amt></TxDtls>'
        for amount, refs in parts
    )
    return re.sub(r"<TxDtls>.*</TxDtls>", split, content, flags=re.DOTALL).encode()


def own_report(shop: Shop, settlement_id: str) -> str:
    """The gateway's own file."""
    answer = requests.get(
        f"{shop.stack.gateway_url}/v1/settlements/{settlement_id}/lines",
        headers={"Accept": "text/csv", "Authorization": f"Bearer {shop.stack.secret_key}"},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def rows_of(report: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report)))


def written(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a CSV with their own header."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def major(minor: int | str, currency: str) -> str:
    places = exponent_of(currency)
    sign, digits = ("-" if int(minor) < 0 else ""), str(abs(int(minor))).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def as_stripe(rows: Sequence[Json]) -> str:
    """The same movements as Stripe's itemized payout reconciliation tells them."""
    categories = {"capture": "charge", "fee": "fee"}
    return written(
        [
            {
                "automatic_payout_id": "po_of_theirs",
                "balance_transaction_id": row["id"],
                "created_utc": row["created_at"].replace("T", " ").rstrip("Z"),
                "currency": row["currency"].lower(),
                "gross": major(row["gross"], row["currency"]),
                "fee": major(row["fee"], row["currency"]),
                "net": major(row["net"], row["currency"]),
                "reporting_category": categories.get(row["type"], row["type"]),
                "source_id": "ch_of_theirs" if row["type"] == "capture" else row["source"],
                "description": "=HYPERLINK(1)",
                "payment_intent_id": row["payment"],
                "charge_id": row["payment"],
            }
            for row in rows
        ]
    )


def as_adyen(rows: Sequence[Json]) -> str:
    """The same as Adyen's settlement details tell them."""
    types = {"capture": "Settled", "refund": "Refunded", "dispute": "Chargeback"}

    def sides(minor: str, currency: str, kind: str) -> dict[str, str]:
        amount = major(abs(int(minor)), currency)
        debit, credit = ("", amount) if int(minor) >= 0 else (amount, "")
        return {f"{kind[0]} Debit ({kind[1]})": debit, f"{kind[0]} Credit ({kind[1]})": credit}

    return written(
        [
            {
                "Company Account": "Company",
                "Psp Reference": row["payment"],
                "Merchant Reference": "+1",
                "Creation Date": row["created_at"].replace("T", " ").rstrip("Z").partition(".")[0],
                "TimeZone": "UTC",
                "Type": types[row["type"]],
                "Modification Reference": row["source"],
                "Gross Currency": row["currency"],
                **sides(row["gross"], row["currency"], ("Gross", "GC")),  # type: ignore[arg-type]  # two words
                "Net Currency": row["currency"],
                **sides(row["net"], row["currency"], ("Net", "NC")),  # type: ignore[arg-type]  # two words
                "Commission (NC)": major(row["fee"], row["currency"]) if row["type"] == "capture" else "",
                "Markup (NC)": "",
                "Scheme Fees (NC)": "",
                "Interchange (NC)": "",
                "Batch Number": "7",
            }
            for row in rows
        ]
    )
