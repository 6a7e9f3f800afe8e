"""Takes the bank's statements in: every entry is a payout of the gateway's, one of ours to a merchant, or a break."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any, BinaryIO, cast

from sqlalchemy import Select, Table, insert, or_, select
from sqlalchemy.orm import Session

from app.banking import BankLine, Statement, Unreadable, read_statements
from app.clock import business_now
from app.crash import crash_point
from app.db import engine, insert_if_absent, reading, transaction
from app.errors import RuleBroken
from app.ids import new_id
from app.reconciliation.models import BankEntry, BankStatement, FileKind, FileStatus, ImportedFile
from app.reconciliation.reading import Looked, refuse
from app.settlements.breaks import came_after_all, is_noted_missing, note_break
from app.settlements.models import MerchantPayout, Payout
from app.settlements.pay import end_payout
from app.settlements.states import MerchantPayoutStatus, Outcome, PayoutStatus, Side
from app.timeline import Actor

SCOPE = "bank"
CHUNK = 200
"""Entries that one transaction takes in."""
PAUSE_SECONDS = 0.1
"""Between two transactions on SQLite, where who waits in another process looks ten times a second if it may write."""
ON_TIME = timedelta(days=2)
"""How much later than the gateway says a payout may stand at the bank: weekends and the bank's own cut-off."""
NEAR = timedelta(days=3)
"""How far apart days may be where only the sum tells which payout an entry is."""
_IDS = re.compile(r"\b(?:po|mpo)_[0-9A-Za-z]{6,70}\b")
_ENTRIES = cast(Table, BankEntry.__table__)
_STATEMENTS = cast(Table, BankStatement.__table__)
_FILES = cast(Table, ImportedFile.__table__)
_IN_A_QUERY = 5_000
_RIGHT = (Outcome.MATCHED, Outcome.LATE)
_COUNT = (Outcome.MATCHED, Outcome.LATE, Outcome.AMOUNT, Outcome.CURRENCY)
"""Entries that stand for a payout; another one of the same is a duplicate."""


@dataclass(frozen=True)
class Judged:
    """What an entry is to us, and what it should be where that is something else."""

    outcome: Outcome
    payout: Payout | None = None
    merchant_payout: MerchantPayout | None = None
    expected: int | None = None


def bring_statements(file: BinaryIO, name: str, looked: Looked, actor: Actor) -> str:
    """Read it whole before anything is written, then take it in; the file's id. InvalidInput says what is wrong."""
    file.seek(0)
    try:
        read = read_statements(file)
    except Unreadable as why:
        refuse(str(why))
    with transaction() as session:
        values: dict[str, Any] = {
            "id": new_id("imp"),
            "status": FileStatus.READING,
            "kind": FileKind.STATEMENT,
            "layout": read.version,
            "name": name,
            "size": looked.size,
            "sha256": looked.sha256,
            "rows": sum(len(one.lines) for one in read.statements),
            "rows_read": 0,
            "matched": 0,
            "differing": 0,
            "begins": min(one.begins for one in read.statements),
            "ends": max(one.ends for one in read.statements),
            "brought_by": actor.name[:200],
            "created_at": business_now(session),
        }
        if insert_if_absent(session, _FILES, values):  # one that was cut off stands already, and is gone on with
            for number, one in enumerate(read.statements, 1):
                _add_statement(session, values["id"], one, number)
        known = session.scalars(select(ImportedFile).where(ImportedFile.sha256 == looked.sha256)).one()
    _take_in(known, read.statements)
    follow_merchants(actor)
    _finish(known.id)
    return known.id


def _add_statement(session: Session, file_id: str, one: Statement, number: int) -> None:
    """Its head, so that no other of its name comes in."""
    values = {
        "id": new_id("bst"),
        "file_id": file_id,
        "reference": one.id,
        "account": one.account,
        "currency": one.currency,
        "begins": one.begins,
        "ends": one.ends,
        "opening_minor": one.opening_minor,
        "closing_minor": one.closing_minor,
        "entries": len(one.lines),
        "created_at": business_now(session),
    }
    if insert_if_absent(session, _STATEMENTS, values):
        return
    known = _head(session, one)
    if known.file_id == file_id:
        refuse(f"Statement {number}, Id: {one.id} of this account is in the file twice.", "statement_known")
    refuse(
        f"Statement {number}, Id: {one.id} of this account was brought on {known.created_at:%d %b %Y} in another"
        " file, which said something else. A bank's statement does not change; ask it which one holds.",
        "statement_known",
    )


def _head(session: Session, one: Statement) -> BankStatement:
    same = select(BankStatement).where(
        BankStatement.account == one.account,
        BankStatement.currency == one.currency,
        BankStatement.reference == one.id,
    )
    return session.scalars(same).one()


def _take_in(file: ImportedFile, statements: Sequence[Statement]) -> None:
    before = 0
    for one in statements:
        for first in range(max(0, file.rows_read - before), len(one.lines), CHUNK):
            _take_in_some(file.id, one, before, first)
            crash_point("statement.entries_taken_in")
            if before + first + CHUNK < file.rows and engine().dialect.name == "sqlite":
                time.sleep(PAUSE_SECONDS)
        before += len(one.lines)


def _take_in_some(file_id: str, one: Statement, before: int, first: int) -> None:
    """The statement's entries from the place `first` on; `before` are in the file's statements before it."""
    lines = one.lines[first : first + CHUNK]
    with transaction() as session:
        file = _locked(session, file_id)
        if file.rows_read != before + first:
            return  # somebody else brought it at the same time, and has these
        statement = _head(session, one)
        known = _Known(session, lines, one.currency, one.account)
        rows = []
        for number, line in enumerate(lines, first + 1):
            judged = known.judge(line)
            row = _row(statement, number, line, judged)
            if not (judged.outcome in _RIGHT and _was_missing(session, statement, row)):
                _note(session, statement, row, judged)
            known.add(row)
            rows.append(row)
        session.execute(insert(_ENTRIES), rows)
        matched = sum(row["outcome"] is Outcome.MATCHED for row in rows)
        file.rows_read += len(rows)
        file.matched += matched
        file.differing += len(rows) - matched


def _finish(file_id: str) -> None:
    """All entries are in: what should be among them, and is not, is missing."""
    with transaction() as session:
        file = _locked(session, file_id)
        if file.status == FileStatus.READ or file.rows_read < file.rows:
            return
        mine = select(BankStatement).where(BankStatement.file_id == file_id)
        statements = session.scalars(mine.order_by(BankStatement.begins, BankStatement.id)).all()
        file.differing += sum(_note_missing(session, statement, file_id) for statement in statements)
        file.status = FileStatus.READ
    crash_point("statement.taken_in")


def _locked(session: Session, file_id: str) -> ImportedFile:
    found = session.get(ImportedFile, file_id, with_for_update=True)
    assert found is not None, "files are never removed"
    return found


def _row(statement: BankStatement, number: int, line: BankLine, judged: Judged) -> dict[str, Any]:
    return {
        "statement_id": statement.id,
        "number": number,
        "reference": line.reference,
        "end_to_end": line.end_to_end,
        "amount_minor": line.amount_minor,
        "currency": statement.currency,
        "booked_on": line.booked_on,
        "valued_on": line.valued_on,
        "payout_id": judged.payout.id if judged.payout else None,
        "merchant_payout_id": judged.merchant_payout.id if judged.merchant_payout else None,
        "outcome": judged.outcome,
        "expected_minor": judged.expected,
    }


def judge_named(session: Session, line: BankLine, currency: str) -> Judged:
    """What an entry is that stands there once: by its id, else by its sum, currency and day."""
    return _Known(session, [line], currency).judge_named(line)


class _Known:
    """What some entries of an account may be, asked for at once. Those that are judged are added one by one."""

    def __init__(self, session: Session, lines: Sequence[BankLine], currency: str, account: str | None = None) -> None:
        self._currency = currency
        names = {name for line in lines for name in _names_in(line)}
        self._payouts = {one.id: one for one in _all(session, select(Payout), Payout.id, names)}
        self._ours = {one.id: one for one in _all(session, select(MerchantPayout), MerchantPayout.id, names)}
        sums = {line.amount_minor for line in lines}
        self._due = _due(session, currency, sums)
        self._sent = _sent(session, currency, sums)
        self._counted = set(_counted(session, self._payouts, self._ours))
        self._references = set() if account is None else _standing(session, lines, account, currency)
        self._stood_for: set[str] = set()

    def add(self, row: dict[str, Any]) -> None:
        """An entry that now stands there."""
        self._references.add(row["reference"])
        subject = row["payout_id"] or row["merchant_payout_id"]
        if subject is not None:
            self._stood_for.add(subject)
            if row["outcome"] in _COUNT:
                self._counted.add((subject, _side(row["amount_minor"])))

    def judge(self, line: BankLine) -> Judged:
        """What one entry is: a duplicate by the bank's own reference, or whatever it would be alone."""
        if line.reference and line.reference in self._references:
            payout, ours = self._named(line)
            return Judged(Outcome.DUPLICATE, payout, ours, 0)
        return self.judge_named(line)

    def judge_named(self, line: BankLine) -> Judged:
        """The same of an entry that stands there once."""
        payout, ours = self._named(line)
        if payout is None and ours is None:
            payout, ours = self._by_sum(line)
        if payout is not None:
            return self._judge_payout(line, payout)
        if ours is not None:
            return self._judge_ours(line, ours)
        return Judged(Outcome.MISSING_HERE)

    def _named(self, line: BankLine) -> tuple[Payout | None, MerchantPayout | None]:
        """The payout that the entry names: as its end-to-end id, or in the words beside it."""
        names = _names_in(line)
        payout = next((self._payouts[name] for name in names if name in self._payouts), None)
        ours = next((self._ours[name] for name in names if name in self._ours), None)
        return payout, None if payout else ours

    def _by_sum(self, line: BankLine) -> tuple[Payout | None, MerchantPayout | None]:
        """The only payout of this sum that is due about then and that no entry stands for."""
        if line.amount_minor > 0:
            due = [one for one in self._due[line.amount_minor] if abs(due_on(one) - line.booked_on) <= NEAR]
            free = [one for one in due if one.id not in self._stood_for]
            return (free[0], None) if len(free) == 1 else (None, None)
        sent = [one for one in self._sent[line.amount_minor] if abs(sent_on(one) - line.booked_on) <= NEAR]
        mine = [one for one in sent if one.id not in self._stood_for]
        return (None, mine[0]) if len(mine) == 1 else (None, None)

    def _judge_payout(self, line: BankLine, payout: Payout) -> Judged:
        wanted = payout.amount_minor if line.amount_minor >= 0 else -payout.amount_minor
        if self._currency != payout.currency:
            return Judged(Outcome.CURRENCY, payout, expected=wanted)
        if self._stands_for(line, payout.id):
            return Judged(Outcome.DUPLICATE, payout, expected=0)
        if line.amount_minor < 0 and payout.status != PayoutStatus.FAILED:
            return Judged(Outcome.MISSING_HERE, payout, expected=0)  # given back, and the gateway has not said so
        if line.amount_minor != wanted:
            return Judged(Outcome.AMOUNT, payout, expected=wanted)
        is_late = line.amount_minor > 0 and line.booked_on > due_on(payout) + ON_TIME
        return Judged(Outcome.LATE if is_late else Outcome.MATCHED, payout, expected=wanted if is_late else None)

    def _judge_ours(self, line: BankLine, ours: MerchantPayout) -> Judged:
        wanted = -ours.amount_minor if line.amount_minor < 0 else ours.amount_minor
        if self._currency != ours.currency:
            return Judged(Outcome.CURRENCY, merchant_payout=ours, expected=wanted)
        if self._stands_for(line, ours.id):
            return Judged(Outcome.DUPLICATE, merchant_payout=ours, expected=0)
        if ours.status in (MerchantPayoutStatus.PROPOSED, MerchantPayoutStatus.CANCELED):
            return Judged(Outcome.MISSING_HERE, merchant_payout=ours, expected=0)  # it left, and nobody here sent it
        if line.amount_minor != wanted:
            return Judged(Outcome.AMOUNT, merchant_payout=ours, expected=wanted)
        return Judged(Outcome.MATCHED, merchant_payout=ours)

    def _stands_for(self, line: BankLine, subject: str) -> bool:
        """Whether another entry has moved this payout the same way."""
        return (subject, 1 if line.amount_minor >= 0 else -1) in self._counted


def _names_in(line: BankLine) -> list[str]:
    return [name for name in (line.end_to_end, *_IDS.findall(f"{line.end_to_end} {line.words}")) if name]


def _all(session: Session, rows: Select[Any], column: Any, values: Collection[Any]) -> Iterator[Any]:
    """The rows that have one of the values; a query has room for so many."""
    rest = iter(values)
    while some := list(islice(rest, _IN_A_QUERY)):
        yield from session.scalars(rows.where(column.in_(some)))


def _due(session: Session, currency: str, sums: Collection[int]) -> dict[int, list[Payout]]:
    """The gateway's payouts that no entry stands for, by what would come in."""
    rows = select(Payout).where(
        Payout.currency == currency,
        Payout.amount_minor.in_([amount for amount in sums if amount > 0]),
        Payout.status.in_((PayoutStatus.IN_TRANSIT, PayoutStatus.PAID)),
        ~select(BankEntry.number).where(BankEntry.payout_id == Payout.id).exists(),
    )
    found = defaultdict(list)
    for one in session.scalars(rows):
        found[one.amount_minor].append(one)
    return found


def _sent(session: Session, currency: str, sums: Collection[int]) -> dict[int, list[MerchantPayout]]:
    """Ours to merchants that no entry stands for, by what would have left."""
    rows = select(MerchantPayout).where(
        MerchantPayout.currency == currency,
        MerchantPayout.amount_minor.in_([-amount for amount in sums if amount <= 0]),
        MerchantPayout.status.in_((MerchantPayoutStatus.SENT, MerchantPayoutStatus.PAID)),
        ~select(BankEntry.number).where(BankEntry.merchant_payout_id == MerchantPayout.id).exists(),
    )
    found = defaultdict(list)
    for one in session.scalars(rows):
        found[-one.amount_minor].append(one)
    return found


def _counted(session: Session, *subjects: Collection[str]) -> Iterator[tuple[str, int]]:
    """Which of these payouts have an entry that counts, and on which side."""
    for column, ids in zip((BankEntry.payout_id, BankEntry.merchant_payout_id), subjects, strict=True):
        entries = select(BankEntry).where(BankEntry.outcome.in_(_COUNT))
        for entry in _all(session, entries, column, ids):
            yield entry.payout_id or entry.merchant_payout_id, _side(entry.amount_minor)


def _side(amount: int) -> int:
    """1 where it came in, -1 where it left; what moved nothing is on neither."""
    return (amount > 0) - (amount < 0)


def _standing(session: Session, lines: Sequence[BankLine], account: str, currency: str) -> set[str]:
    """The bank's own references among these that stand on a statement of the account already."""
    same = (
        select(BankEntry.reference)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(BankStatement.account == account, BankStatement.currency == currency)
    )
    return set(_all(session, same, BankEntry.reference, {line.reference for line in lines if line.reference}))


def due_on(payout: Payout) -> date:
    """The day on which the gateway says that it arrives."""
    return (payout.paid_at or payout.arrives_at or payout.created_at).date()


def sent_on(payout: MerchantPayout) -> date:
    """The day on which it was sent; proposed, where it was not."""
    return (payout.sent_at or payout.created_at).date()


def _was_missing(session: Session, statement: BankStatement, row: dict[str, Any]) -> bool:
    """Whether an earlier statement lacked it: then it came late, and that is the break that there is."""
    subject = row["payout_id"] or row["merchant_payout_id"]
    line_id = f"{statement.id}:{row['number']}"
    if not came_after_all(session, Side.BANK, subject, line_id, row["amount_minor"]):
        return False
    row["outcome"] = Outcome.LATE
    return True


def _note(session: Session, statement: BankStatement, row: dict[str, Any], judged: Judged) -> None:
    if judged.outcome is Outcome.MATCHED:
        return
    subject = row["payout_id"] or row["merchant_payout_id"]
    line_id = f"{statement.id}:{row['number']}"
    note_break(
        session,
        judged.outcome,
        Side.BANK,
        (subject or row["end_to_end"] or row["reference"] or line_id)[:80],
        line_id,
        statement.currency,
        said=row["amount_minor"],
        expected=judged.expected,
        scope=SCOPE,
        file_id=statement.file_id,
    )


def _note_missing(session: Session, statement: BankStatement, file_id: str) -> int:
    """Payouts that should stand on the account by the statement's last day, and that no statement has."""
    begins, ends = _looked_through(session, statement)
    paid = select(Payout).where(
        Payout.currency == statement.currency,
        Payout.status == PayoutStatus.PAID,
        ~select(BankEntry.number).where(BankEntry.payout_id == Payout.id).exists(),
    )
    due = [one for one in session.scalars(paid).all() if begins <= due_on(one) <= ends]
    missing = [(one.id, one.amount_minor) for one in due if _goes_to(session, one, statement)]
    ours = select(MerchantPayout).where(
        MerchantPayout.currency == statement.currency,
        MerchantPayout.status == MerchantPayoutStatus.PAID,
        ~select(BankEntry.number).where(BankEntry.merchant_payout_id == MerchantPayout.id).exists(),
    )
    missing += [(one.id, -one.amount_minor) for one in session.scalars(ours) if begins <= sent_on(one) <= ends]
    noted = 0
    for source_id, amount in missing:
        if not is_noted_missing(session, Side.BANK, source_id):
            noted += note_break(
                session,
                Outcome.MISSING_THERE,
                Side.BANK,
                source_id,
                "",
                statement.currency,
                said=None,
                expected=amount,
                scope=SCOPE,
                file_id=file_id,
            )
    return noted


def _looked_through(session: Session, statement: BankStatement) -> tuple[date, date]:
    """The days of which this statement, after those before it, has the last word: what is due now may come tomorrow."""
    before = select(BankStatement.id).where(
        BankStatement.account == statement.account,
        BankStatement.currency == statement.currency,
        BankStatement.id != statement.id,
        BankStatement.ends >= statement.begins - timedelta(days=1),
        BankStatement.begins < statement.begins,
    )
    goes_on = session.scalars(before.limit(1)).first() is not None
    return statement.begins - ON_TIME if goes_on else statement.begins, statement.ends - ON_TIME


def _goes_to(session: Session, payout: Payout, statement: BankStatement) -> bool:
    """Whether the payout was to come to this account: by its last digits, or because others did."""
    last4 = str(payout.destination.get("last4", ""))
    if last4 and statement.account.endswith(last4):
        return True
    others = (
        select(BankEntry.number)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(
            BankStatement.account == statement.account,
            BankStatement.currency == statement.currency,
            BankEntry.payout_id.is_not(None),
        )
    )
    return session.scalars(others.limit(1)).first() is not None


def follow_merchants(actor: Actor) -> int:
    """What the bank has of our payouts to merchants is how they ended; how many that were."""
    with reading() as session:
        rows = (
            select(MerchantPayout.id, MerchantPayout.status, BankEntry.amount_minor, BankEntry.booked_on)
            .join(BankEntry, BankEntry.merchant_payout_id == MerchantPayout.id)
            .where(
                BankEntry.outcome.in_(_RIGHT),
                or_(
                    MerchantPayout.status == MerchantPayoutStatus.SENT,
                    (MerchantPayout.status == MerchantPayoutStatus.PAID) & (BankEntry.amount_minor > 0),
                ),
            )
            .order_by(BankEntry.booked_on, BankEntry.amount_minor)
        )
        found: Sequence[Any] = session.execute(rows).all()
    ended = 0
    for payout_id, _, amount, booked_on in found:
        has_left = amount < 0
        status = MerchantPayoutStatus.PAID if has_left else MerchantPayoutStatus.BOUNCED
        word = "stands on" if has_left else "came back by"
        try:
            end_payout(payout_id, status, f"It {word} the bank's statement of {booked_on}", actor)
            ended += 1
        except RuleBroken:
            continue  # somebody wrote it down at the same time
    return ended
