"""Mail addresses: which can be written to, and which are the same person's."""

from __future__ import annotations

import hashlib
import re

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NO_DOTS = frozenset({"gmail.com", "googlemail.com"})


def usable_address(text: str) -> str | None:
    """The address as a mail server takes it, or None if no mail can go there.

    Strict on purpose: one address, no quoting, no control characters; a domain with other than
    ASCII letters is written in its IDNA form.
    """
    local, separator, domain = text.strip().rpartition("@")
    if not separator or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return None
    return f"{local}@{ascii_domain}"


def address_hash(text: str) -> str:
    """What a suppression is kept under: the same for all spellings of one mailbox.

    Case, ``+tags`` and Gmail's dots do not make another person. Whoever asked not to be written to
    is better left alone once too often.
    """
    local, _, domain = (usable_address(text) or text.strip()).casefold().rpartition("@")
    local = local.partition("+")[0]
    if domain in _NO_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return hashlib.sha256(f"{local}@{domain}".encode()).hexdigest()
