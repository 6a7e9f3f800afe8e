"""The table of the request log. Bounded: of each account only the newest rows stay."""

from sqlalchemy import BigInteger, Column, Index, SmallInteger, String, Table, Text

from sandbox_gateway.schema import BIG_ID, LEFT_OUT_OF_SNAPSHOTS, instant_column, metadata, row_column

request_log = Table(
    "request_log",
    metadata,
    row_column(),
    # No foreign key: PostgreSQL would lock the account's row to check it, and a batch for many wait for each of them.
    Column("account_id", BIG_ID, nullable=False),
    Column("request_id", String(64), nullable=False),
    instant_column("at"),
    # By the wall clock.
    instant_column("received"),
    Column("method", String(10), nullable=False),
    Column("path", Text, nullable=False),
    Column("operation", String(10), nullable=True),
    Column("key", String(255), nullable=True),
    Column("verdict", String(20), nullable=True),
    Column("reference", String(255), nullable=True),
    Column("payment_id", String(64), nullable=True),
    # The status that went over the wire, if one did; and that of the true answer, if anything was done.
    Column("status", SmallInteger, nullable=True),
    Column("true_status", SmallInteger, nullable=True),
    Column("error_code", String(40), nullable=True),
    # Null until the answer has left: it stays so when the gateway dies before that.
    Column("client_saw", String(20), nullable=True),
    Column("fault_id", String(40), nullable=True),
    Column("duration_us", BigInteger, nullable=True),
    Column("request_body", Text, nullable=True),
    Column("response_body", Text, nullable=True),
    Index(None, "account_id", "row"),
    info=LEFT_OUT_OF_SNAPSHOTS,
)
