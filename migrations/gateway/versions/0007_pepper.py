"""By which key material the database was written."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "peppers",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_peppers")),
    )


def downgrade() -> None:
    op.drop_table("peppers")
