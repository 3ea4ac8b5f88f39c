"""Invoices and credit notes that people hand in: number, date, sums and the file."""

from __future__ import annotations

from datetime import date

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from domain.invoicing import BadTaxData, file_type
from store.invoices import Upload
from store.issuing import CREDIT_SERIES, SERIES
from web.fields import Fields, read_amount
from web.security import DOCUMENT_POLICY


async def read_upload(request: Request, fields: Fields, currency: str, today: date) -> Upload:
    """What a form hands in.

    Args:
        request: with the file.
        fields: its fields, read already.
        currency: of the sums.
        today: no paper is from later.

    Raises:
        BadTaxData: something is missing, or the file is of no known type.
        BadAmount: a sum cannot be read.
    """
    number, issued_on = _head(fields, today)
    content = await _file(request)
    media_type = file_type(content)
    if not media_type:
        raise BadTaxData("Please choose the file: a PDF, a PNG or a JPEG")
    vat = fields.get("vat", "").strip().removeprefix("-")
    vat_minor = read_amount(vat, currency) if vat.strip("0., ") else 0
    gross = read_amount(fields.get("gross", "").strip().removeprefix("-"), currency)
    return Upload(number, issued_on, vat_minor, gross, media_type, content)


def _head(fields: Fields, today: date) -> tuple[str, date]:
    number = " ".join(fields.get("number", "").split())[:60]
    if not number:
        raise BadTaxData("Please type the number that stands on it")
    if number.startswith((SERIES, CREDIT_SERIES)):
        raise BadTaxData("Numbers that begin like this are those of papers that we issue")
    try:
        issued_on = date.fromisoformat(fields.get("issued_on", ""))
    except ValueError:
        raise BadTaxData("Please give the date that stands on it") from None
    if issued_on > today:
        raise BadTaxData("The date lies in the future")
    return number, issued_on


async def _file(request: Request) -> bytes:
    """The uploaded file's bytes; the size of the whole request is limited already."""
    found = (await request.form()).get("file")
    if not isinstance(found, UploadFile):
        return b""
    await found.seek(0)
    return await found.read()


def file_answer(content: bytes, media_type: str, name: str) -> Response:
    """A file that somebody handed in: always to be saved, never shown by us."""
    headers = {
        "Content-Security-Policy": DOCUMENT_POLICY,
        "Content-Disposition": f'attachment; filename="{name}.{media_type.rpartition("/")[2]}"',
    }
    return Response(content, headers=headers, media_type=media_type)
