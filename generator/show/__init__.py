"""Show: rule data for people, as tables, explanations and starter files."""

from generator.show.explain import explain, ports, reasons
from generator.show.releases import release_choice, release_list, release_records
from generator.show.rows import ROW_FORMATS, documented_rows, supplement_rows
from generator.show.starter import (
    SCHEMA,
    Answers,
    attribute,
    attributes,
    default_of,
    settings,
    starter,
)

__all__ = [
    "ROW_FORMATS",
    "SCHEMA",
    "Answers",
    "attribute",
    "attributes",
    "default_of",
    "documented_rows",
    "explain",
    "ports",
    "reasons",
    "release_choice",
    "release_list",
    "release_records",
    "settings",
    "starter",
    "supplement_rows",
]
