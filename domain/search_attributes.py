"""The registry of search attributes: for operators in the Temporal UI, never for our screens."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

CAMPAIGN_ID = SearchAttributeKey.for_keyword("TroupeCampaignId")
STAGE = SearchAttributeKey.for_keyword("TroupeStage")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("TroupeNeedsAttention")

ALL = (CAMPAIGN_ID, STAGE, NEEDS_ATTENTION)
"""Registered by the embedded server, by docker-compose.yml and by the tests."""
