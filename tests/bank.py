"""Bank accounts, and what a bank writes, as short as the forms allow."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import Debtor
from store.tables import BankAccount, Creator
from tests import builders

IBAN = "FR1420041010050500013M02606"
OTHER = "NL91ABNA0417164300"
BRAND = Debtor(name="Brand GmbH & Co", iban="DE89370400440532013000", bic="COBADEFFXXX")


async def give_bank_account(db: AsyncSession, creator_id: str, holder: str = "Zoë") -> None:
    """Have a creator given an account that payments go to."""
    who = await db.get_one(Creator, creator_id)
    account = BankAccount(
        id=builders.unique("bank"), creator_id=who.id, holder=holder, iban=IBAN,
        created_at=builders.NOW,
    )  # fmt: skip
    db.add(account)
    await db.flush()
    await builders.recipient(db, who, account_id=account.id)


def debit(
    reference: str, amount: str, *, back: bool = False, status: str = "BOOK", name: str = ""
) -> str:
    """One booked entry of the brand's account.

    Args:
        reference: ours.
        amount: with another currency than euros behind it, or none.
        back: the money has come back.
        status: what the bank says of the entry.
        name: what the bank calls the entry.
    """
    number, _, currency = amount.partition(" ")
    way = "CRDT" if back else "DBIT"
    own = f"<AcctSvcrRef>{name}</AcctSvcrRef>" if name else ""
    reason = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if back else ""
    return (
        f'<Ntry><Amt Ccy="{currency or "EUR"}">{number}</Amt><CdtDbtInd>{way}</CdtDbtInd>'
        f"<Sts><Cd>{status}</Cd></Sts>{own}<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId>"
        f"</Refs>{reason}</TxDtls></NtryDtls></Ntry>"
    )


def statement(*entries: str, form: str = "camt.053.001.08", account: str = "") -> bytes:
    """A statement of the brand's account, or of another one."""
    of = f"<Acct><Id>{account or f'<IBAN>{BRAND.iban}</IBAN>'}</Id></Acct>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:'
        f'{form}"><BkToCstmrStmt><Stmt>{of}{"".join(entries)}</Stmt></BkToCstmrStmt></Document>'
    ).encode()


def rejection(reference: str, code: str, *, message: str = "", status: str = "RJCT") -> bytes:
    """The bank's answer about one payment, or about a whole file."""
    reason = f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>"
    group = f"<GrpSts>{status}</GrpSts>{reason}" if message else ""
    single = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{reference}</OrgnlPmtInfId><TxInfAndSts>"
        f"<OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}"
        f"</TxInfAndSts></OrgnlPmtInfAndSts>"
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>"
        f"{'' if message else single}</CstmrPmtStsRpt></Document>"
    ).encode()
