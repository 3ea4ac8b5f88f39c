"""Mails to members of staff about what waits for them, and who wants none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("mails", sa.String(10), nullable=False, server_default="on"))
    op.create_table(
        "staff_mails",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(
        "uq_staff_mail_unsent", "staff_mails", ["staff_id"], unique=True,
        postgresql_where=sa.text("status = 'planned'"),
    )  # fmt: skip
    op.create_index("ix_staff_mails_last", "staff_mails", ["staff_id", "planned_at"])
    op.create_table(
        "staff_mail_news",
        sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("item_id", sa.String(40), sa.ForeignKey("inbox_items.id"), primary_key=True),
        sa.Column("event", sa.String(20), primary_key=True),
        sa.Column("mail_id", sa.String(40), sa.ForeignKey("staff_mails.id"), nullable=False),
    )
    op.create_index("ix_staff_mail_news_mail_id", "staff_mail_news", ["mail_id"])


def downgrade() -> None:
    op.drop_table("staff_mail_news")
    op.drop_table("staff_mails")
    op.drop_column("staff", "mails")
