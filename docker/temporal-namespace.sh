#!/bin/sh
# Run after the Temporal server has started: the namespace with 90 days of history, and the search
# attributes of domain/search_attributes.py (a test compares). Both may be there already.
set -eu
temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
    temporal operator namespace create --namespace default --retention 90d
temporal operator search-attribute create --namespace default \
    --name TroupeCampaignId --type Keyword \
    --name TroupeStage --type Keyword \
    --name TroupeNeedsAttention --type Bool
