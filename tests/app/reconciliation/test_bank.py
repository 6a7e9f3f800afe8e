"""The bank's statements: matched with payouts, summed, and side by side with books and report; what is hostile, or does
not add up, is refused; what differs is explained, given to somebody, and ended by one person or by two."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.banking import BankLine, Statement, Unreadable, read_statements, write_statements
from app.reconciliation.bank import CHUNK
from tests.app.reconciliation.files import BRING, IBAN, NOW, NUMBERS, as_bank, batched, bring, statement
from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.clients import Json
from tests.stack import until


def credit(payout: Json, **changes: object) -> BankLine:
    day = datetime.fromisoformat(payout["paid_at"]).date()
    line = BankLine(payout["amount"], day, day, f"REF{next(NUMBERS)}", payout["id"])
    return replace(line, **changes)  # type: ignore[arg-type]  # of the line's own fields


def new_breaks(shop: Shop, known: set[str]) -> list[Json]:
    return [dict(row) for row in shop.rows("SELECT * FROM breaks ORDER BY id") if row["id"] not in known]


def known_breaks(shop: Shop) -> set[str]:
    return {row["id"] for row in shop.rows("SELECT id FROM breaks")}


def state_of(finance: Visitor, payout: Json) -> list[str]:
    """A payout's row of the three-way page: what it says of books, report and bank."""
    page = finance.read(f"/three-way?currency={payout['currency']}&since={payout['created_at'][:10]}").html
    row = next(row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if payout["id"] in row)
    words = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
    return words[2:6]


def test_books_report_and_bank_agree_on_one_page(shop: Shop, finance: Visitor, payouts: dict[str, Json]) -> None:
    payout = payouts["GBP"]
    said = f"{payout['amount'] / 100:,.2f}"
    assert state_of(finance, payout) == ["Waits for the bank", said, said, "none yet"]
    known = known_breaks(shop)
    answer = bring(finance, statement("GBP", date.fromisoformat(payout["paid_at"][:10]), credit(payout)), "bank.xml")
    assert "All of it agrees" in answer.text, answer.text
    assert new_breaks(shop, known) == []
    assert state_of(finance, payout) == ["Agrees", said, said, said]
    page = finance.read(f"/three-way?currency=GBP&since={payout['created_at'][:10]}")
    for link in {one.href for one in page.links if one.text.strip() == said}:
        assert finance.get(link.partition("#")[0]).status_code == 200, link


@pytest.mark.parametrize(
    ("kind", "currency", "change"),
    [
        ("amount", "SEK", {"amount_minor": 1}),
        ("duplicate", "AUD", {}),
        ("missing_here", "CAD", {"end_to_end": "NOTPROVIDED", "amount_minor": 77}),
        ("late", "NZD", {}),
    ],
)
def test_each_kind_of_break_is_found_and_explained(
    shop: Shop, finance: Visitor, payouts: dict[str, Json], kind: str, currency: str, change: dict[str, object]
) -> None:
    payout = payouts[currency]
    known = known_breaks(shop)
    day = date.fromisoformat(payout["paid_at"][:10])
    lines = {
        "duplicate": [credit(payout), credit(payout)],
        "late": [credit(payout, booked_on=day + timedelta(days=3))],
        "missing_here": [credit(payout), credit(payout, **change)],
    }.get(kind, [credit(payout, **change)])
    answer = bring(finance, statement(currency, day, *lines), f"{kind}.xml")
    assert answer.status_code == 200, answer.text
    (found,) = new_breaks(shop, known)
    assert (found["kind"], found["side"], found["status"]) == (kind, "bank", "open")
    page = finance.read(f"/breaks/{found['id']}").text
    assert "Likely cause" in page
    assert "What to do" in page
    assert (state_of(finance, payout)[0] == "Agrees") is (kind in ("late", "missing_here"))


def test_a_payout_in_another_currency_is_found(shop: Shop, finance: Visitor, payouts: dict[str, Json]) -> None:
    payout = payouts["NOK"]
    known = known_breaks(shop)
    bring(finance, statement("DKK", date.fromisoformat(payout["paid_at"][:10]), credit(payout)))
    assert [one["kind"] for one in new_breaks(shop, known)] == ["currency"]


def test_what_the_bank_lacks_is_missing_and_then_late(shop: Shop, finance: Visitor, payouts: dict[str, Json]) -> None:
    payout = payouts["PLN"]
    known = known_breaks(shop)
    day = date.fromisoformat(payout["paid_at"][:10])
    bring(finance, statement("PLN", day, days=1))
    assert new_breaks(shop, known) == [], "it may still come tomorrow"
    bring(finance, statement("PLN", day + timedelta(days=2), days=2))
    (missing,) = new_breaks(shop, known)
    assert (missing["kind"], missing["source_id"], missing["said_minor"]) == ("missing_there", payout["id"], None)
    assert state_of(finance, payout)[0] == "Differs"
    bring(finance, statement("PLN", day + timedelta(days=5), credit(payout, booked_on=day + timedelta(days=5))))
    (late,) = new_breaks(shop, known)
    assert (late["id"], late["kind"]) == (missing["id"], "late")


def test_the_same_statement_again_changes_nothing_and_another_of_its_name_is_refused(
    shop: Shop, finance: Visitor
) -> None:
    day = date(2025, 1, 7)
    one = Statement("S-once", IBAN, "ISK", day, day, 0, 5, [BankLine(5, day, day, "R1", "X")])
    content = as_bank(one)
    bring(finance, content)
    before = [shop.rows(f"SELECT * FROM {table}") for table in ("bank_entries", "breaks")]  # noqa: S608 - a fixed list
    assert "nothing has changed" in bring(finance, content).text
    other = bring(finance, as_bank(replace(one, closing_minor=0, lines=[])))
    assert other.status_code == 422
    assert "S-once of this account was brought" in other.text
    assert [shop.rows(f"SELECT * FROM {table}") for table in ("bank_entries", "breaks")] == before  # noqa: S608 - the same


GOOD = statement("USD", date(2025, 1, 7), BankLine(500, date(2025, 1, 7), date(2025, 1, 7), "R9", "E9")).decode()
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
ATTRIBUTES = " ".join(f'a{n:04}=""' for n in range(8_000))
TWICE = re.sub(
    r"<Stmt>.*</Stmt>", lambda found: found[0] * 2, re.sub(r"(<Stmt>\s*<Id>)[^<]*", r"\1S-twice", GOOD), flags=re.DOTALL
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.replace("?>", f"?>{BOMB}").replace("E9", "&b;"), "document type or entities"),
        (GOOD.replace("?>", f"?>{OUTSIDE}").replace("E9", "&a;"), "document type or entities"),
        (GOOD.replace("?>", '?><!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'), "document type or entities"),
        (GOOD.replace("<GrpHdr>", "<GrpHdr>" + "<a>" * 100 + "</a>" * 100), "more than 32 levels"),
        (GOOD.replace("<GrpHdr>", "<GrpHdr>" + "<a/>" * 60_000), "more than 50,000 elements"),
        (GOOD[:-30], "no well-formed XML"),
        (GOOD.replace("camt.053.001.08", "camt.054.001.08"), "a statement is a Document of camt.053"),
        ("<html></html>", "a statement is a Document of camt.053"),
        (GOOD.replace("utf-8", "x-unknown"), "Its encoding"),
        (GOOD.replace("5.00<", "5.001<"), "Entry 1, Amt: 5.001 is no amount in USD."),
        (GOOD.replace("5.00<", "NaN<"), "is no amount in USD."),
        (GOOD.replace("5.00<", "1e3<", 1), "does not add up"),
        (GOOD.replace("105.00", "104.00"), "its closing says 104.00 USD"),
        (GOOD.replace("CLBD", "CLAV"), "it has no closing (CLBD) balance"),
        (GOOD.replace("CRDT", "PLUS", 1), "CdtDbtInd"),
        (GOOD.replace('Ccy="USD"', 'Ccy="US"'), "is no currency of ISO 4217"),
        (GOOD.replace(f"<IBAN>{IBAN}</IBAN>", ""), "it has no Acct/Id"),
        (GOOD.replace(">2025-01-07<", ">soon<"), "is no day like"),
        (GOOD.replace("R9", "R" * 90), "AcctSvcrRef: at most 80 plain characters"),
        (
            GOOD.replace(">2025-01-07<", ">0001-01-07<"),
            "Entry 1, BookgDt: 0001-01-07 is no day of the years 1970 to 2200",
        ),
        (
            GOOD.replace(">2025-01-07<", ">9999-12-31<"),
            "Entry 1, BookgDt: 9999-12-31 is no day of the years 1970 to 2200",
        ),
        (GOOD.replace("<GrpHdr>", f'<GrpHdr a="{">" * 70_000}">'), "a tag or text longer than 64 KB"),
        (GOOD.replace("<GrpHdr>", f"<GrpHdr {ATTRIBUTES}>"), "a tag or text longer than 64 KB"),
        (GOOD.replace("E9", "E" * 70_000), "a tag or text longer than 64 KB"),
        (GOOD.replace("E9", f"<![CDATA[{'<b>' * 30_000}]]>"), "a tag or text longer than 64 KB"),
        (GOOD.replace("<GrpHdr>", f"<!--{'<b>' * 30_000}--><GrpHdr>"), "a tag or text longer than 64 KB"),
        (GOOD.replace("<GrpHdr>", f"<?b {'<b>' * 30_000}?><GrpHdr>"), "a tag or text longer than 64 KB"),
        (GOOD.replace("<GrpHdr>", "<!---->" * 100_001 + "<GrpHdr>"), "more than 100,000 comments"),
        (GOOD.replace("<GrpHdr>", "<GrpHdr>" + f"<a {ATTRIBUTES[:9_000]}/>" * 60), "elements and attributes"),
        (GOOD.replace("<GrpHdr>", "<GrpHdr>" + "".join(f"<a{n}/>" for n in range(2_000))), "different names"),
        (GOOD.replace("<GrpHdr>", f'<GrpHdr xmlns:b="{"u" * 201}">'), "a namespace of more than 200 characters"),
        (GOOD.replace("utf-8", "cp037"), "Its encoding"),
        (GOOD.removeprefix("\ufeff").encode("utf-16-le").decode("latin-1"), "Its encoding"),
        (TWICE, "Statement 2, Id: S-twice of this account is in the file twice."),
    ],
)
def test_a_statement_that_cannot_be_believed_is_refused(shop: Shop, finance: Visitor, content: str, said: str) -> None:
    before = shop.rows("SELECT id FROM imported_files")
    answer = bring(finance, content, "bank.xml")
    assert answer.status_code == 422
    assert said in answer.text
    assert shop.rows("SELECT id FROM imported_files") == before


OLDER = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
  <GrpHdr><MsgId>1</MsgId><CreDtTm>2025-01-08T06:00:00+01:00</CreDtTm></GrpHdr>
  <Stmt><Id>7/2025</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
    <Bal><Tp><CdOrPrtry><Cd>PRCD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>
      <Dt><Dt>2025-01-06</Dt></Dt></Bal>
    <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">89.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>
      <Dt><Dt>2025-01-07</Dt></Dt></Bal>
    <Ntry><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
      <BookgDt><Dt>2025-01-07</Dt></BookgDt><ValDt><Dt>2025-01-08</Dt></ValDt><AcctSvcrRef>B1</AcctSvcrRef>
      <NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>
        <TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">60.00</Amt></TxDtls>
        <TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs><Amt Ccy="EUR">40.00</Amt>
          <RmtInf><Ustrd>thanks</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
    <Ntry><Amt Ccy="EUR">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
    <Ntry><Amt Ccy="EUR">.5</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts>
      <BookgDt><DtTm>2025-01-07T10:00:00Z</DtTm></BookgDt></Ntry>
  </Stmt></BkToCstmrStmt></Document>
"""


def test_an_older_version_is_read_its_batches_by_transaction_and_nothing_that_is_pending() -> None:
    file = read_statements(BytesIO(OLDER.encode()))
    assert file.version.endswith("001.02")
    (read,) = file.statements
    assert (read.opening_minor, read.closing_minor, read.currency, read.id) == (-1_000, 8_950, "EUR", "7/2025")
    told = [
        (one.amount_minor, one.booked_on.day, one.valued_on.day, one.reference, one.end_to_end) for one in read.lines
    ]
    assert told == [(6_000, 7, 8, "B1/E1", "E1"), (4_000, 7, 8, "B1/E2", "E2"), (-50, 7, 7, "", "")]
    assert read.lines[1].words == "thanks"


@pytest.mark.parametrize("before", range(10))
@pytest.mark.parametrize(
    ("opens", "closes"), [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?b ", "?>"), ('<b c="', '"/>')]
)
def test_what_is_too_long_is_seen_wherever_a_piece_of_the_file_ends(before: int, opens: str, closes: str) -> None:
    inside = ">>>" if opens == '<b c="' else "<b>"
    begins = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><a>{"<!-- < -->" * 3}'
    begins += "x" * (16 * 1024 - before - len(begins))
    fits = begins + opens + inside * 20_000 + closes
    with pytest.raises(Unreadable, match="no well-formed XML"):
        read_statements(BytesIO(fits.encode()))
    for text in (begins + opens + inside * 30_000 + closes, begins + opens + inside * 30_000):
        with pytest.raises(Unreadable, match="longer than 64 KB"):
            read_statements(BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("reference", "parts", "known_by"),
    [
        ("B", ["<EndToEndId>E1</EndToEndId>", "<EndToEndId>E2</EndToEndId>"], ["B/E1", "B/E2"]),
        ("B", ["<EndToEndId>NOTPROVIDED</EndToEndId>"] * 2, ["B#1", "B#2"]),
        ("B", ["<EndToEndId>E1</EndToEndId>"] * 2, ["B/E1#1", "B/E1#2"]),
        ("B", ["", "<TxId>T2</TxId>"], ["B#1", "T2"]),
        (
            "B",
            ["<AcctSvcrRef>B</AcctSvcrRef><EndToEndId>E1</EndToEndId>", "<AcctSvcrRef>C</AcctSvcrRef>"],
            ["B/E1", "C"],
        ),
        ("", ["<AcctSvcrRef>C</AcctSvcrRef>"] * 2, ["C#1", "C#2"]),
        ("", ["<EndToEndId>E1</EndToEndId>", ""], ["", ""]),
    ],
)
def test_a_part_of_an_entry_is_known_by_what_is_its_own(reference: str, parts: list[str], known_by: list[str]) -> None:
    content = batched("EUR", date(2025, 1, 7), reference, *((-100, refs) for refs in parts))
    (read,) = read_statements(BytesIO(content)).statements
    assert [line.reference for line in read.lines] == known_by


def test_a_part_is_known_by_no_more_than_there_is_room_for() -> None:
    long = [f"<EndToEndId>{number}{'E' * 70}</EndToEndId>" for number in range(2)]
    (read,) = read_statements(
        BytesIO(batched("EUR", date(2025, 1, 7), "B" * 30, *((5, one) for one in long)))
    ).statements
    assert len({line.reference for line in read.lines}) == 2
    assert all(len(line.reference) <= 80 for line in read.lines)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_written_reads_back_the_same(data: st.DataObject) -> None:
    currency = data.draw(st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
    day = data.draw(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    words = st.text("abcXYZ019<&>'\" ", max_size=30).map(str.strip)
    line = st.builds(
        BankLine,
        st.integers(-(10**12), 10**12),
        st.just(day),
        st.just(day),
        st.text("AB09-/", max_size=35),
        st.text("poz_19", max_size=35),
        words,
    )
    lines = data.draw(st.lists(line, max_size=8))
    opening = data.draw(st.integers(-(10**12), 10**12))
    moved = sum(one.amount_minor for one in lines)
    made = Statement("S1", IBAN, currency, day, day, opening, opening + moved, lines)
    (read,) = read_statements(BytesIO(as_bank(made))).statements
    assert replace(read, lines=[]) == replace(made, lines=[])
    assert [replace(one, words="") for one in read.lines] == [replace(one, words="") for one in made.lines]
    assert [" ".join(one.words.split()) for one in read.lines] == [" ".join(one.words.split()) for one in lines]


def test_a_break_is_given_to_somebody_found_by_it_and_ends_with_a_posting(shop: Shop, finance: Visitor) -> None:
    found = unknown_entry(shop, finance, 1_234)
    page = f"/breaks/{found}"
    able = dict(re.findall(r'<option\s+value="(opr?_?[^"]*)"[^>]*>([^<]+)', finance.read(page).html))
    chosen = next(iter(able))
    finance.send(page, f"{page}/assignment", assignee=chosen)
    assert able[chosen] in finance.read(page).text
    listed = finance.read(f"/breaks?status=open&side=bank&assignee={chosen}").html
    assert found in listed
    assert found not in finance.read("/breaks?status=open&assignee=nobody").html
    assert found in finance.read("/breaks?status=open&age=0-1").html
    assert found not in finance.read("/breaks?status=open&age=31").html
    assert finance.get("/breaks?age=old").status_code == 422
    assert finance.send(page, f"{page}/assignment", assignee="nobody-here").status_code == 422

    before = shop.balances().get("HUF", {})
    refused = finance.send(page, f"{page}/resolution", way="accept", reason="?")
    assert refused.status_code == 422
    finance.send(page, f"{page}/resolution", way="book", reason="a customer paid by transfer")
    after = shop.balances()["HUF"]
    assert after["bank"] - before.get("bank", 0) == 1_234
    assert after["unmatched"] - before.get("unmatched", 0) == -1_234
    second = finance.send(page, f"{page}/resolution", way="claim", reason="again")
    assert "has ended it" in second.text
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}


def unknown_entry(shop: Shop, finance: Visitor, amount: int) -> str:
    """A break of an entry that is nobody's."""
    known = known_breaks(shop)
    day = date(2025, 2, 3)
    bring(finance, statement("HUF", day, BankLine(amount, day, day, f"U{next(NUMBERS)}", "NOTPROVIDED")))
    (found,) = new_breaks(shop, known)
    return str(found["id"])


def test_a_difference_is_written_off_by_two_people(shop: Shop, finance: Visitor, payouts: dict[str, Json]) -> None:
    payout = payouts["CZK"]
    known = known_breaks(shop)
    short = credit(payout, amount_minor=payout["amount"] - 25)
    bring(finance, statement("CZK", date.fromisoformat(payout["paid_at"][:10]), short))
    (found,) = new_breaks(shop, known)
    page = f"/breaks/{found['id']}"
    asked = finance.send(page, f"{page}/write-off", reason="a bank on the way took it")
    assert "waits for a second person" in asked.text
    (approval,) = shop.rows("SELECT id, amount_minor FROM approvals WHERE subject_id = :id", id=found["id"])
    assert approval["amount_minor"] == 25
    decide = f"/approvals/{approval['id']}"
    own = finance.send(decide, f"{decide}/decision", decision="approve", reason="mine")
    assert own.status_code == 403
    assert shop.balances()["CZK"].get("write_offs", 0) == 0
    Visitor(shop.stack, "admin").send(decide, f"{decide}/decision", decision="approve", reason="seen the fee")
    (ended,) = shop.rows("SELECT status, way FROM breaks WHERE id = :id", id=found["id"])
    assert (ended["status"], ended["way"]) == ("written_off", "write_off")
    books = shop.balances()["CZK"]
    assert (books["write_offs"], books["bank"], books.get("unmatched", 0)) == (25, payout["amount"] - 25, 0)
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}


@pytest.mark.parametrize("role", ["viewer", "operator", "developer"])
def test_who_may_not_reconcile_ends_nothing(shop: Shop, finance: Visitor, role: str) -> None:
    found = unknown_entry(shop, finance, 99)
    visitor = Visitor(shop.stack, role)
    page = visitor.read(f"/breaks/{found}")
    assert "Resolve it" not in page.text
    token = visitor.read(BRING).fields["csrf_token"]
    for form in ("resolution", "assignment", "write-off"):
        assert visitor.post(f"/breaks/{found}/{form}", {"csrf_token": token}).status_code == 403


def test_the_sandbox_has_a_bank_whose_statements_agree(shop: Shop, finance: Visitor, payouts: dict[str, Json]) -> None:
    payout = payouts["CHF"]
    shop.go_on("P3D")
    developer = Visitor(shop.stack, "developer")
    assert finance.get("/three-way/sandbox-statement").status_code == 403
    file = developer.get("/three-way/sandbox-statement")
    assert file.headers["Content-Type"].startswith("application/xml")
    assert payout["id"] in file.text
    known = known_breaks(shop)
    answer = bring(finance, file.content, "sandbox.xml")
    assert answer.status_code == 200, answer.text
    assert [one for one in new_breaks(shop, known) if one["source_id"] == payout["id"]] == []
    assert state_of(finance, payout)[0] == "Agrees"
    again = developer.get("/three-way/sandbox-statement")
    assert again.status_code == 409, "all that is over is told"
    assert developer.get("/three-way/sandbox-statement?plant=everything").status_code == 422


def sent_payouts(shop: Shop, finance: Visitor, currency: str, *names: str) -> list[Json]:
    """A payout to a merchant of each of these names, sent to the bank."""
    pages = {}
    for number, name in enumerate(names, 1):
        made = finance.send("/merchants/new", "/merchants", name=name, currency=currency)
        merchant = made.url.rpartition("/")[2]
        pages[merchant] = page = f"/merchants/{merchant}"
        account = {"kind": "iban", "holder": name, "number": "DE89 3704 0044 0532 0130 00", "reason": "first"}
        assert finance.send(page, f"{page}/beneficiary", **account).status_code == 200
        items = [{"name": "A bike", "quantity": number, "unit_amount": 8_000, "merchant": merchant}]
        shop.sell(8_000 * number, currency, items=items)
    shop.end_day()
    shop.go_on("P7D")
    found = []
    for merchant, page in pages.items():
        until(partial(_is_payable, finance, page), what="something payable", within=60)
        path = finance.send(page, f"{page}/payouts", currency=currency).url.removeprefix(shop.stack.dashboard_url)
        finance.send(path, f"{path}/sending", reason="as agreed")
        (payout,) = shop.rows("SELECT * FROM merchant_payouts WHERE merchant_id = :id", id=merchant)
        assert payout["status"] == "sent"
        found.append(dict(payout))
    return found


def _is_payable(finance: Visitor, page: str) -> bool:
    return "Propose" in finance.read(page).text


def statuses_of(shop: Shop, payouts: list[Json]) -> list[str]:
    rows = {row["id"]: row["status"] for row in shop.rows("SELECT id, status FROM merchant_payouts")}
    return [rows[one["id"]] for one in payouts]


def test_a_merchant_s_payout_is_paid_and_bounces_as_the_bank_says(shop: Shop, finance: Visitor) -> None:
    (payout,) = sent_payouts(shop, finance, "DKK", "Bo Bikes")
    day = datetime.fromisoformat(str(payout["sent_at"])).date()
    line = BankLine(-payout["amount_minor"], day, day, f"D{next(NUMBERS)}", payout["id"])
    known = known_breaks(shop)
    for moved, status, due in ((line, "paid", 0), (_given_back(line), "bounced", payout["amount_minor"])):
        assert bring(finance, statement("DKK", moved.booked_on, moved)).status_code == 200
        assert statuses_of(shop, [payout]) == [status]
        assert -int(shop.rows(DUE, id=f"{payout['merchant_id']}:merchant_due:DKK")[0]["amount"]) == due
    assert new_breaks(shop, known) == []
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}


def test_payouts_that_the_bank_books_as_one_entry_are_all_paid(shop: Shop, finance: Visitor) -> None:
    sent = sent_payouts(shop, finance, "RON", "Cy Cycles", "Di Drives")
    day = datetime.fromisoformat(str(sent[0]["sent_at"])).date()
    parts = [(-one["amount_minor"], f"<EndToEndId>{one['id']}</EndToEndId>") for one in sent]
    content = batched("RON", day, "BATCH77", *parts)
    known = known_breaks(shop)
    assert "All of it agrees" in bring(finance, content, "batch.xml").text
    assert statuses_of(shop, sent) == ["paid", "paid"]
    assert new_breaks(shop, known) == []
    before = shop.rows("SELECT * FROM bank_entries")
    assert "nothing has changed" in bring(finance, content, "batch.xml").text
    assert shop.rows("SELECT * FROM bank_entries") == before
    bring(finance, batched("RON", day, "BATCH77", *parts), "another.xml")
    assert [one["kind"] for one in new_breaks(shop, known)] == ["duplicate", "duplicate"]
    assert statuses_of(shop, sent) == ["paid", "paid"]
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}


def test_a_file_of_more_entries_than_one_transaction_takes_is_taken_in_whole(shop: Shop, finance: Visitor) -> None:
    day = date(2025, 4, 1)
    lines = [BankLine(100 + n, day, day, f"L{n}", "NOTPROVIDED") for n in range(CHUNK + 5)]
    lines += [lines[0], replace(lines[1], reference="L-other"), replace(lines[-1], amount_minor=-1)]
    content = BytesIO()
    some = [
        Statement(f"S-long-{n}", IBAN, "TRY", day, day, 0, sum(one.amount_minor for one in mine), mine)
        for n, mine in enumerate((lines, [], lines[:3]))
    ]
    write_statements([(one, one.lines) for one in some], "M1", NOW, content)
    known = known_breaks(shop)
    answer = bring(finance, content.getvalue(), "long.xml")
    assert answer.status_code == 200, answer.text
    file = answer.url.rpartition("/")[2]
    (row,) = shop.rows("SELECT * FROM imported_files WHERE id = :id", id=file)
    told = (row["status"], row["rows"], row["rows_read"], row["matched"], row["differing"])
    assert told == ("read", CHUNK + 11, CHUNK + 11, 0, CHUNK + 11)
    entries = shop.rows(ENTRIES, id=file)
    expected = [("S-long-0", n, one.reference, one.amount_minor) for n, one in enumerate(lines, 1)]
    expected += [("S-long-2", n, one.reference, one.amount_minor) for n, one in enumerate(lines[:3], 1)]
    assert [tuple(row.values())[:4] for row in entries] == expected
    again = [row["outcome"] for row in entries if row["outcome"] != "missing_here"]
    assert again == ["duplicate"] * 5, "what stood there before, in the file or in the statement"
    assert len(new_breaks(shop, known)) == CHUNK + 11


ENTRIES = (
    "SELECT s.reference AS statement, number, e.reference, amount_minor, outcome FROM bank_entries e"
    " JOIN bank_statements s ON s.id = e.statement_id WHERE s.file_id = :id ORDER BY s.reference, number"
)
DUE = "SELECT COALESCE(SUM(amount_minor), 0) AS amount FROM ledger_postings WHERE account_id = :id"


def _given_back(line: BankLine) -> BankLine:
    later = line.booked_on + timedelta(days=1)
    return replace(
        line, amount_minor=-line.amount_minor, booked_on=later, valued_on=later, reference=f"D{next(NUMBERS)}"
    )
