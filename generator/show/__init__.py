"""Show: rule data for people, as tables of rows, explanations and files to start from."""

from generator.show.explain import explain, ports, reasons
from generator.show.rows import ROW_FORMATS, documented_rows
from generator.show.starter import Answers, starter

__all__ = [
    "ROW_FORMATS",
    "Answers",
    "documented_rows",
    "explain",
    "ports",
    "reasons",
    "starter",
]
