"""Who owes and is owed: several brands may have campaigns on one server."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm.util import AliasedClass

from store.tables import Campaign


def brand_of(campaign: type[Campaign] | AliasedClass[Campaign] = Campaign) -> ColumnElement[str]:
    """The brand's name, country and number in the register."""
    country, name, number = parts_of_brand(campaign)
    return func.concat_ws("\x1f", name, country, number)


def parts_of_brand(
    campaign: type[Campaign] | AliasedClass[Campaign] = Campaign,
) -> tuple[ColumnElement[str], ColumnElement[str], ColumnElement[str]]:
    """The brand's country, name and number in the register; empty what its file does not have."""
    brand = campaign.file["brand"]
    country, name, number = (
        func.coalesce(brand[key].astext, "") for key in ("country", "name", "business_number")
    )
    return country, name, number
