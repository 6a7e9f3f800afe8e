"""The one `metadata` of the gateway's database, and the column kinds that every room's tables share.

Times are microseconds since the epoch, UTC; amounts are integers in the currency's minor unit; JSON is text, serialized
once.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in an INTEGER primary key; PostgreSQL's INTEGER would end at two billion.
BIG_ID = BigInteger().with_variant(Integer, "sqlite")

# Tables with an `account_id` are emptied by a reset of the account, unless they carry this in `info`.
KEPT_ON_RESET = {"kept_on_reset": True}
# Tables with this in `info` have no index on their ids: cursors say where the list ended by the columns of its order.
PLACED_BY_ORDER = {"placed_by_order": True}
# Those that tell of the account's past are no part of its snapshots; what puts an old state back empties them.
LEFT_OUT_OF_SNAPSHOTS = {"left_out_of_snapshots": True}


def row_column() -> Column[int]:
    """The internal primary key: grows with every insert, so it orders the rows of one account as they were made."""
    return Column("row", BIG_ID, primary_key=True, autoincrement=True)


def public_id_column() -> Column[str]:
    """The id on the wire. Unique within the account only: two accounts with one seed make the same ids."""
    return Column("id", String(40), nullable=False)


def account_column() -> Column[int]:
    return Column("account_id", BIG_ID, ForeignKey("accounts.id"), nullable=False)


def instant_column(name: str) -> Column[int]:
    """A moment on the account's clock (the name says so if it is the wall clock's), in microseconds."""
    return Column(f"{name}_us", BigInteger, nullable=False)


def optional_instant_column(name: str) -> Column[int | None]:
    return Column(f"{name}_us", BigInteger, nullable=True)


def amount_column(name: str = "amount") -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def currency_column() -> Column[str]:
    return Column("currency", String(3), nullable=False)


def json_column(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)
