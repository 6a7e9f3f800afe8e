"""Reads camt.053: no document type, no entities, nothing fetched, and caps on how much there may be of anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from app.banking.measured import Measured, TooLong
from app.banking.statement import BankLine, BankStatementFile, Statement
from app.money import Money, UnknownCurrency, exponent_of

MOST_ENTRIES = 100_000
MOST_STATEMENTS = 100
MOST_LEVELS = 32
MOST_ALIVE = 50_000
"""So many elements and attributes are held at a time: a statement's head and one entry are far less."""
MOST_ELEMENTS = 3_000_000
MOST_NAMES = 2_000
"""So many different ones the parser keeps until the end; the message has some hundred."""
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Days are reckoned with; and a statement of all there ever was, as we write it ourselves, begins in 1970."""

_NAMESPACE = re.compile(r"^\{urn:iso:std:iso:20022:tech:xsd:(camt\.053\.001\.(?:0[2-9]|1[0-3]))\}")
_TEXT = re.compile(r"^[^\x00-\x1f\x7f]*$")
_MOST_MINOR = 10**18
_LONGEST_NAMESPACE = 200
_LONGEST_REFERENCE = 80
_NO_ID = "NOTPROVIDED"
_OPENING = ("OPBD", "PRCD")


class Unreadable(ValueError):
    """The file is no statement that can be believed; the text says where and why."""


def read_statements(file: BinaryIO) -> BankStatementFile:
    """Every statement of the file, each one adding up. Unreadable says which entry, and what would be right."""
    try:
        return _read(file)
    except DefusedXmlException:
        raise Unreadable(
            "It brings a document type or entities of its own, which no bank's statement needs: it was not read."
        ) from None
    except TooLong as long:
        raise Unreadable(str(long)) from None
    except ParseError as error:
        line, column = error.position
        raise Unreadable(f"Line {line}, column {column + 1}: that is no well-formed XML.") from None
    except (LookupError, UnicodeError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("Its encoding is none that can be read: send it as UTF-8.") from None


def _read(file: BinaryIO) -> BankStatementFile:
    version, created_at = "", None
    statements: list[Statement] = []
    lines: list[tuple[BankLine, str]] = []
    before = 0
    for element in _parts(file):
        version = version or _version(element)
        name = _name(element)
        if name == "GrpHdr":
            created_at = _moment(_text(element, "CreDtTm"))
        elif name == "Ntry":
            lines += _entry(element, len(lines) + 1)
            if before + len(lines) > MOST_ENTRIES:
                raise Unreadable(f"It has more than {MOST_ENTRIES:,} entries. Send it in parts.")
        else:
            statements.append(_statement(element, lines, f"Statement {len(statements) + 1}"))
            before += len(lines)
            lines = []
            if len(statements) > MOST_STATEMENTS:
                raise Unreadable(f"It has more than {MOST_STATEMENTS} statements. Send it in parts.")
    if not statements:
        raise Unreadable("It holds no statement (Stmt).")
    return BankStatementFile(version, created_at, statements)


def _parts(file: BinaryIO) -> Iterator[Element]:
    """The group's head, each entry, each statement, as they end; what is done with is let go."""
    path: list[tuple[Element, int]] = []
    names: set[str] = set()
    alive = elements = 0
    for event, element in iterparse(Measured(file), events=("start-ns", "start", "end"), forbid_dtd=True):
        if event == "start-ns":
            names.add(_prefix(*element))
            continue
        if event == "start":
            path.append((element, alive))
            elements += 1
            if elements > MOST_ELEMENTS:
                raise Unreadable(f"It has more than {MOST_ELEMENTS:,} elements. Send it in parts.")
            names.update((element.tag, *element.attrib))
            if len(names) > MOST_NAMES:
                raise Unreadable(f"It has more than {MOST_NAMES:,} different names of elements and attributes.")
            alive += 1 + len(element.attrib)
            if len(path) == 1:
                _version(element)
            if len(path) > MOST_LEVELS:
                raise Unreadable(f"Its elements are nested more than {MOST_LEVELS} levels deep.")
            if alive > MOST_ALIVE:
                raise Unreadable(f"A single part of it has more than {MOST_ALIVE:,} elements and attributes.")
            continue
        _, before = path.pop()
        if _name(element) in ("GrpHdr", "Ntry", "Stmt"):
            yield element
            if path:
                path[-1][0].remove(element)
            alive = before


def _prefix(prefix: str, namespace: str) -> str:
    """The prefix, of a namespace that is short: the parser puts it before each name that is in it."""
    if len(namespace) > _LONGEST_NAMESPACE:
        raise Unreadable(f"It has a namespace of more than {_LONGEST_NAMESPACE} characters.")
    return f"{prefix}:"


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _version(element: Element) -> str:
    found = _NAMESPACE.match(element.tag)
    if found is None:
        raise Unreadable(
            f"Its first element is {element.tag[:80]}; a statement is a Document of camt.053.001.02 to .13 (ISO 20022)."
        )
    return found[1]


def _find(element: Element, path: str) -> Element | None:
    """A descendant by its names, whatever the version's namespace."""
    return element.find("/".join(f"{{*}}{name}" for name in path.split("/")))


def _text(element: Element, path: str) -> str:
    found = _find(element, path)
    return "" if found is None else (found.text or "").strip()


def _statement(element: Element, lines: list[tuple[BankLine, str]], where: str) -> Statement:
    id_ = _short(_text(element, "Id"), where, "Id") or _missing(where, "Id")
    account = _text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id") or _missing(where, "Acct/Id")
    balances = {
        _text(one, "Tp/CdOrPrtry/Cd"): one for one in reversed(element.findall("{*}Bal"))
    }  # where one comes twice, the first counts
    opening = next((balances[code] for code in _OPENING if code in balances), None)
    closing = balances.get("CLBD")
    if opening is None or closing is None:
        raise Unreadable(f"{where}: it has no {'opening (OPBD)' if opening is None else 'closing (CLBD)'} balance.")
    opened, currency = _amount(opening, f"{where}, opening balance")
    closed, closing_currency = _amount(closing, f"{where}, closing balance")
    for code in (closing_currency, _text(element, "Acct/Ccy") or currency, *(ccy for _, ccy in lines)):
        if code != currency:
            raise Unreadable(f"{where}: its balance is in {currency}, but something of it in {code[:10]}.")
    found = Statement(
        id_,
        _short("".join(account.split()), where, "Acct/Id", 34),
        currency,
        _day(_text(element, "FrToDt/FrDtTm"), where, "FrToDt")
        if _find(element, "FrToDt/FrDtTm") is not None
        else _day_of(opening, where),
        _day(_text(element, "FrToDt/ToDtTm"), where, "FrToDt")
        if _find(element, "FrToDt/ToDtTm") is not None
        else _day_of(closing, where),
        opened,
        closed,
        [line for line, _ in lines],
    )
    if not found.adds_up:
        raise Unreadable(
            f"{where} does not add up: its opening of {_plain(opened, currency)} and its entries of"
            f" {_plain(found.moved_minor, currency)} are {_plain(opened + found.moved_minor, currency)},"
            f" its closing says {_plain(closed, currency)}. Some entry is missing, or one too many."
        )
    if found.begins > found.ends:
        raise Unreadable(f"{where} ends on {found.ends}, before it begins on {found.begins}.")
    return found


def _entry(element: Element, number: int) -> list[tuple[BankLine, str]]:
    """The entry's lines: one, or one for each of its transactions where they tell their sums. None while pending."""
    where = f"Entry {number}"
    status = _text(element, "Sts/Cd") or _text(element, "Sts")
    if status != "BOOK":
        return []
    amount, currency = _amount(element, where)
    if _text(element, "RvslInd") == "true":
        where += " (a reversal)"
    booked = _day_in(element, "BookgDt", where)
    valued = _day_in(element, "ValDt", where, booked)
    reference = _short(_text(element, "AcctSvcrRef"), where, "AcctSvcrRef")

    def line(part: Element | None, of: int, known_by: str) -> tuple[BankLine, str]:
        told = element if part is None else part
        ends = "" if part is None else _short(_text(part, "Refs/EndToEndId"), where, "EndToEndId")
        words = " ".join(one.text or "" for one in told.iter() if _name(one) in ("Ustrd", "AddtlNtryInf"))
        return BankLine(of, booked, valued, known_by, ends, words[:2000]), currency

    parts = element.findall("{*}NtryDtls/{*}TxDtls")
    if len(parts) > 1 and all(_find(part, "Amt") is not None for part in parts):
        sums = [_amount(part, where, sign_of=element) for part in parts]
        if sum(of for of, _ in sums) == amount and {code for _, code in sums} == {currency}:
            names = _references(parts, reference, where)
            return [line(part, of, name) for part, (of, _), name in zip(parts, sums, names, strict=True)]
    first = parts[0] if parts else None
    own = "" if first is None else _short(_text(first, "Refs/AcctSvcrRef"), where, "AcctSvcrRef")
    return [line(first, amount, own or reference)]


def _references(parts: list[Element], reference: str, where: str) -> list[str]:
    """What each transaction of one entry is known by: never what they have in common, or they would be duplicates.

    Its own reference; else the entry's with its end-to-end id; else the entry's with its place there.
    """
    wanted = []
    for part in parts:
        own = (_short(_text(part, f"Refs/{name}"), where, name) for name in ("AcctSvcrRef", "TxId"))
        ends = _short(_text(part, "Refs/EndToEndId"), where, "EndToEndId")
        known = next((one for one in own if one not in ("", reference, _NO_ID)), "")
        wanted.append(known or (f"{reference}/{ends}" if reference and ends not in ("", _NO_ID) else reference))
    times = Counter(wanted)
    placed = (
        f"{name}#{place}" if name and (times[name] > 1 or name == reference) else name
        for place, name in enumerate(wanted, 1)
    )
    return [name if len(name) <= _LONGEST_REFERENCE else sha256(name.encode()).hexdigest() for name in placed]


def _amount(element: Element, where: str, sign_of: Element | None = None) -> tuple[int, str]:
    """The signed sum in minor units, and its currency."""
    found = _find(element, "Amt")
    if found is None:
        _missing(where, "Amt")
    assert found is not None, "a missing one was refused"
    currency, text = found.get("Ccy", ""), (found.text or "").strip()
    try:
        minor = Decimal(text).scaleb(exponent_of(currency))
        if not minor.is_finite() or minor != minor.to_integral_value() or not 0 <= minor < _MOST_MINOR:
            raise InvalidOperation
    except UnknownCurrency:
        raise Unreadable(f"{where}, Amt: {currency[:10] or 'nothing'} is no currency of ISO 4217.") from None
    except InvalidOperation:
        raise Unreadable(f"{where}, Amt: {text[:40] or 'nothing'} is no amount in {currency}.") from None
    side = _text(element, "CdtDbtInd") or ("" if sign_of is None else _text(sign_of, "CdtDbtInd"))
    if side not in ("CRDT", "DBIT"):
        raise Unreadable(f"{where}, CdtDbtInd: it is {side[:10] or 'missing'}; it must be CRDT or DBIT.")
    return int(minor) if side == "CRDT" else -int(minor), currency


def _day_in(element: Element, name: str, where: str, otherwise: date | None = None) -> date:
    text = _text(element, f"{name}/Dt") or _text(element, f"{name}/DtTm")
    return otherwise if not text and otherwise is not None else _day(text, where, name)


def _day_of(balance: Element, where: str) -> date:
    return _day_in(balance, "Dt", f"{where}, balance")


def _day(text: str, where: str, name: str) -> date:
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        raise Unreadable(f"{where}, {name}: {text[:40] or 'nothing'} is no day like 2026-11-23.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unreadable(f"{where}, {name}: {day} is no day of the years {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _short(text: str, where: str, name: str, most: int = 80) -> str:
    if len(text) > most or not _TEXT.match(text):
        raise Unreadable(f"{where}, {name}: at most {most} plain characters, not {text[:20]!r}….")
    return text


def _missing(where: str, name: str) -> str:
    raise Unreadable(f"{where}: it has no {name}.")


def _plain(minor: int, currency: str) -> str:
    return str(Money(minor, currency))
