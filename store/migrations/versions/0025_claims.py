"""Claims, their parts, and what a payment keeps back of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("campaign_id", sa.String(40), sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column(
            "collaboration_id", sa.String(40), sa.ForeignKey("collaborations.id"), nullable=False
        ),
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), nullable=False),
        sa.Column(
            "decision_id", sa.String(40), sa.ForeignKey("decisions.id"), nullable=False, unique=True
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("object_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="claim_amount_positive"),
    )
    op.create_index("ix_claims_creator", "claims", ["creator_id", "status"])
    op.create_index("ix_claims_collaboration", "claims", ["collaboration_id"])
    op.create_index("ix_claims_created", "claims", ["created_at", "id"])
    op.create_table(
        "claim_parts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("claim_id", sa.String(40), sa.ForeignKey("claims.id"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.String(40), sa.ForeignKey("payouts.id"), nullable=True),
        sa.Column("decision_id", sa.String(40), sa.ForeignKey("decisions.id"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_claim_parts_claim", "claim_parts", ["claim_id"])
    op.create_index("ix_claim_parts_payout", "claim_parts", ["payout_id"])
    op.add_column(
        "payouts", sa.Column("netted_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_check_constraint(
        "payout_netted_within", "payouts", "netted_minor BETWEEN 0 AND amount_minor"
    )
    op.add_column(
        "payout_attempts",
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute(
        "UPDATE payout_attempts SET amount_minor = payouts.amount_minor FROM payouts"
        " WHERE payouts.id = payout_attempts.payout_id AND payout_attempts.account_id <> ''"
    )


def downgrade() -> None:
    op.drop_column("payout_attempts", "amount_minor")
    op.drop_constraint("payout_netted_within", "payouts")
    op.drop_column("payouts", "netted_minor")
    op.drop_table("claim_parts")
    op.drop_table("claims")
