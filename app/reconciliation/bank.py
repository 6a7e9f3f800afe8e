"""Takes the bank's statements in: every entry is a payout of the gateway's, one of ours to a merchant, or a break."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO, cast

from sqlalchemy import Table, insert, or_, select
from sqlalchemy.orm import Session

from app.banking import BankLine, Statement, Unreadable, read_statements
from app.clock import business_now
from app.crash import crash_point
from app.db import insert_if_absent, reading, transaction
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
ON_TIME = timedelta(days=2)
"""How much later than the gateway says a payout may stand at the bank: weekends and the bank's own cut-off."""
NEAR = timedelta(days=3)
"""How far apart days may be where only the sum tells which payout an entry is."""
_IDS = re.compile(r"\b(?:po|mpo)_[0-9A-Za-z]{6,70}\b")
_ENTRIES = cast(Table, BankEntry.__table__)
_FILES = cast(Table, ImportedFile.__table__)
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
    """Take in a file of the bank's, all of it or nothing; the file's id. InvalidInput says what is wrong."""
    file.seek(0)
    try:
        read = read_statements(file)
    except Unreadable as why:
        refuse(str(why))
    with transaction() as session:
        for number, one in enumerate(read.statements, 1):
            _check_new(session, one, number)
        made = ImportedFile(
            id=new_id("imp"),
            status=FileStatus.READ,
            kind=FileKind.STATEMENT,
            layout=read.version,
            name=name,
            size=looked.size,
            sha256=looked.sha256,
            rows=sum(len(one.lines) for one in read.statements),
            rows_read=sum(len(one.lines) for one in read.statements),
            matched=0,
            differing=0,
            begins=min(one.begins for one in read.statements),
            ends=max(one.ends for one in read.statements),
            brought_by=actor.name[:200],
            created_at=business_now(session),
        )
        values = {column.name: getattr(made, column.name) for column in _FILES.columns}
        if not insert_if_absent(session, _FILES, values):
            return session.scalars(select(ImportedFile.id).where(ImportedFile.sha256 == looked.sha256)).one()
        kept = session.get_one(ImportedFile, made.id)
        for one in read.statements:
            _take_in(session, kept, one)
    crash_point("statement.taken_in")
    follow_merchants(actor)
    return made.id


def _check_new(session: Session, one: Statement, number: int) -> None:
    known = session.scalars(
        select(BankStatement).where(
            BankStatement.account == one.account,
            BankStatement.currency == one.currency,
            BankStatement.reference == one.id,
        )
    ).one_or_none()
    if known is not None:
        refuse(
            f"Statement {number}, Id: {one.id} of this account was brought on {known.created_at:%d %b %Y} in another"
            " file, which said something else. A bank's statement does not change; ask it which one holds.",
            "statement_known",
        )


def _take_in(session: Session, file: ImportedFile, one: Statement) -> None:
    statement = BankStatement(
        id=new_id("bst"),
        file_id=file.id,
        reference=one.id,
        account=one.account,
        currency=one.currency,
        begins=one.begins,
        ends=one.ends,
        opening_minor=one.opening_minor,
        closing_minor=one.closing_minor,
        entries=len(one.lines),
        created_at=business_now(session),
    )
    session.add(statement)
    session.flush()
    for number, line in enumerate(one.lines, 1):
        judged = judge_entry(session, line, one.currency, one.account)
        row = _row(statement, number, line, judged)
        if not (judged.outcome in _RIGHT and _was_missing(session, statement, row)):
            _note(session, statement, row, judged)
        session.execute(insert(_ENTRIES), row)  # at once: the next one may be of the same payout
        file.matched += row["outcome"] is Outcome.MATCHED
        file.differing += row["outcome"] is not Outcome.MATCHED
    file.differing += _note_missing(session, statement, file.id)


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


def judge_entry(session: Session, line: BankLine, currency: str, account: str) -> Judged:
    """What one entry is: by its id, else by its sum, currency and day."""
    if line.reference and _stands_already(session, line.reference, account, currency):
        payout, ours = _named(session, line)
        return Judged(Outcome.DUPLICATE, payout, ours, 0)
    return judge_named(session, line, currency)


def judge_named(session: Session, line: BankLine, currency: str) -> Judged:
    """The same of an entry that stands there once."""
    payout, ours = _named(session, line)
    if payout is None and ours is None:
        payout, ours = _by_sum(session, line, currency)
    if payout is not None:
        return _judge_payout(session, line, currency, payout)
    if ours is not None:
        return _judge_ours(session, line, currency, ours)
    return Judged(Outcome.MISSING_HERE)


def _stands_already(session: Session, reference: str, account: str, currency: str) -> bool:
    same = (
        select(BankEntry.number)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(BankEntry.reference == reference, BankStatement.account == account, BankStatement.currency == currency)
    )
    return session.scalars(same.limit(1)).first() is not None


def _named(session: Session, line: BankLine) -> tuple[Payout | None, MerchantPayout | None]:
    """The payout that the entry names: as its end-to-end id, or in the words beside it."""
    names = [name for name in (line.end_to_end, *_IDS.findall(f"{line.end_to_end} {line.words}")) if name]
    if not names:
        return None, None
    payout = session.scalars(select(Payout).where(Payout.id.in_(names)).limit(1)).first()
    ours = session.scalars(select(MerchantPayout).where(MerchantPayout.id.in_(names)).limit(1)).first()
    return payout, None if payout else ours


def _by_sum(session: Session, line: BankLine, currency: str) -> tuple[Payout | None, MerchantPayout | None]:
    """The only payout of this sum that is due about then and that no entry stands for."""
    if line.amount_minor > 0:
        rows = select(Payout).where(
            Payout.currency == currency,
            Payout.amount_minor == line.amount_minor,
            Payout.status.in_((PayoutStatus.IN_TRANSIT, PayoutStatus.PAID)),
            ~select(BankEntry.number).where(BankEntry.payout_id == Payout.id).exists(),
        )
        found = [one for one in session.scalars(rows) if abs(due_on(one) - line.booked_on) <= NEAR]
        return (found[0], None) if len(found) == 1 else (None, None)
    ours = select(MerchantPayout).where(
        MerchantPayout.currency == currency,
        MerchantPayout.amount_minor == -line.amount_minor,
        MerchantPayout.status.in_((MerchantPayoutStatus.SENT, MerchantPayoutStatus.PAID)),
        ~select(BankEntry.number).where(BankEntry.merchant_payout_id == MerchantPayout.id).exists(),
    )
    mine = [one for one in session.scalars(ours) if abs(sent_on(one) - line.booked_on) <= NEAR]
    return (None, mine[0]) if len(mine) == 1 else (None, None)


def due_on(payout: Payout) -> date:
    """The day on which the gateway says that it arrives."""
    return (payout.paid_at or payout.arrives_at or payout.created_at).date()


def sent_on(payout: MerchantPayout) -> date:
    """The day on which it was sent; proposed, where it was not."""
    return (payout.sent_at or payout.created_at).date()


def _judge_payout(session: Session, line: BankLine, currency: str, payout: Payout) -> Judged:
    wanted = payout.amount_minor if line.amount_minor >= 0 else -payout.amount_minor
    if currency != payout.currency:
        return Judged(Outcome.CURRENCY, payout, expected=wanted)
    before = _entries_of(session, BankEntry.payout_id == payout.id, is_credit=line.amount_minor >= 0)
    if before:
        return Judged(Outcome.DUPLICATE, payout, expected=0)
    if line.amount_minor < 0 and payout.status != PayoutStatus.FAILED:
        return Judged(Outcome.MISSING_HERE, payout, expected=0)  # given back, and the gateway has not said so
    if line.amount_minor != wanted:
        return Judged(Outcome.AMOUNT, payout, expected=wanted)
    is_late = line.amount_minor > 0 and line.booked_on > due_on(payout) + ON_TIME
    return Judged(Outcome.LATE if is_late else Outcome.MATCHED, payout, expected=wanted if is_late else None)


def _judge_ours(session: Session, line: BankLine, currency: str, ours: MerchantPayout) -> Judged:
    wanted = -ours.amount_minor if line.amount_minor < 0 else ours.amount_minor
    if currency != ours.currency:
        return Judged(Outcome.CURRENCY, merchant_payout=ours, expected=wanted)
    if _entries_of(session, BankEntry.merchant_payout_id == ours.id, is_credit=line.amount_minor >= 0):
        return Judged(Outcome.DUPLICATE, merchant_payout=ours, expected=0)
    if ours.status in (MerchantPayoutStatus.PROPOSED, MerchantPayoutStatus.CANCELED):
        return Judged(Outcome.MISSING_HERE, merchant_payout=ours, expected=0)  # it left, and nobody here sent it
    if line.amount_minor != wanted:
        return Judged(Outcome.AMOUNT, merchant_payout=ours, expected=wanted)
    return Judged(Outcome.MATCHED, merchant_payout=ours)


def _entries_of(session: Session, of: Any, *, is_credit: bool) -> bool:
    side = BankEntry.amount_minor > 0 if is_credit else BankEntry.amount_minor < 0
    rows = select(BankEntry.number).where(of, side, BankEntry.outcome.in_(_COUNT))
    return session.scalars(rows.limit(1)).first() is not None


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
