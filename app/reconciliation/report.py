"""Compares an uploaded report with our books, line by line. It books nothing; the same file again changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, BinaryIO, cast

import structlog
from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.crash import crash_point
from app.db import insert_if_absent, reading, transaction
from app.disputes.models import Dispute
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway.wire import GatewayLine
from app.ids import new_id
from app.ledger import Event
from app.ledger.post import TRANSACTIONS
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.reconciliation.models import FileKind, FileStatus, ImportedFile, ReportLine
from app.reconciliation.reading import FileLine, Looked, read_report, refuse
from app.settlements.agreed import Agreed, agreed
from app.settlements.breaks import is_noted_missing, note_break
from app.settlements.learn import ask_about, unheard_of
from app.settlements.match import OF_THE_DESK, Key, Matched, judge, key_of, known_sources
from app.settlements.models import SettlementLine
from app.settlements.states import BOOKED_OUTCOMES, Outcome, Side
from app.timeline import Actor

log = structlog.get_logger("reconciliation")

CHUNK = 1000
_ASKED_ABOUT = 100
"""So many unknown lines of a file the gateway is asked about: some events may have been lost, not all."""
_LINES = cast(Table, ReportLine.__table__)
_FILES = cast(Table, ImportedFile.__table__)


def bring_report(file: BinaryIO, name: str, looked: Looked, actor: Actor) -> str:
    """Read it whole before anything is written, then compare it; the file's id. InvalidInput says what is wrong."""
    layout, lines = read_report(file)
    rows, days = 0, [date.max, date.min]
    for one in lines:
        rows += 1
        day = one.line.created_at.date()
        days = [min(days[0], day), max(days[1], day)]
    if not rows:
        refuse("It has a header, but no line that tells of a movement.", "empty_file")
    with transaction() as session:
        values = {
            "id": new_id("imp"),
            "status": FileStatus.READING,
            "kind": FileKind.REPORT,
            "layout": layout.name,
            "name": name,
            "size": looked.size,
            "sha256": looked.sha256,
            "rows": rows,
            "rows_read": 0,
            "matched": 0,
            "differing": 0,
            "begins": days[0],
            "ends": days[1],
            "brought_by": actor.name[:200],
            "created_at": business_now(session),
        }
        insert_if_absent(session, _FILES, values)  # one that was cut off stands already, and is gone on with
        known = session.scalars(select(ImportedFile).where(ImportedFile.sha256 == looked.sha256)).one()
    _compare(file, known)
    return known.id


def _compare(file: BinaryIO, known: ImportedFile) -> None:
    _, lines = read_report(file)
    at = sum(1 for _ in islice(lines, known.rows_read))
    asked = 0
    while some := list(islice(lines, CHUNK)):
        if asked < _ASKED_ABOUT:
            asked += _ask_about([one.line for one in some])
        _compare_some(known.id, at, some)
        crash_point("report.lines_compared")
        at += len(some)
    _finish(known.id)


def _ask_about(lines: Sequence[GatewayLine]) -> int:
    """Have the gateway tell of what is unknown, where it answers; how many that were."""
    with reading() as session:
        known = known_sources(session, [(line.type, line.source) for line in lines])
    unknown = unheard_of(lines, known)
    if unknown:
        try:
            ask_about(unknown[:_ASKED_ABOUT])
        except (GatewayUnavailable, GatewayRefused) as silence:
            log.warning("the gateway could not be asked about a report's lines", reason=str(silence))
    return len(unknown)


def _compare_some(file_id: str, first: int, some: Sequence[FileLine]) -> None:
    with transaction() as session:
        file = _locked(session, file_id)
        if file.rows_read != first:
            return  # somebody else brought it at the same time, and has these
        lines = _as_we_call_them(session, [one.line for one in some])
        matched = _match(session, file_id, lines, agreed(session))
        told = _told(session, lines)
        rows = []
        for one, found in zip(some, matched, strict=True):
            standing = told.of(found.line)
            rows.append(_row(file_id, one.number, found, standing[0]))
            if found.outcome is not Outcome.MATCHED:
                _note(session, file, found, *standing)
                file.differing += 1
        session.execute(insert(_LINES), rows)
        file.rows_read = first + len(some)
        file.matched += sum(found.outcome is Outcome.MATCHED for found in matched)


def _match(session: Session, file_id: str, lines: Sequence[GatewayLine], terms: Agreed) -> list[Matched]:
    known = known_sources(session, [(line.type, line.source) for line in lines])
    before = select(ReportLine.source_id, ReportLine.type, ReportLine.net_minor).where(
        ReportLine.file_id == file_id,
        ReportLine.source_id.in_({line.source for line in lines}),
        ReportLine.outcome.in_(BOOKED_OUTCOMES),
    )
    seen: set[Key] = {key_of(type_, source, net) for source, type_, net in session.execute(before)}
    found = []
    for line in lines:
        key = key_of(line.type, line.source, line.net)
        is_seen = key in seen and line.type not in OF_THE_DESK
        one = judge(line, known.get(line.source), is_seen, line.currency, line.created_at.date(), terms)
        if one.outcome in BOOKED_OUTCOMES:
            seen.add(key)
        found.append(one)
    return found


def _as_we_call_them(session: Session, lines: Sequence[GatewayLine]) -> list[GatewayLine]:
    """Other gateways name the payment where ours names what moved: its capture, refund or dispute of that sum."""
    known = known_sources(session, [(line.type, line.source) for line in lines])
    unknown = [line for line in lines if line.source not in known and line.type in _MOVED]
    if not unknown:
        return list(lines)
    names = {name for line in unknown for name in (line.payment, line.source) if name}
    ours = select(Payment.gateway_id, Payment.id).where(Payment.gateway_id.in_(names))
    payments: dict[str | None, str] = dict(session.execute(ours).all())
    moved: dict[tuple[type[Any], str], list[tuple[str, int]]] = defaultdict(list)
    for row in (Capture, Refund, Dispute):
        of_them = select(row.payment_id, row.id, row.amount_minor).where(row.payment_id.in_(payments.values()))
        for its_payment, id_, amount in session.execute(of_them.order_by(row.id)):
            moved[row, its_payment].append((id_, amount))
    used: Counter[str] = Counter()
    found = []
    for line in lines:
        payment_id = payments.get(line.payment) or payments.get(line.source)
        if line.source in known or line.type not in _MOVED or payment_id is None:
            found.append(line)
            continue
        rows = moved[_MOVED[line.type], payment_id]
        fitting = [id_ for id_, amount in rows if amount == abs(line.gross)] or [id_ for id_, _ in rows[:1]]
        place = used[f"{line.type}:{payment_id}:{line.gross}"]
        used[f"{line.type}:{payment_id}:{line.gross}"] += 1
        source = fitting[min(place, len(fitting) - 1)] if fitting else line.source
        found.append(line.model_copy(update={"source": source}))
    return found


_MOVED: dict[str, type[Any]] = {
    "capture": Capture,
    "refund": Refund,
    "refund_failure": Refund,
    "dispute": Dispute,
    "dispute_reversal": Dispute,
}


@dataclass(frozen=True)
class _Told:
    """In which settlement the gateway itself told of the same, and as which line: so it is one break, not two."""

    by_id: dict[str, tuple[str, str]]
    by_key: dict[Key, tuple[str, str]]

    def of(self, line: GatewayLine) -> tuple[str | None, str]:
        return self.by_id.get(line.id) or self.by_key.get(key_of(line.type, line.source, line.net)) or (None, line.id)


def _told(session: Session, lines: Sequence[GatewayLine]) -> _Told:
    rows = select(SettlementLine).where(SettlementLine.source_id.in_({line.source for line in lines}))
    told = _Told({}, {})
    for row in session.scalars(rows.order_by(SettlementLine.settlement_id, SettlementLine.number)):
        told.by_id[row.line_id] = (row.settlement_id, row.line_id)
        told.by_key.setdefault(key_of(row.type, row.source_id, row.net_minor), told.by_id[row.line_id])
    return told


def _row(file_id: str, number: int, one: Matched, settlement_id: str | None) -> dict[str, Any]:
    line = one.line
    return {
        "file_id": file_id,
        "number": number,
        "line_id": line.id,
        "type": line.type,
        "source_id": line.source,
        "payment_id": one.known.payment_id if one.known else None,
        "settlement_id": settlement_id,
        "owner": one.owner,
        "currency": line.currency,
        "gross_minor": line.gross,
        "fee_minor": line.fee,
        "net_minor": line.net,
        "outcome": one.outcome,
        "expected_minor": one.expected,
        "created_at": line.created_at,
    }


def _note(session: Session, file: ImportedFile, one: Matched, settlement_id: str | None, line_id: str) -> None:
    line, known = one.line, one.known
    expected = one.expected if one.expected is not None or known is None else known.amount
    note_break(
        session,
        one.outcome,
        Side.REPORT,
        line.source,
        line.id if one.outcome is Outcome.DUPLICATE else line_id,
        line.currency,
        said=line.fee if one.outcome is Outcome.FEE else line.gross,
        expected=expected,
        settlement_id=settlement_id,
        file_id=file.id,
        payment_id=known.payment_id if known else None,
    )


def _finish(file_id: str) -> None:
    """All lines are compared: what moved on its days, and is not among them, is missing."""
    with transaction() as session:
        file = _locked(session, file_id)
        if file.status == FileStatus.READ or file.rows_read < file.rows:
            return
        told = select(ReportLine.currency).where(ReportLine.file_id == file_id, ReportLine.outcome != Outcome.CURRENCY)
        currencies = session.scalars(told.distinct()).all()
        begins = datetime.combine(file.begins, time(), UTC)
        ends = datetime.combine(file.ends, time(), UTC) + timedelta(days=1)
        for currency in currencies:
            for type_, source_id, settlement_id in _missing(session, file_id, currency, begins, ends):
                known = known_sources(session, [(type_, source_id)])[source_id]
                file.differing += 1
                if is_noted_missing(session, Side.REPORT, source_id):
                    continue
                note_break(
                    session,
                    Outcome.MISSING_THERE,
                    Side.REPORT,
                    source_id,
                    "",
                    currency,
                    said=None,
                    expected=known.amount,
                    settlement_id=settlement_id,
                    file_id=file_id,
                    payment_id=known.payment_id,
                )
        file.status = FileStatus.READ
    crash_point("report.compared")


def _missing(
    session: Session, file_id: str, currency: str, begins: datetime, ends: datetime
) -> Iterator[tuple[str, str, str | None]]:
    """What the gateway itself told of these days, or we booked then and no report tells of, and the file lacks."""

    def in_file(source: Any, type_: Any) -> Any:
        lines = select(ReportLine.number).where(
            ReportLine.file_id == file_id, ReportLine.source_id == source, ReportLine.type == type_
        )
        return lines.exists()

    told = select(SettlementLine.type, SettlementLine.source_id, SettlementLine.settlement_id).where(
        SettlementLine.currency == currency,
        SettlementLine.created_at >= begins,
        SettlementLine.created_at < ends,
        SettlementLine.type.in_(_MOVED),
        SettlementLine.outcome.in_(BOOKED_OUTCOMES),
        ~in_file(SettlementLine.source_id, SettlementLine.type),
    )
    for type_, source_id, settlement_id in session.execute(told).all():
        yield type_, source_id, settlement_id

    def by_gateway(source: Any, type_: str) -> Any:
        lines = select(SettlementLine.number).where(SettlementLine.source_id == source, SettlementLine.type == type_)
        return lines.exists()

    for row, kind, type_ in (
        (Capture, Event.CAPTURED, "capture"),
        (Refund, Event.REFUNDED, "refund"),
        (Dispute, Event.DISPUTE_OPENED, "dispute"),
        (Dispute, Event.DISPUTE_WON, "dispute_reversal"),
    ):
        ours = (
            select(row.id)
            .join(TRANSACTIONS, TRANSACTIONS.c.source_id == row.id)
            .where(
                row.currency == currency,
                TRANSACTIONS.c.kind == kind,
                TRANSACTIONS.c.at >= begins,
                TRANSACTIONS.c.at < ends,
                row.created_at >= begins,
                ~by_gateway(row.id, type_),
                ~in_file(row.id, type_),
            )
        )
        for source_id in session.scalars(ours.distinct()).all():
            yield type_, source_id, None


def _locked(session: Session, file_id: str) -> ImportedFile:
    found = session.get(ImportedFile, file_id, with_for_update=True)
    assert found is not None, "files are never removed"
    return found
