"""Who owes and is owed: several brands may have campaigns on one server."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm.util import AliasedClass

from store.tables import Campaign


def brand_of(campaign: type[Campaign] | AliasedClass[Campaign] = Campaign) -> ColumnElement[str]:
    """The brand's name, country and number in the register."""
    brand = campaign.file["brand"]
    fields = [brand[key].astext for key in ("name", "country", "business_number")]
    return func.concat_ws("\x1f", *(func.coalesce(each, "") for each in fields))
