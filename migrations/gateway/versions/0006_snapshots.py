"""Snapshots of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "snapshots",
        sa.Column("row", key, autoincrement=True, nullable=False),
        sa.Column("account_id", key, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("taken_us", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(length=10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_snapshots_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_snapshots")),
    )
    op.create_index("uq_snapshots_account_id_name", "snapshots", ["account_id", "name"], unique=True)


def downgrade() -> None:
    op.drop_table("snapshots")
