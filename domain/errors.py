"""The one error taxonomy: a type per case, a stable code for machines, a sentence for people."""

from __future__ import annotations

from typing import ClassVar


class TroupeError(Exception):
    """Base of all errors that Troupe raises on purpose.

    ``code`` is stable and may be stored, logged and compared; the message is for people and may
    name things, so it never enters a workflow history or a log.
    """

    code: ClassVar[str] = "troupe_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """What the reader can do about it; may be empty."""


class UserMistake(TroupeError):
    """The person who asked can mend it (exit code 2, HTTP 4xx)."""

    code = "user_mistake"


class NotFound(UserMistake):
    """The named thing does not exist."""

    code = "not_found"


class NotAllowed(UserMistake):
    """The person's role, or the separation of duties, forbids it."""

    code = "not_allowed"


class StaleDecision(UserMistake):
    """What was decided on is not what is there now."""

    code = "stale"


class StreamConflict(TroupeError):
    """An event with this number exists and differs, or the chain's head does not match."""

    code = "stream_conflict"


class ContentConflict(TroupeError):
    """The same idempotency key came with other content."""

    code = "content_conflict"


class Unavailable(TroupeError):
    """A foreign system cannot be reached now; trying again later may work."""

    code = "unavailable"
    retryable = True


class AccountBusy(Unavailable):
    """Another payment is just being sent to the same account; it takes a moment."""

    code = "account_busy"


class RailStopped(TroupeError):
    """The payment provider refuses our key: nothing can be paid until a person mends it."""

    code = "rail_stopped"

    def __init__(self, message: str, *, hint: str = "", key_mark: str = "") -> None:
        super().__init__(message, hint=hint)
        self.key_mark = key_mark
        """Which key was refused, without saying it; empty if there is only one."""


class KeyMayNot(RailStopped):
    """The provider knows our key and does not let it do this; another thing it may."""


class OtherRail(TroupeError):
    """It was begun by the way of paying that was in use before, and only that way can end it."""

    code = "other_rail"


class PayeeChanged(TroupeError):
    """The payment was released for another account than the one that it would go to now."""

    code = "payee_changed"


class ConfigurationError(TroupeError):
    """A setting is missing or contradicts another one."""

    code = "configuration"


class MailRefused(TroupeError):
    """The mail server refuses us or our message, not the recipient: a person has to mend it."""

    code = "mail_refused"


class UnsafeMessage(TroupeError):
    """A message would not have had exactly the headers and the one recipient meant for it."""

    code = "unsafe_message"


class Unbalanced(TroupeError):
    """The ledger's entries of one movement do not sum to zero; a fault, and nothing to export."""

    code = "unbalanced"


class Overdrawn(TroupeError):
    """A movement would spend more than an account holds; nothing of its transaction stays."""

    code = "overdrawn"

    def __init__(self, message: str, *, account: str) -> None:
        super().__init__(message)
        self.account = account
