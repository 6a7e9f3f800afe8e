"""first"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    import sandbox_gateway.web  # noqa
    from sandbox_gateway.schema import metadata

    metadata.create_all(op.get_bind())
