"""The source document as its readers see it: an independent reading of its tables, row by row."""

import re
from pathlib import Path
from typing import NamedTuple

from generator.load import RuleData, shipped

DATA = RuleData(shipped("rule_data"))
PATH = Path(__file__).parents[2] / "shared" / "reference" / "cloud-manager-3.7.txt"

GROUPS = {
    "Rules for Cloud Manager": "manager",
    "Rules for Cloud Volumes ONTAP": "cloud-volumes-ontap",
    "Rules for the HA mediator external security group": "ha-mediator",
    "Rules for the HA mediator internal security group": "ha-internal",
}
TABLES = {
    "Inbound rules": ("inbound", None),
    "Outbound rules": ("outbound", None),
    "Basic outbound rules": ("outbound", "basic"),
    "Advanced outbound rules": ("outbound", "advanced"),
}
HEADER = re.compile("(Service )?Protocol Port (Source )?(Destination )?Purpose")
PROTOCOLS = {"SSH", "HTTP", "HTTPS", "TCP", "UDP", "ICMP", "All TCP", "All UDP", "All ICMP"}
PROTOCOLS |= {"All traffic"}


class Row(NamedTuple):
    group: str
    direction: str
    mode: str | None
    protocol: str
    port: str
    purpose: str
    service: str | None = None
    source: str | None = None
    destination: str | None = None


def read(text):
    """Every documented row, in order; None in place of a cell whose column its table lacks."""
    lines = [line for line in text.splitlines() if line]
    group = table = None
    while lines:
        line = lines.pop(0)
        group = GROUPS.get(line, group)
        table = TABLES.get(line.split(" for ")[0], table)
        if HEADER.fullmatch(line):
            for cells in _take_rows(lines, line.lower().split()):
                yield Row(group, *table, **cells)


def _take_rows(lines, columns):
    """Take a table's rows off `lines`. A Service cell spans rows, until the next one."""
    cells = {}
    while PROTOCOLS.intersection(lines[: 2 if columns[0] == "service" else 1]):
        starts = "service" if lines[0] not in PROTOCOLS else "protocol"
        cells = cells | {column: lines.pop(0) for column in columns[columns.index(starts) :]}
        yield cells


def rules(release="3.7", **only):
    """Every rule of a release with its row, in order."""
    for group, group_rules in DATA.release(release).rules.items():
        for direction, mode, table in group_rules.tables():
            for rule in table:
                cells = {cell: getattr(rule, cell) for cell in Row._fields[3:]}
                row = Row(group, direction, mode, **cells)
                if only.items() <= row._asdict().items():
                    yield row, rule
