"""Writes a mail: finds the templates in the reader's language, fills them, builds the message."""

from __future__ import annotations

from datetime import datetime

from jinja2 import Environment

from domain.correspondence import MailOrder
from domain.mails import STRANGER
from rendering.environment import TEMPLATES, make_environment
from rendering.links import Links
from rendering.mail_context import mail_context
from rendering.message import Attachment, Heading, Rendered, build_message, message_id

FALLBACK_LANGUAGE = "en"


class MailWriter:
    """All mails, in every language for which there is a folder in ``templates/email/``."""

    def __init__(self, links: Links, sender: str, environment: Environment | None = None) -> None:
        self._links = links
        self._sender = sender
        self._environment = environment or make_environment()

    def language_for(self, mail: str, wanted: str) -> str:
        """The reader's language if this mail is written in it, else English."""
        language = wanted.partition("-")[0].partition("_")[0].lower()
        known = language.isalpha() and (TEMPLATES / "email" / language / f"{mail}.txt").is_file()
        return language if known else FALLBACK_LANGUAGE

    def render(self, order: MailOrder, *, attached: bool = False) -> Rendered:
        """Subject, plain text and HTML; anything undefined is an error.

        Args:
            order: the mail.
            attached: something goes with it, which the words may point to.
        """
        language = self.language_for(order.mail, order.about.language)
        context = mail_context(order, self._links, language) | {"attached": attached}

        def part(suffix: str) -> str:
            name = f"email/{language}/{order.mail}.{suffix}"
            return self._environment.get_template(name).render(context)

        return Rendered(part("subject.txt").strip(), part("txt").strip() + "\n", part("html"))

    def message(
        self,
        order: MailOrder,
        rendered: Rendered,
        recipient: str,
        date: datetime,
        attachment: Attachment | None = None,
    ) -> tuple[str, bytes]:
        """The Message-ID and the bytes for the mail server."""
        about = order.about
        identity = message_id(order.outbox_id, self._sender)
        heading = Heading(
            sender_name=f"{about.file.brand.contact_name} ({about.file.brand.name})",
            sender=self._sender,
            recipient=recipient,
            message_id=identity,
            date=date,
            opt_out_url=self._links.opt_out(about.collaboration_id),
            feedback_id=f"{about.campaign_id}:{order.mail}:creators:troupe",
            earlier=order.earlier_message_ids,
            # An out-of-office answer to an invitation is worth having; to a notice it is noise.
            automatic=order.mail not in STRANGER,
        )
        return identity, build_message(rendered, heading, attachment)

    def without_access(self, order: MailOrder, text: str) -> str:
        """The text without the links that act for the creator: staff read it, and must not."""
        collaboration = order.about.collaboration_id
        text = text.replace(self._links.portal(collaboration), "[the creator's own link]")
        return text.replace(self._links.opt_out(collaboration), "[the creator's opt-out link]")
