"""Which payment's invoice a repayment has, and which part of it: the tax of the parts adds up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# What is paid again lies at the end of what was left of the payment before it.
_FILL = """
WITH RECURSIVE chain AS (
    SELECT id, id AS first_of, CAST(0 AS bigint) AS share_from, amount_minor
    FROM payouts WHERE again_of IS NULL
    UNION ALL
    SELECT again.id, chain.first_of,
        chain.share_from + chain.amount_minor - again.before - again.amount_minor,
        again.amount_minor
    FROM chain JOIN (
        SELECT id, again_of, amount_minor, CAST(COALESCE(SUM(amount_minor) OVER (
            PARTITION BY again_of ORDER BY number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS bigint) AS before
        FROM payouts WHERE again_of IS NOT NULL
    ) AS again ON again.again_of = chain.id
)
UPDATE payouts SET first_of = chain.first_of, share_from = chain.share_from
FROM chain WHERE chain.id = payouts.id AND payouts.again_of IS NOT NULL
"""


def upgrade() -> None:
    op.add_column(
        "payouts", sa.Column("first_of", sa.String(40), sa.ForeignKey("payouts.id"), nullable=True)
    )
    op.add_column(
        "payouts", sa.Column("share_from", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute(_FILL)


def downgrade() -> None:
    op.drop_column("payouts", "share_from")
    op.drop_column("payouts", "first_of")
