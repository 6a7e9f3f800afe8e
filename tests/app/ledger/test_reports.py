"""Reports: the same figures in every form and by SQL, formulas that stay text, and the same file whoever is killed."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from openpyxl import load_workbook
from pyiso20022.camt.camt_053_001_08 import Document
from pypdf import PdfReader
from sqlalchemy import func, select, text
from xsdata.formats.dataclass.parsers import XmlParser

from app import db
from app.banking import read_statements
from app.clock import wall_now
from app.db import reading, transaction
from app.filters import amount
from app.ids import new_id
from app.jobs import Lane, worker
from app.jobs.queue import claim, free_leases_of_the_dead, worker_name
from app.ledger.chain import seal_ledger
from app.merchants.models import CommissionPlan, Merchant
from app.merchants.terms import Terms
from app.money import Money, exponent_of
from app.operators.models import Operator
from app.reports import make
from app.reports.as_csv import words_of
from app.reports.asked import Asked, Form, Kind
from app.reports.build import build
from app.reports.cut import Cut, cut_now
from app.reports.files import FORMS
from app.reports.models import MadeReport, ReportPiece
from app.reports.report import Cell, Ref, Report, fixed
from app.reports.states import MadeStatus
from app.timeline import Actor, ActorKind
from tests.app.ledger.world import begin

CURRENCIES = ("USD", "JPY", "KWD", "CLF")
"""With 2, 0, 3 and 4 digits after the point."""
FORMULA = '=HYPERLINK("http://127.0.0.1/","Ada & <Co>")'
TESTER = Actor(ActorKind.TERMINAL, "test")
CHILD = """
import sys
from app import db, models
from app.jobs import Lane, worker
from app.jobs.queue import claim, free_leases_of_the_dead, worker_name
from app.reports import make
db.connect(sys.argv[1])
make.STEP, make.PIECE_BYTES = 5, 3000
free_leases_of_the_dead()
owner = worker_name()
for job in claim(owner, {Lane.REPORTS: 9}):
    worker._do(job, owner)
"""


@pytest.fixture(scope="module")
def seals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seals")


@pytest.fixture(scope="module")
def seller(books: str, seals: Path) -> str:
    """The id of a merchant whose name is a formula, with sales in four currencies; the books are sealed."""
    merchant = Merchant(id=new_id("mer"), name=FORMULA, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    with transaction() as session:
        session.add(merchant)
        session.flush()
        terms = Terms(basis_points=1000, tax_basis_points=1900).model_dump(mode="json")
        session.add(
            CommissionPlan(
                id=new_id("cpl"),
                merchant_id=merchant.id,
                valid_from=merchant.created_at,
                terms=terms,
                reason="as agreed",
                actor_name="test",
                created_at=merchant.created_at,
            )
        )
    for currency in CURRENCIES:
        for number in range(3):
            story = begin(123_456 + number, currency, merchant_id=merchant.id)
            story.capture(100_000 + number, final=True)
            story.refund(7 * number, "succeeded")
        story.dispute(999, 15)
    seal(seals)
    return merchant.id


@pytest.fixture(scope="module")
def operator(books: str) -> str:
    """The id of somebody who asks for reports."""
    somebody = Operator(id=new_id("opr"), name="Fay", role="finance", created_at=wall_now())
    with transaction() as session:
        session.add(somebody)
    return somebody.id


def seal(folder: Path) -> None:
    while seal_ledger(folder):
        pass


def read_whole(asked: Asked, cut: Cut | None = None) -> Report:
    """The report with all its rows in memory."""
    with reading() as session:
        report = build(session, asked, cut or cut_now(session))
        sheets = []
        for sheet in report.sheets:
            rows = list(sheet.all())
            assert len(rows) == sheet.count
            assert all(len(row.cells) == len(sheet.columns) for row in rows)
            sheets.append(replace(sheet, rows=fixed(rows)))
    return replace(report, sheets=sheets)


def write(asked: Asked, form: Form, cut: Cut | None = None) -> bytes:
    out = io.BytesIO()
    with reading() as session:
        FORMS[form].write(build(session, asked, cut or cut_now(session)), out)
    return out.getvalue()


def debits_less_credits(codes: tuple[str, ...], currency: str, owner: str) -> int:
    """By plain SQL, of the whole ledger."""
    statement = (
        "SELECT COALESCE(SUM(p.amount_minor), 0) FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id"
        " WHERE a.code = :code AND a.currency = :currency AND a.owner LIKE :owner"
    )
    with db.engine().connect() as connection:
        return sum(
            int(connection.execute(text(statement), {"code": one, "currency": currency, "owner": owner}).scalar_one())
            for one in codes
        )


def asked_of(kind: Kind, seller: str, currency: str | None) -> Asked:
    owner = seller if kind in (Kind.MERCHANT, Kind.TAX, Kind.LEDGER) else None
    month = f"{wall_now():%Y-%m}" if kind is Kind.MONTH else None
    return Asked(kind, merchant=owner, currency=currency, month=month)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_statement_says_what_the_ledger_says_and_its_lines_add_up(seller: str, currency: str) -> None:
    for kind, by_sql in (
        (Kind.SETTLEMENT, debits_less_credits(("psp_pending", "psp_available"), currency, "%")),
        (Kind.MERCHANT, -debits_less_credits(("merchant_due",), currency, seller)),
    ):
        report = read_whole(asked_of(kind, seller, currency))
        figures, lines = (list(sheet.all()) for sheet in report.sheets)
        told = {row.cells[0]: row.cells[-1] for row in figures}
        assert told["Closing"] == Money(by_sql, currency)
        changes = [step.amount.amount_minor for step in report.waterfalls[0] if not step.is_level]
        assert sum(changes) == by_sql
        assert sum(_minor(row.cells[-1]) for row in lines) == by_sql
        assert "Other movements" not in told
        for row in figures:
            if row.figure:
                own = read_whole(replace(report.asked, figure=row.figure)).sheets[1]
                assert sum(_minor(one.cells[-1]) for one in own.all()) == _minor(row.cells[-1])
                assert own.count == row.cells[1]


def test_a_period_opens_with_what_the_one_before_closed_with(seller: str) -> None:
    today = wall_now().date()
    until_yesterday = read_whole(Asked(Kind.SETTLEMENT, currency="USD", until=today.replace(year=today.year - 1)))
    since = read_whole(Asked(Kind.SETTLEMENT, currency="USD", since=today.replace(year=today.year - 1)))
    assert until_yesterday.waterfalls[0][-1].amount == since.waterfalls[0][0].amount == Money(0, "USD")
    assert since.waterfalls[0][-1].amount == read_whole(Asked(Kind.SETTLEMENT, currency="USD")).waterfalls[0][-1].amount


def test_the_ledger_extract_balances(books: str, seller: str) -> None:
    report = read_whole(Asked(Kind.LEDGER, currency="KWD"))
    balances, postings = report.sheets
    *_, together = balances.all()
    assert _minor(together.cells[-1]) == 0
    assert _minor(together.cells[3]) == _minor(together.cells[4]) == sum(_minor(row.cells[6]) for row in postings.all())


@pytest.mark.parametrize(
    "kind", [Kind.SETTLEMENT, Kind.MERCHANT, Kind.TAX, Kind.LEDGER, Kind.MONTH, Kind.FEES], ids=str
)
def test_every_form_has_the_same_figures(seller: str, kind: Kind) -> None:
    asked = asked_of(kind, seller, None)
    with reading() as session:
        cut = cut_now(session)
    report = read_whole(asked, cut)
    assert {sheet.currency for sheet in report.sheets} == set(CURRENCIES)
    _same_in_csv(report, write(asked, Form.CSV, cut))
    _same_in_a_workbook(report, write(asked, Form.XLSX, cut))
    _same_on_paper(report, write(asked, Form.PDF, cut))


def _same_in_csv(report: Report, content: bytes) -> None:
    told = [[_told(cell) for cell in row.cells] for sheet in report.sheets for row in sheet.all()]
    assert told
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    sheets = [sheet for sheet in report.sheets for _ in range(sheet.count)]
    assert [(row["section"], row["currency"]) for row in rows] == [(one.name, one.currency) for one in sheets]
    assert [
        [row[column.name].removeprefix("'") for column in one.columns] for row, one in zip(rows, sheets, strict=True)
    ] == told


def _same_in_a_workbook(report: Report, content: bytes) -> None:
    book = load_workbook(io.BytesIO(content))
    for sheet in report.sheets:
        worksheet = book[f"{sheet.name} {sheet.currency}"]
        assert worksheet.freeze_panes == "A2"
        for cells, row in zip(worksheet.iter_rows(min_row=2), sheet.all(), strict=True):
            for cell, wanted in zip(cells, row.cells, strict=False):
                assert cell.data_type != "f"
                if isinstance(wanted, Money):
                    digits = exponent_of(wanted.currency)
                    sums = "#,##0" + ("." + "0" * digits if digits else "")
                    assert (Decimal(str(cell.value)), cell.number_format) == (wanted.major, sums)
                elif isinstance(wanted, datetime):
                    assert isinstance(cell.value, datetime)
                    assert abs(cell.value - wanted.replace(tzinfo=None)) < timedelta(seconds=1)
                elif isinstance(wanted, str):
                    assert cell.value == wanted


def _same_on_paper(report: Report, content: bytes) -> None:
    paper = PdfReader(io.BytesIO(content))
    words = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    for sheet in report.sheets:
        for row in sheet.all():
            for wanted in row.cells:
                if isinstance(wanted, Money):
                    assert f"{amount(wanted)} {wanted.currency}" in words
    assert f"Page 1 of {len(paper.pages)}" in words
    assert f"link {report.cut.link:,}" in words


@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_waterfall_on_paper_is_as_long_as_its_amounts(seller: str, currency: str) -> None:
    asked = asked_of(Kind.SETTLEMENT, seller, currency)
    steps = [abs(step.amount.amount_minor) for step in read_whole(asked).waterfalls[0]]
    widths = [width for width, _ in _bars_on_paper(write(asked, Form.PDF))]
    scale = max(widths) / max(steps)
    assert widths == pytest.approx([step * scale for step in steps], abs=1)


def test_a_month_on_paper_has_a_bar_for_all_that_moved_on_each_day(seller: str) -> None:
    asked = asked_of(Kind.MONTH, seller, None)
    parts = [[one for day in days for one in day.moved if one] for days in read_whole(asked).days]
    assert all(parts)
    content = write(asked, Form.PDF)
    names_of_series = 4
    assert len(_bars_on_paper(content)) == sum(len(one) + names_of_series for one in parts)
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert all(f"What moved in {currency}" in words for currency in CURRENCIES)


def _bars_on_paper(content: bytes) -> list[tuple[float, float]]:
    """How broad and high each filled rectangle is, in points; the ground of a table's head is written otherwise."""
    contents = [page.get_contents() for page in PdfReader(io.BytesIO(content)).pages]
    drawn = b"\n".join(one.get_data() for one in contents if one is not None)
    found = re.findall(rb"^[\d.]+ [\d.]+ ([\d.]+) -([\d.]+) re f$", drawn, re.MULTILINE)
    return [(float(width), float(height)) for width, height in found]


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("kind", [Kind.SETTLEMENT, Kind.MERCHANT])
def test_a_bank_reads_the_statement_as_camt(seller: str, kind: Kind, currency: str) -> None:
    asked = asked_of(kind, seller, currency)
    content = write(asked, Form.CAMT)
    (own,) = read_statements(io.BytesIO(content)).statements
    assert (own.currency, own.adds_up) == (currency, True)
    document = XmlParser().from_bytes(content, Document)
    (statement,) = document.bk_to_cstmr_stmt.stmt
    balances = {one.tp.cd_or_prtry.cd: _signed(one, currency) for one in statement.bal}
    steps = read_whole(asked).waterfalls[0]
    assert (balances["OPBD"], balances["CLBD"]) == (steps[0].amount.major, steps[-1].amount.major)
    assert balances["OPBD"] + sum(_signed(one, currency) for one in statement.ntry) == balances["CLBD"]
    assert all(one.ntry_dtls[0].tx_dtls[0].refs.end_to_end_id for one in statement.ntry)


def test_a_name_that_is_a_formula_stays_text(seller: str) -> None:
    asked = Asked(Kind.TAX, merchant=seller, currency="USD")
    content = write(Asked(Kind.LEDGER, merchant=seller, currency="USD"), Form.CSV).decode()
    assert f'"\'{FORMULA.replace(chr(34), chr(34) * 2)}"' in content
    book = load_workbook(io.BytesIO(write(asked, Form.XLSX)))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value == FORMULA} == {"s"}
    assert all(cell.data_type != "f" for cell in cells)


def test_a_cut_stays_what_it_was(seller: str, seals: Path) -> None:
    asked = Asked(Kind.SETTLEMENT, currency="USD")
    with reading() as session:
        cut = cut_now(session)
    before = {form: write(asked, form, cut) for form in Form}
    begin(5_000, "USD", merchant_id=seller).capture(4_999, final=True)
    seal(seals)
    assert {form: write(asked, form, cut) for form in Form} == before
    assert write(asked, Form.CSV) != before[Form.CSV]


@pytest.mark.rounds(10)
def test_a_report_that_is_killed_is_the_same_file_afterwards(
    seller: str, operator: str, seals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instants: list[str] = []
    monkeypatch.setattr(make, "STEP", 5)
    monkeypatch.setattr(make, "PIECE_BYTES", 3000)
    whole = _ask(operator, None)
    with monkeypatch.context() as patched:
        patched.setattr(make, "crash_point", instants.append)
        _work()
    expected = b"".join(make.pieces_of(whole.id))
    with reading() as session:
        cut = Cut(whole.cut_link, whole.cut_hash, whole.cut_at)
        assert _status(whole.id) == MadeStatus.READY
        assert session.get_one(MadeReport, whole.id).size == len(expected)
    for instant in Random().sample(instants[:-1], 5):
        _forget(whole.id)
        made = _ask(operator, cut)
        child = subprocess.run(
            [sys.executable, "-c", CHILD, db.engine().url.render_as_string(hide_password=False)],
            env=os.environ | {"COUNTERFOIL_CRASH_AT": instant},
            start_new_session=True,
            timeout=60,
            check=False,
        )
        assert child.returncode == -signal.SIGKILL
        begin(2_000, "USD", merchant_id=seller).capture(1_999, final=True)
        seal(seals)
        _work()
        assert _status(made.id) == MadeStatus.READY, instant
        assert b"".join(make.pieces_of(made.id)) == expected, instant
        whole = made


def test_what_is_asked_for_again_is_made_once_and_forgotten_in_time(seller: str, operator: str) -> None:
    first = _ask(operator, None)
    assert _ask(operator, Cut(first.cut_link, first.cut_hash, first.cut_at)).id == first.id
    _work()
    assert b"".join(make.pieces_of(first.id))
    with transaction() as session:
        session.get_one(MadeReport, first.id).expires_at = wall_now()
    make.forget_old_reports()
    with reading() as session:
        assert session.get(MadeReport, first.id) is None
        pieces = select(func.count()).select_from(ReportPiece).where(ReportPiece.report_id == first.id)
        assert session.scalar(pieces) == 0


def _ask(operator: str, cut: Cut | None) -> MadeReport:
    with reading() as session:
        report = build(session, Asked(Kind.LEDGER, currency="USD"), cut or cut_now(session))
    return make.ask_for(report, Form.CSV, TESTER, operator, 1)


def _forget(report_id: str) -> None:
    with transaction() as session:
        session.get_one(MadeReport, report_id).expires_at = wall_now()
    make.forget_old_reports()


def _work() -> None:
    """What a worker does about reports; other jobs of these tests wait for nobody."""
    free_leases_of_the_dead()
    owner = worker_name()
    for job in claim(owner, {Lane.REPORTS: 9}):
        worker._do(job, owner)


def _status(report_id: str) -> str:
    with reading() as session:
        return session.get_one(MadeReport, report_id).status


def _minor(cell: Cell) -> int:
    return cell.amount_minor if isinstance(cell, Money) else 0


def _told(cell: Cell) -> str:
    """A cell as CSV has it."""
    match cell:
        case None:
            return ""
        case Money():
            return cell.plain()
        case Ref():
            return words_of(cell)
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return str(cell)


def _signed(entry: object, currency: str) -> Decimal:
    """An amount of camt with its sign."""
    told = entry.amt  # type: ignore[attr-defined]  # the classes are generated
    assert told.ccy == currency
    way = entry.cdt_dbt_ind.value  # type: ignore[attr-defined]  # as above
    return Decimal(told.value) if way == "CRDT" else -Decimal(told.value)
