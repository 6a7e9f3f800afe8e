"""Reports that are brought: three layouts known by their header, compared as the gateway's own; what is hostile, or
cannot be read, is refused by its line and column and leaves nothing behind."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tests.app.reconciliation.files import BRING, as_adyen, as_stripe, bring, own_report, rows_of, written
from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.stack import until

HEADER = "id,settlement,type,payment,source,currency,gross,fee,net,created_at\n"
LINE = "ln_1,st_1,capture,pay_1,cap_1,USD,1000,59,941,2026-01-05T10:00:00Z\n"


@pytest.fixture(scope="module")
def report(shop: Shop, settled: dict[str, str]) -> str:
    """The gateway's own file of a day with sales and a refund."""
    return own_report(shop, settled["EUR"])


def breaks(shop: Shop) -> list[dict[str, object]]:
    return [dict(row) for row in shop.rows("SELECT * FROM breaks ORDER BY id")]


def test_each_layout_of_a_clean_report_agrees(shop: Shop, finance: Visitor, report: str) -> None:
    before = breaks(shop)
    books = shop.balances()
    for content, layout in (
        (report, "counterfoil"),
        (as_stripe(rows_of(report)), "stripe"),
        (as_adyen(rows_of(report)), "adyen"),
    ):
        answer = bring(finance, content, f"{layout}.csv")
        assert answer.status_code == 200, answer.text
        (file,) = shop.rows("SELECT * FROM imported_files WHERE layout = :layout", layout=layout)
        assert (file["rows"], file["rows_read"], file["matched"], file["differing"]) == (4, 4, 4, 0), layout
        assert "All of it agrees" in answer.text
        assert finance.get(f"/search?q={file['id']}").url == answer.url
    assert breaks(shop) == before
    assert shop.balances() == books


def test_the_same_file_again_changes_nothing(shop: Shop, finance: Visitor, report: str) -> None:
    bring(finance, report)
    tables = ("imported_files", "report_lines", "breaks")
    before = [shop.rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608 - a fixed list
    again = bring(finance, report, "under another name.csv")
    assert "brought before: nothing has changed" in again.text
    assert [shop.rows(f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608 - a fixed list


def test_each_kind_of_break_is_found_in_its_file(shop: Shop, finance: Visitor, report: str) -> None:
    def found_in(rows: list[dict[str, str]]) -> list[str]:
        known = {one["id"] for one in breaks(shop)}
        answer = bring(finance, written(rows))
        assert answer.status_code == 200, answer.text
        return [str(one["kind"]) for one in breaks(shop) if one["id"] not in known]

    def changed(place: int, **values: str) -> list[dict[str, str]]:
        rows = rows_of(report)
        rows[place] |= values
        return rows

    rows = rows_of(report)
    sale = next(place for place, row in enumerate(rows) if row["type"] == "capture")
    gross, fee, net = (int(rows[sale][name]) for name in ("gross", "fee", "net"))
    assert found_in(changed(sale, fee=str(fee + 1), net=str(net - 1))) == ["fee"]
    assert found_in(changed(sale, gross=str(gross - 1), net=str(net - 1))) == ["amount"]
    assert found_in([*rows, rows[sale] | {"id": "ln_again"}]) == ["duplicate"]
    assert found_in([*rows, rows[sale] | {"id": "ln_new", "source": "cap_nobodys", "payment": ""}]) == ["missing_here"]
    assert found_in(rows[:sale] + rows[sale + 1 :]) == ["missing_there"]
    assert found_in(changed(sale, currency="CHF")) == ["currency"]
    assert found_in(rows[:sale] + rows[sale + 1 :][::-1]) == [], "what is noted once is one break"
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty."),
        (HEADER.encode(), "no line that tells of a movement"),
        (b"a,b,c\n1,2,3\n", "Line 1: this header is of no layout that is known. Nearest is"),
        (HEADER.replace("gross,", "").encode(), "Nearest is Our own layout; it lacks gross."),
        (HEADER.replace(",", ";").encode(), "Columns are parted by commas."),
        ((HEADER + LINE.replace("1000", "10.00")).encode(), "Line 2, column gross: “10.00” is no whole number"),
        ((HEADER + LINE + LINE.replace("941", "940")).encode(), "Line 3, column net: gross 1000 less fee 59"),
        ((HEADER + LINE.replace("USD", "USX")).encode(), "Line 2, column currency: “USX” is no currency"),
        ((HEADER + LINE.replace("2026-01-05T10:00:00Z", "soon")).encode(), "Line 2, column created_at: “soon”"),
        ((HEADER + LINE.replace("cap_1", "=cmd|calc!A1")).encode(), "Line 2, column source: “=cmd|calc!A1” is no id"),
        ((HEADER + LINE.replace("ln_1", "@SUM(1)")).encode(), "Line 2, column id: “@SUM(1)” is no id"),
        ((HEADER + LINE.replace("capture", "gift")).encode(), "Line 2, column type: “gift” is none of"),
        ((HEADER + LINE.rstrip() + ",more\n").encode(), "Line 2 has 11 cells, the header 10."),
        ((HEADER + LINE.replace("ln_1", "l\xe9")).encode("latin-1"), "Line 2 is not UTF-8"),
        ((HEADER + LINE).encode("utf-16"), "written in UTF-16"),
        ((HEADER + "ln\x00" + LINE).encode(), "Line 2 holds a NUL character"),
        ((HEADER + '"' + "x" * 200_000).encode(), "Line 2 is longer than 64 KB."),
        ((HEADER + '"' + "x\n" * 200_000).encode(), "Line 2: field larger than field limit"),
        (b"PK\x03\x04" + b"0" * 100, "ZIP archive, or a spreadsheet"),
        (b"\x1f\x8b" + b"0" * 100, "compressed (gzip)"),
        (b"%PDF-1.7", "It is a PDF."),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(shop: Shop, finance: Visitor, content: bytes, said: str) -> None:
    before = shop.rows("SELECT id FROM imported_files")
    answer = bring(finance, content)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'").replace("&#34;", '"')
    assert shop.rows("SELECT id FROM imported_files") == before


def test_a_real_archive_is_refused(finance: Visitor) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.csv", HEADER + LINE)
    assert bring(finance, packed.getvalue(), "report.csv").status_code == 422


def test_two_gigabytes_are_refused_before_they_come(finance: Visitor) -> None:
    answer = _send_raw(finance, b"Content-Length: 2147483648\r\n", b"")
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert b"at most 64 MB" in answer


def test_a_stream_without_an_end_is_refused_at_the_cap(finance: Visitor) -> None:
    token = finance.read(BRING).fields["csrf_token"]
    begin = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    ).encode()
    answer = _send_raw(finance, b"Transfer-Encoding: chunked\r\n", begin, endless=True)
    assert b" 413 " in answer.partition(b"\r\n")[0]


def _send_raw(visitor: Visitor, header: bytes, begin: bytes, *, endless: bool = False) -> bytes:
    """A request by hand; where it is endless, for as long as it is taken (four times the cap at most)."""
    parts = urlsplit(visitor.url)
    cookies = "; ".join(f"{one.name}={one.value}" for one in visitor.session.cookies)
    head = (
        f"POST {BRING} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookies}\r\nAccept: text/html\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nConnection: close\r\n"
    ).encode()
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=60) as connection:
        connection.sendall(head + header + b"\r\n")
        piece = b"0,0\n" * (256 * 1024)
        sent = 0
        try:
            if begin:
                connection.sendall(f"{len(begin):x}\r\n".encode() + begin + b"\r\n")
            while endless and sent < 256 * 1024**2:
                connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                sent += len(piece)
        except OSError:
            assert sent <= 128 * 1024**2, "far more was taken than may be"
        answer = b""
        try:
            while some := connection.recv(64 * 1024):
                answer += some
        except ConnectionResetError:
            assert answer, "it hung up without a word"
        return answer


@pytest.mark.parametrize("role", ["viewer", "operator", "developer"])
def test_who_may_not_reconcile_brings_nothing(shop: Shop, role: str) -> None:
    visitor = Visitor(shop.stack, role)
    assert "Compare it" not in visitor.read(BRING).text
    assert bring(visitor, HEADER + LINE).status_code == 403


def test_a_terminal_brings_a_report(shop: Shop, report: str, tmp_path: Path) -> None:
    path = tmp_path / "from a terminal.csv"
    rows = rows_of(report)
    path.write_text(written(rows[::-1]), encoding="utf-8")
    told = json.loads(shop.stack.cli("settlements", "import", str(path), "--json"))
    assert (told["rows"], told["matched"], told["differing"], told["is_new"]) == (4, 4, 0, True)
    assert json.loads(shop.stack.cli_here("settlements", "import", str(path), "--json"))["is_new"] is False
    path.write_text(HEADER + LINE.replace("cap_1", "cap_of_nobody"), encoding="utf-8")
    told = json.loads(shop.stack.cli_here("settlements", "import", str(path), "--json", code=1))
    assert told["differing"] >= 1
    path.write_text("a,b\n", encoding="utf-8")
    shop.stack.cli_here("settlements", "import", str(path), code=1)
    shop.stack.cli_here("bank", "import", str(path), code=1)
    assert shop.rows("SELECT id FROM imported_files WHERE name = :name AND rows < 2", name=path.name) == [
        {"id": told["id"]}
    ]


def test_an_unknown_line_ends_by_itself_once_its_payment_turns_up(shop: Shop, finance: Visitor) -> None:
    sold = shop.sell(3_333, "CHF")
    unknown = LINE.replace("USD,1000,59,941", "CHF,3333,0,3333").replace("cap_1", "cap_not_yet").replace("pay_1", "")
    bring(finance, HEADER + unknown)
    (found,) = shop.rows("SELECT * FROM breaks WHERE source_id = 'cap_not_yet'")
    assert (found["kind"], found["status"]) == ("missing_here", "open")
    row = "INSERT INTO captures (id, payment_id, amount_minor, currency, created_at) VALUES"
    with shop.database.begin() as connection:
        connection.execute(
            text(f"{row} ('cap_not_yet', :payment, 1, 'CHF', '2026-01-05 10:00:00.000000+00:00')"),
            {"payment": sold["payments"][0]["id"]},
        )
    ended = "SELECT status FROM breaks WHERE source_id = 'cap_not_yet'"
    until(lambda: shop.rows(ended)[0]["status"] == "resolved", what="the break to end by itself", within=60)
    with shop.database.begin() as connection:
        connection.execute(text("DELETE FROM captures WHERE id = 'cap_not_yet'"))
