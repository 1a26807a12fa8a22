"""Workbooks: a table that a template lays out as CSV becomes an .xlsx file for spreadsheets."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime

from generator.errors import TemplateError, UsageError

SUFFIX = ".xlsx"
SHEET = "matrix"
NEEDED = (
    "the format {} needs XlsxWriter, which is not installed: run `pip install 'xlsxwriter>=3.2'` "
    "(the extra xlsx of cvo-sg), or leave this format out"
)
_CREATED = datetime(1980, 1, 1)  # the same in every run, like the times of the parts
_NARROW, _WIDE = 8, 48  # in characters; what is longer wraps
_FILTER = 3  # what the button of the filter covers in the header
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def workbook(table: str, template: str, format_: str) -> bytes:
    """The bytes of a workbook with one sheet: a header that stays in view, filters, and texts.

    Every cell is text, so that nothing in it is a formula or a link. Raises UsageError without
    XlsxWriter, TemplateError for a table that fits in no sheet.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise UsageError(NEEDED.format(format_)) from None
    rows = _rows(table, template)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {**_AS_TEXT, "in_memory": True})
    book.set_properties({"created": _CREATED})
    sheet = book.add_worksheet(SHEET)
    head = book.add_format({"bold": True, "bg_color": "#DDE6F0", "bottom": 1, "valign": "top"})
    plain, wrapped = ({"valign": "top", "text_wrap": wraps} for wraps in (False, True))
    formats = [book.add_format(each) for each in (plain, wrapped)]
    longest = [max(map(_length, column)) for column in zip(*rows, strict=True)]
    for number, length in enumerate(longest):
        width = max(_NARROW, min(length, _WIDE), len(rows[0][number]) + _FILTER)
        sheet.set_column(number, number, width + 1)
    for line, row in enumerate(rows):
        for number, text in enumerate(row):
            style = formats[longest[number] > _WIDE] if line else head
            if sheet.write_string(line, number, text, style):
                place = f"row {line + 1}, column {number + 1}"
                raise TemplateError(f"{template}: {place} is beyond the limits of a workbook")
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows) - 1, len(longest) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    book.close()
    return _stored(buffer)


def _rows(table: str, template: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(table, newline=""), strict=True))
    except csv.Error as error:
        raise TemplateError(f"{template}: a workbook is laid out as CSV: {error}") from None
    if not rows or not rows[0] or {len(row) for row in rows} != {len(rows[0])}:
        raise TemplateError(f"{template}: every row needs as many cells as the header")
    return rows


def _length(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)


def _stored(packed: io.BytesIO) -> bytes:
    """The same parts uncompressed: what compression makes of them depends on the machine."""
    plain = io.BytesIO()
    with zipfile.ZipFile(packed) as parts, zipfile.ZipFile(plain, "w") as archive:
        for part in parts.infolist():
            entry = zipfile.ZipInfo(part.filename, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            archive.writestr(entry, parts.read(part))
    return plain.getvalue()
