"""When an event that is not applied is handed over again, and why it could not be applied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("external_events", column)
    # What was given up by the version before is taken up again.
    op.execute(
        "UPDATE external_events SET again_at = dispatched_at "
        "WHERE applied_at IS NULL AND dispatched_at IS NOT NULL"
    )
    op.create_index(
        "ix_events_unapplied", "external_events", ["received_at"],
        postgresql_where=sa.text("applied_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_events_unapplied", "external_events")
    for column in ("code", "again_at", "tries"):
        op.drop_column("external_events", column)
