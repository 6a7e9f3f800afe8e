"""Statements of an account: the gateway's, and each merchant's; opening and figures add up to closing, visibly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from app.ledger.accounts import DESK, Account
from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut
from app.reports.moves import AT_GATEWAY, OTHER, Book, Line, Sum, currencies, gateway_book, merchant_book
from app.reports.report import AccountStatement, Column, Entry, Ref, Report, Row, Sheet, Step, fixed
from app.reports.words import head, merchant_name
from app.words import plain

FIGURE_COLUMNS = (
    Column("item", "Figure"),
    Column("lines", "Lines", "count"),
    Column("amount", "Amount", "money"),
)
LINE_COLUMNS = (
    Column("booked_at", "Booked (UTC)", "moment"),
    Column("figure", "Figure"),
    Column("transaction", "Posted as"),
    Column("source", "Brought by"),
    Column("payment", "Payment"),
    Column("amount", "Amount", "money"),
)


def settlement_statement(session: Session, asked: Asked, cut: Cut) -> Report:
    """Our account at the gateway, what is pending and available there."""
    books = [gateway_book(session, cut, one) for one in currencies(session, asked, AT_GATEWAY)]
    return _report(asked, cut, "Settlement statement", [("Account", "At the gateway")], books)


def merchant_statement(session: Session, asked: Asked, cut: Cut) -> Report:
    """What is due to one merchant."""
    assert asked.merchant is not None, "the form asks for one"
    name = merchant_name(session, asked.merchant)
    books = [
        merchant_book(session, cut, one, asked.merchant) for one in currencies(session, asked, [Account.MERCHANT_DUE])
    ]
    return _report(asked, cut, f"Statement of {name}", [("Merchant", name), ("Merchant's id", asked.merchant)], books)


def _report(asked: Asked, cut: Cut, title: str, facts: list[tuple[str, str]], books: Sequence[Book]) -> Report:
    sheets, falls, statements = [], [], []
    for book in books:
        opening, closing = book.opening(asked.begins), book.balance(asked.ends)
        sums = book.sums(asked.begins, asked.ends)
        steps = steps_of(book, opening, sums, closing)
        sheets += [_figures(book, steps, sums), _lines(book, asked)]
        falls.append(steps)
        statements.append(_statement(book, asked, opening, closing))
    return Report(asked, title, cut, head(asked, cut, facts), sheets, falls, statements)


def steps_of(book: Book, opening: Money, sums: dict[str, Sum], closing: Money) -> list[Step]:
    """Opening, each figure that is something, what is there before payouts, payouts, closing."""
    found = [Step("Opening", opening, is_level=True)]
    level = opening
    for are_payouts in (False, True):
        for one in book.figures:
            total = sums[one.key]
            if one.is_payout is are_payouts and total.lines:
                found.append(Step(one.label, total.amount, one.key))
                level += total.amount
        if not are_payouts:
            found.append(Step("Before payouts", level, is_level=True))
    if level != closing:
        found.append(Step("Other movements", closing - level, OTHER))
    return [*found, Step("Closing", closing, is_level=True)]


def _figures(book: Book, steps: Sequence[Step], sums: dict[str, Sum]) -> Sheet:
    rows = [
        Row((one.label, sums[one.figure].lines if one.figure in sums else None, one.amount), one.figure, one.is_level)
        for one in steps
    ]
    return Sheet("statement", f"Statement in {book.currency}", FIGURE_COLUMNS, fixed(rows), len(rows), book.currency)


def _lines(book: Book, asked: Asked) -> Sheet:
    labels = {one.key: one.label for one in book.figures}

    def rows(offset: int, most: int | None) -> Iterator[Row]:
        for line in book.lines(asked.begins, asked.ends, asked.figure, offset, most):
            yield Row(
                (
                    line.at,
                    labels.get(line.figure, line.figure),
                    Ref("transaction", line.transaction_id, posted_words(line.kind)),
                    source_ref(line.source_type, line.source_id),
                    None if line.payment_id is None else Ref("payment", line.payment_id, "Payment"),
                    line.amount,
                )
            )

    count = book.count(asked.begins, asked.ends, asked.figure)
    title = f"Lines in {book.currency}"
    if asked.figure in labels:
        title = f"{labels[asked.figure]} in {book.currency}"
    return Sheet("lines", title, LINE_COLUMNS, rows, count, book.currency, is_lines=True)


def posted_words(kind: str) -> str:
    """A ledger transaction's kind as people read it."""
    return "Settlement's fees" if kind == "lines" else plain(kind)


def source_ref(source_type: str, source_id: str) -> Ref:
    """What brought a ledger transaction; a settlement's come some lines at a time."""
    if source_type == "settlement":
        return Ref("settlement", source_id.partition(":")[0], "Settlement")
    return Ref(source_type, source_id, plain(source_type))


def _statement(book: Book, asked: Asked, opening: Money, closing: Money) -> AccountStatement:
    labels = {one.key: one.label for one in book.figures}

    def entry(line: Line) -> Entry:
        reference = line.payment_id or source_ref(line.source_type, line.source_id).id
        return Entry(line.id, line.at, line.amount, labels.get(line.figure, line.figure), reference)

    def entries() -> Iterator[Entry]:
        for line in book.lines(asked.begins, asked.ends, None, 0, None):
            yield entry(line)

    return AccountStatement(
        id=f"{book.owner or DESK}:{book.currency}",
        owner=book.owner or DESK,
        opening=opening,
        closing=closing,
        count=book.count(asked.begins, asked.ends, None),
        entries=entries,
    )
