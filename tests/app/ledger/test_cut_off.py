"""A report that breaks off at any line is gone on with there: the books at the end are those of one that did not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.db import reading
from app.errors import GatewayUnavailable
from app.gateway.wire import GatewayLine
from app.ids import new_id
from app.ledger.balances import trial_balance
from app.settlements import book
from app.settlements.models import SettlementLine
from app.settlements.states import SettlementStatus
from tests.app.ledger.world import NOW, begin, waiting_settlement

LINES = 11


class Report:
    """A gateway whose file of lines breaks off after as many as it is told."""

    def __init__(self, lines: list[GatewayLine]) -> None:
        self.lines, self.ends_after = lines, LINES

    def settlement_lines(self, _settlement_id: str) -> Iterator[GatewayLine]:
        yield from self.lines[: self.ends_after]
        if self.ends_after < LINES:
            raise GatewayUnavailable("it broke off")


def _report(currency: str) -> Report:
    """What the gateway tells of sales that were made just now."""
    lines = []
    for number in range(LINES):
        story = begin(1000 + number, currency)
        story.capture(999 + number, final=True)
        (capture,) = story.word.captures
        lines.append(
            GatewayLine(
                id=new_id("ln"),
                type="capture",
                payment=story.gateway_id,
                source=capture.id,
                currency=currency,
                gross=capture.amount,
                fee=29,
                net=capture.amount - 29,
                created_at=NOW,
            )
        )
    return Report(lines)


@pytest.mark.parametrize(("currency", "chunk"), [("SEK", 1), ("NOK", 3), ("DKK", 100)])
def test_wherever_it_breaks_off_the_books_are_the_same(
    books: str, monkeypatch: pytest.MonkeyPatch, currency: str, chunk: int
) -> None:
    report = _report(currency)
    monkeypatch.setattr(book, "gateway", lambda: report)
    monkeypatch.setattr(book, "CHUNK", chunk)
    settlement_id = waiting_settlement(currency, LINES, NOW.date())
    for ends_after in range(LINES):
        report.ends_after = ends_after
        with pytest.raises(GatewayUnavailable):
            book.book_settlement(settlement_id)
    report.ends_after = LINES
    done = book.book_settlement(settlement_id)
    again = book.book_settlement(settlement_id)
    assert (done.status, done.lines_read, done.breaks) == (SettlementStatus.BOOKED, LINES, 0)
    assert again.net_read_minor == done.net_read_minor == sum(line.net for line in report.lines)
    assert done.parts == {books: done.net_read_minor}
    with reading() as session:
        sums = {one.code.value: one.shown.amount_minor for one in trial_balance(session, currency=currency)}
        lines = session.query(SettlementLine).filter_by(settlement_id=settlement_id).count()
    assert lines == LINES
    assert sums["fees"] == sums["fees_recharged"] == 29 * LINES
    assert sums["psp_pending"] == done.net_read_minor
    assert sums["merchant_due"] == done.net_read_minor
