"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

_FORMULAS = (*"=+-@\t\r\n", *"＝＋－＠")  # OWASP, "CSV Injection"


def no_formula(cell: str) -> str:
    """The text of a cell, with an apostrophe in front if it would be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell
