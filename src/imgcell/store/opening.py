"""From records to pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from imgcell.errors import ImageDecodeError, ImgcellError
from imgcell.language import tr
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.sheet import Sheet

if TYPE_CHECKING:
    from imgcell.store.library import Library

__all__ = ["open_picture", "open_sheet"]


def open_picture(library: Library, record: Record) -> Picture:
    """Return the picture of a record.

    Raises:
        ImageDecodeError: Its file is damaged or gone.
    """
    source = library.blob(record.sha256)
    if source is None:
        raise ImageDecodeError(
            tr("The bytes of picture {id} are gone ({sha256}).", id=record.id, sha256=record.sha256),
            hint=tr("imgcell.library().verify() tells what else is missing."),
        )
    return Picture(source, record, archive=library.archive)


def open_sheet(library: Library, records: Iterable[Record]) -> Sheet:
    """Return the pictures of records, in order; what cannot be read is an error in its place."""
    sheet = Sheet(running=True)
    for place, record in enumerate(records):
        try:
            sheet._add(open_picture(library, record), place)
        except (ImgcellError, OSError) as error:
            sheet._fail(error, place)
    sheet._finish()
    return sheet
