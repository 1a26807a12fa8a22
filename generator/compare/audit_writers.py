"""How the result of an audit is written: as text, as Markdown, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from generator.compare.audit_result import Audited, problems
from generator.compare.bundles import listed
from generator.compare.deviations import Deviation, GroupAudit
from generator.compare.matching import described
from generator.compare.writers import record
from generator.model import markdown


def as_text(found: Audited) -> str:
    """A paragraph for each group, with a line for each reason."""
    lines = []
    for group in found.accepted.groups:
        lines.append(f"{group.role}: {_headline(found, group)}")
        lines += [f"  {kind}: {sentence}" for kind, sentence in _of_group(found, group)]
        lines += [f"  open: {text}" for text in _open(group)]
    lines += [f"{each.severity}: {each.message}" for each in problems(found) if not each.role]
    lines += [f"accepted: {text}" for text in _accepted(found)]
    return "".join(f"{line}\n" for line in lines)


def as_markdown(found: Audited) -> str:
    """A section for each group, for the summary of a run."""
    lines = [f"## {markdown(found.expected.source)}"]
    for group in found.accepted.groups:
        lines += ["", f"### {markdown(group.role)}", "", f"{markdown(_headline(found, group))}."]
        items = [f"- **{kind}:** {markdown(text)}" for kind, text in _of_group(found, group)]
        items += [f"- open: {markdown(text)}" for text in _open(group)]
        lines += ["", *items] if items else []
    general = [each for each in problems(found) if not each.role]
    rest = [f"- {each.severity}: {markdown(each.message)}" for each in general]
    rest += [f"- accepted: {markdown(text)}" for text in _accepted(found)]
    lines += ["", *rest] if rest else []
    return "\n".join(lines) + "\n"


def as_json(found: Audited) -> str:
    """An object: `failed`, `groups` with every deviation, and what has no group."""
    matching = found.matching
    result = {
        "failed": found.failed,
        "expected": found.expected.source,
        "sources": list(found.sources),
        "groups": [_group(found, group) for group in found.accepted.groups],
        "ambiguous": {role: [g.key for g in gs] for role, gs in matching.ambiguous.items()},
        "absent": list(matching.absent),
        "not_read": dict(matching.ids),
        "without_role": [{"key": g.key, "name": g.name} for g in matching.others],
        "allowances": [
            {"file": entry.place.file, "line": entry.place.line, "state": state}
            for state, indices in (
                ("expired", found.accepted.expired),
                ("unused", found.accepted.unused),
            )
            for entry in (found.entries[i] for i in indices)
        ],
        "left_out": list(found.left_out),
    }
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


AUDIT_FORMATS: Mapping[str, Callable[[Audited], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
}


def _headline(found: Audited, group: GroupAudit) -> str:
    """The group, and how much of it is as it should be."""
    wrong = sum(1 for _ in _of_group(found, group))
    rest = f", {wrong} to look at" if wrong else ""
    return f"{described(found.matching.groups[group.role])}, {rules(group.same)} as expected{rest}"


def rules(number: int) -> str:
    """A number of rules."""
    return "1 rule" if number == 1 else f"{number} rules"


def _of_group(found: Audited, group: GroupAudit) -> Iterator[tuple[str, str]]:
    yield from (
        (each.rule.replace("-", " "), each.message)
        for each in problems(found)
        if each.role == group.role
    )


def _open(group: GroupAudit) -> Iterator[str]:
    """What the open endpoints are bound to; those that are bound alike are one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for each in group.opened:
        alike.setdefault((each.direction, *each.peers), []).append(each.endpoint)
    for (direction, *peers), endpoints in alike.items():
        if peers:
            way = "from" if direction == "inbound" else "to"
            yield f"{listed(endpoints)}: {direction} {way} {listed(peers)}"
        else:
            yield f"{listed(endpoints)}: {direction}, nobody"


def _accepted(found: Audited) -> Iterator[str]:
    """The accepted deviations, one line for each entry that accepts any."""
    for index, entry in enumerate(found.entries):
        number = sum(i == index for _, i in found.accepted.deviations)
        if number:
            until = f", until {entry.allowance.until}" if entry.allowance.until else ""
            several = "" if number == 1 else f" ({rules(number)})"
            what = " missing" if entry.allowance.missing else ""
            yield f"{entry.allowance}{what}{several}: {entry.allowance.reason}{until}"


def _group(found: Audited, group: GroupAudit) -> dict[str, Any]:
    there = found.matching.groups[group.role]
    accepted = [
        (each, found.entries[index].allowance.reason)
        for each, index in found.accepted.deviations
        if each.permission.group == group.role
    ]
    deviations = [*((each, None) for each in group.deviations), *accepted]
    return {
        "role": group.role,
        "key": there.key,
        "id": there.id,
        "name": there.name,
        "matched_by": found.matching.how[group.role],
        "same": group.same,
        "deviations": [_deviation(each) | {"accepted": reason} for each, reason in deviations],
        "open": [each._asdict() for each in group.opened],
        "unknown": [{**each.place._asdict(), "reason": each.reason} for each in group.unknown],
    }


def _deviation(deviation: Deviation) -> dict[str, Any]:
    return {
        "kind": deviation.kind,
        **record(deviation.permission),
        "rows": list(deviation.permission.rows),
        "features": list(deviation.features),
        "reason": deviation.reason,
        "place": deviation.place._asdict(),
        "beside": [record(p) for p in deviation.beside],
    }
