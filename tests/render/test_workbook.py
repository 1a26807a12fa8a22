"""Workbooks: what a spreadsheet finds in them, and the same bytes everywhere."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from types import SimpleNamespace

import openpyxl
import pytest
from conftest import ROOT

from generator.errors import TemplateError, UsageError
from generator.render import render
from generator.render.environment import render_template
from generator.render.workbook import workbook
from generator.resolve import matrix, resolve

TEMPLATES = [ROOT / "templates"]


def made(table: str) -> bytes:
    return workbook(table, "x/table.xlsx.jinja", "x")


def sheet_of(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content)).active


@pytest.fixture(scope="module")
def flows(data):
    resolved = resolve(data.preset("advanced"), data.release("3.7"), data.catalogue)
    return resolved, matrix(resolved).flows


def test_the_workbook_has_the_columns_and_cells_of_the_flows(flows):
    resolved, found = flows
    sheet = sheet_of(render(resolved, TEMPLATES, "xlsx")["matrix.xlsx"])
    head, *rows = sheet.iter_rows(values_only=True)
    assert len(rows) == len(found)
    for row, flow in zip(rows, found, strict=True):
        cells = dict(zip(head, row, strict=True))
        assert (cells["group"], cells["direction"]) == (flow.group, flow.direction)
        assert (cells["source"], cells["destination"]) == (flow.source, flow.destination)
        assert (cells["ports"], cells["purpose"] or "") == (flow.ports, flow.purpose)


def test_the_header_stays_in_view_and_filters_every_column():
    sheet = sheet_of(made("group,purpose\na,b\nc,d\n"))
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert sheet["A1"].font.bold


def test_a_long_text_wraps_in_a_column_of_limited_width():
    sheet = sheet_of(made(f"group,purpose\na,{'word ' * 50}\n"))
    assert sheet["B2"].alignment.wrap_text
    assert not sheet["A2"].alignment.wrap_text
    assert sheet.column_dimensions["A"].width < sheet.column_dimensions["B"].width < 60


@pytest.mark.parametrize(
    "text", ["=1+1", "-2", "@x", "+1", "{=1}", "443", "1e5", "https://x.example", "mailto:a@b", "'"]
)
def test_every_cell_is_a_text(text):
    content = made(f"head\n{text}\n")
    cell = sheet_of(content)["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"<hyperlink" not in sheet


@pytest.mark.parametrize("text", ["<script>&", '""quotes""', "東京 🎉", "\u202eabc", "two\nlines"])
def test_hostile_text_stays_text(text):
    assert sheet_of(made(f'head\n"{text}"\n'))["A2"].value == text.replace('""', '"')


def test_the_format_needs_no_apostrophe_before_a_formula(flows):
    """As CSV does: a workbook would show it."""
    _, found = flows
    evil = [found[0]._replace(purpose="=1+1")]
    context = {"matrix": SimpleNamespace(flows=evil)}
    text, _ = render_template((TEMPLATES[0] / "xlsx",), "matrix.xlsx.jinja", context)
    assert "=1+1" in [cell.value for cell in sheet_of(made(text))[2]]


def test_the_bytes_are_the_same_everywhere():
    """Of every version of XlsxWriter from the oldest that pyproject.toml allows, and of every zlib,
    which is why nothing is compressed. A failure means that out/ must be generated anew."""
    content = made("head,other\n=1,two words\n")
    parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert {part.compress_type for part in parts} == {zipfile.ZIP_STORED}
    assert (
        hashlib.sha256(content).hexdigest()
        == "a9c39ac6f39f4a9e6218077f215e2339dc67e1c1ff20c745e127d71649abfcbf"
    )


def test_a_text_that_fits_in_no_cell_is_refused_and_not_left_out():
    with pytest.raises(TemplateError, match="row 2, column 1 is beyond the limits"):
        made(f"head\n{'x' * 32768}\n")


@pytest.mark.parametrize("table", ["", "\n", "a,b\nc\n"])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(TemplateError, match=r"table\.xlsx\.jinja: every row needs as many cells"):
        made(table)


def test_csv_that_cannot_be_read_is_refused():
    with pytest.raises(TemplateError, match=r"table\.xlsx\.jinja: a workbook is laid out as CSV"):
        made('a\n"b"c\n')


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(UsageError, match=r"the format x needs .*`pip install .*the extra xlsx"):
        made("a\n")
