"""The rows of one release as flat data, for programs that know no endpoints, modes or releases.

Each endpoint gets a network of its own. `rows.yaml` and `rows.json` hold the same list; aerleon has
a language of its own, so `aerleon/` holds the same once more as a policy and its definitions.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

Row = dict[str, str | int]


def flat(documented: list[dict]) -> list[Row]:
    """A row for each endpoint of each documented row, with advanced outbound rules, each once.

    `documented` is what `cvo-sg rules --output json` prints.
    """
    endpoints = sorted({endpoint for row in documented for endpoint in row["endpoints"]})
    networks = {endpoint: f"10.{i}.0.0/16" for i, endpoint in enumerate(endpoints, 1)}
    found: dict[tuple, Row] = {}
    for row in documented:
        for permission in row["permissions"] if row["mode"] != "basic" else []:
            for endpoint in row["endpoints"]:
                group = row["group"].title().replace("-", "")
                direction = "Ingress" if row["direction"] == "inbound" else "Egress"
                identity = (group, direction, *permission.values(), endpoint)
                found.setdefault(
                    identity,
                    {
                        "id": f"{group}{direction}{len(found) + 1}",
                        "group": group,
                        "direction": direction,
                        "protocol": permission["ip_protocol"],
                        "from_port": permission["from_port"],
                        "to_port": permission["to_port"],
                        "endpoint": endpoint,
                        "cidr": networks[endpoint],
                        "description": _description(row["purpose"] or row["protocol"]),
                    },
                )
    return list(found.values())


def _description(text: str) -> str:
    """The text without what EC2 refuses in a description."""
    return re.sub(r"[^a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]", " ", text)[:255]


def write(rows: list[Row], folder: Path) -> None:
    """Write the files for each kind of program."""
    (folder / "rows.yaml").write_text(yaml.safe_dump(rows, sort_keys=False), encoding="utf-8")
    (folder / "rows.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    for name, content in aerleon(rows).items():
        path = folder / "aerleon" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def aerleon(rows: list[Row]) -> dict[str, dict]:
    """A policy for Google Cloud's VPC firewall: aerleon has no output for AWS.

    Of what it has, this one is the most like security groups: stateful rules in a cloud.
    """
    networks = {row["endpoint"]: {"values": [{"address": row["cidr"]}]} for row in rows}
    services, filters = {}, []
    for group, direction in dict.fromkeys((row["group"], row["direction"]) for row in rows):
        terms = []
        for row in rows:
            if (row["group"], row["direction"]) != (group, direction):
                continue
            side = "source" if direction == "Ingress" else "destination"
            term = {
                "name": str(row["id"]).lower(),
                "comment": row["description"],
                f"{side}-address": row["endpoint"],
                "action": "accept",
            }
            if row["protocol"] in ("tcp", "udp"):
                port = f"{row['protocol']}-{row['from_port']}-{row['to_port']}"
                range_ = f"{row['from_port']}-{row['to_port']}"
                services[port] = [{"protocol": row["protocol"], "port": range_}]
                term["destination-port"] = port
            if row["protocol"] != "-1":
                term["protocol"] = row["protocol"]
            terms.append(term)
        target = {"gce": f"{direction.upper()} global/networks/{group.lower()}"}
        filters.append({"header": {"targets": target}, "terms": terms})
    return {
        "definitions/networks.yaml": {"networks": networks},
        "definitions/services.yaml": {"services": services},
        "pol/groups.yaml": {"filters": filters},
    }
