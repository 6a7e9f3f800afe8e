"""Writes camt.053.001.08 as a bank would: balances before and after, and every entry between them, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import BinaryIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from app.banking.statement import BankLine, Statement
from app.money import Money

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def write_statements(
    statements: Iterable[tuple[Statement, Iterable[BankLine]]], message_id: str, created_at: datetime, out: BinaryIO
) -> None:
    """One message in UTF-8, read as `read_statements` reads it.

    Each statement comes with its lines, which may be more than memory holds: those of the statement itself are not
    looked at. What does not add up is a mistake of ours (AssertionError).
    """
    xml = _Xml(out)
    with xml.inside("Document", xmlns=NAMESPACE), xml.inside("BkToCstmrStmt"):
        with xml.inside("GrpHdr"):
            xml.put("MsgId", message_id[:35])
            xml.put("CreDtTm", _instant(created_at))
        for statement, lines in statements:
            with xml.inside("Stmt"):
                _statement(xml, statement, lines, created_at)
    xml.end()


class _Xml:
    """Elements in their order, each on a line of its own; each closes where its block ends."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = XMLGenerator(out, "utf-8", short_empty_elements=True)
        self._out.startDocument()
        self._level = 0

    @contextmanager
    def inside(self, path: str, **attributes: str) -> Iterator[None]:
        """In elements within each other, `A/B`; attributes are the innermost one's."""
        *outer, innermost = path.split("/")
        for name in outer:
            self._begin(name, {})
        self._begin(innermost, attributes)
        yield
        for name in (innermost, *reversed(outer)):
            self._level -= 1
            self._new_line()
            self._out.endElement(name)

    def put(self, path: str, text: str, **attributes: str) -> None:
        """An element of text, within those before it on the path."""
        outer, _, name = path.rpartition("/")
        if outer:
            with self.inside(outer):
                self.put(name, text, **attributes)
            return
        self._new_line()
        self._out.startElement(name, AttributesImpl(attributes))
        self._out.characters(text)
        self._out.endElement(name)

    def end(self) -> None:
        self._out.ignorableWhitespace("\n")
        self._out.endDocument()

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if self._level:
            self._new_line()
        self._out.startElement(name, AttributesImpl(attributes))
        self._level += 1

    def _new_line(self) -> None:
        self._out.ignorableWhitespace("\n" + "  " * self._level)


def _statement(xml: _Xml, statement: Statement, lines: Iterable[BankLine], created_at: datetime) -> None:
    xml.put("Id", statement.id)
    xml.put("CreDtTm", _instant(created_at))
    with xml.inside("FrToDt"):
        xml.put("FrDtTm", f"{statement.begins}T00:00:00Z")
        xml.put("ToDtTm", f"{statement.ends}T23:59:59Z")
    is_iban = statement.account[:2].isalpha() and statement.account[2:4].isdigit()
    with xml.inside("Acct"):
        xml.put("Id/IBAN" if is_iban else "Id/Othr/Id", statement.account)
        xml.put("Ccy", statement.currency)
        if statement.name:
            xml.put("Nm", statement.name[:70])
    _balance(xml, "OPBD", statement.opening_minor, statement.currency, statement.begins)
    _balance(xml, "CLBD", statement.closing_minor, statement.currency, statement.ends)
    reached = statement.opening_minor
    for number, line in enumerate(lines, 1):
        with xml.inside("Ntry"):
            _entry(xml, line, statement.currency, number)
        reached += line.amount_minor
    assert reached == statement.closing_minor, f"{statement.id} does not add up"


def _balance(xml: _Xml, code: str, minor: int, currency: str, day: date) -> None:
    with xml.inside("Bal"):
        xml.put("Tp/CdOrPrtry/Cd", code)
        _amount(xml, minor, currency)
        xml.put("Dt/Dt", day.isoformat())


def _entry(xml: _Xml, line: BankLine, currency: str, number: int) -> None:
    xml.put("NtryRef", str(number))
    _amount(xml, line.amount_minor, currency)
    xml.put("Sts/Cd", "BOOK")
    xml.put("BookgDt/Dt", line.booked_on.isoformat())
    xml.put("ValDt/Dt", line.valued_on.isoformat())
    if line.reference:
        xml.put("AcctSvcrRef", line.reference)
    with xml.inside("BkTxCd/Domn"):
        xml.put("Cd", "PMNT")
        with xml.inside("Fmly"):
            xml.put("Cd", "RCDT" if line.amount_minor >= 0 else "ICDT")
            xml.put("SubFmlyCd", "OTHR")
    with xml.inside("NtryDtls/TxDtls"):
        if line.end_to_end:
            xml.put("Refs/EndToEndId", line.end_to_end)
        _amount(xml, line.amount_minor, currency)
        if line.words:
            xml.put("RmtInf/Ustrd", line.words[:140])


def _amount(xml: _Xml, minor: int, currency: str) -> None:
    """Without a sign: which way it goes is said beside it."""
    xml.put("Amt", Money(abs(minor), currency).plain(), Ccy=currency)
    xml.put("CdtDbtInd", "CRDT" if minor >= 0 else "DBIT")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
