"""Every id and every workflow id, in both directions. Ids never carry personal data."""

from __future__ import annotations

import hashlib

CAMPAIGN, CREATOR, COLLABORATION, PAYOUT, CLAIM = "cmp", "cre", "col", "pay", "clm"
OUTBOX = "out"


_KINDS = frozenset({"campaign", "collaboration", "payout", "stripe-event", "onboarding"})


def derived_id(prefix: str, *parts: str) -> str:
    """An id that is the same each time it is asked for; what makes a repeated step harmless."""
    digest = hashlib.sha256("\x1f".join((prefix, *parts)).encode()).hexdigest()
    return f"{prefix}_{digest[:20]}"


def collaboration_id(campaign_id: str, creator_id: str) -> str:
    """A creator works at most once in a campaign, so the pair is the identity."""
    return derived_id(COLLABORATION, campaign_id, creator_id)


def payout_id(collaboration: str, kind: str, number: int) -> str:
    """One obligation, one payout: unique by (collaboration, kind, number)."""
    return derived_id(PAYOUT, collaboration, kind, str(number))


def claim_id(decision: str) -> str:
    """One decision that a creator owes something back, one claim."""
    return derived_id(CLAIM, decision)


def outbox_id(collaboration: str, step: str) -> str:
    """One step of a collaboration is mailed once; see `domain.messages.PlannedMail`."""
    return derived_id(OUTBOX, collaboration, step)


def attempt_key(payout: str, attempt: int) -> str:
    """The idempotency key of one attempt to pay: from the obligation, never from a run."""
    return f"payout:{payout}:transfer:{attempt}"


def campaign_workflow_id(campaign: str) -> str:
    """Workflow id of a campaign."""
    return f"campaign/{campaign}"


def collaboration_workflow_id(collaboration: str) -> str:
    """Workflow id of a collaboration."""
    return f"collaboration/{collaboration}"


def payout_workflow_id(payout: str) -> str:
    """Workflow id of a payout."""
    return f"payout/{payout}"


def stripe_event_workflow_id(row_id: str) -> str:
    """Workflow id that applies one stored Stripe event."""
    return f"stripe-event/{row_id}"


def onboarding_workflow_id(link: str) -> str:
    """Workflow id that has one set-up link made."""
    return f"onboarding/{link}"


def bonus_workflow_id(decision: str) -> str:
    """Workflow id that applies one decision about a bonus."""
    return f"bonus/{decision}"


def claim_workflow_id(claim: str) -> str:
    """Workflow id of a claim."""
    return f"claim/{claim}"


def claim_back_workflow_id(decision: str) -> str:
    """Workflow id that applies one decision by which a claim is made."""
    return f"claim-back/{decision}"


def reconciliation_workflow_id(run: str) -> str:
    """Workflow id of one comparison with the provider."""
    return f"reconciliation/{run}"


def entity_id(workflow_id: str) -> str:
    """The entity behind a workflow id: ``payout/pay_12`` gives ``pay_12``.

    Raises:
        ValueError: not a workflow id of ours.
    """
    kind, separator, entity = workflow_id.partition("/")
    if not separator or kind not in {
        "campaign",
        "collaboration",
        "payout",
        "stripe-event",
        "onboarding",
        "reconciliation",
        "bonus",
        "claim",
        "claim-back",
    }:
        raise ValueError(f"'{workflow_id}' is not a Troupe workflow id")
    return entity
