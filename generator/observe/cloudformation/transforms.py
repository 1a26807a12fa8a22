"""Loops in templates, `Fn::ForEach`, which a transform of CloudFormation itself expands."""

from __future__ import annotations

from typing import Any

LOOPS = "AWS::LanguageExtensions"
LOOP = "Fn::ForEach"


def expand(template: dict[str, Any], file: str) -> tuple[dict[str, Any], list[str]]:
    """The template without loops, and a sentence for each transform that cannot be run here."""
    wanted = template.get("Transform", [])
    names = [str(name) for name in (wanted if isinstance(wanted, list) else [wanted])]
    left_out = [
        f"{file}: what the transform {name} adds is not known" for name in names if name != LOOPS
    ]
    if LOOPS in names and _has_loops(template):
        from cfnlint.template import Template
        from cfnlint.template.transforms._language_extensions import language_extension

        _, expanded = language_extension(Template(file, template))
        if isinstance(expanded, dict):
            return expanded, left_out
        left_out.append(f"{file}: what {LOOP} repeats is not known")
    return template, left_out


def _has_loops(template: dict[str, Any]) -> bool:
    sections = [template.get(name) for name in ("Resources", "Outputs", "Conditions")]
    return any(
        str(key).startswith(LOOP) for part in sections if isinstance(part, dict) for key in part
    )
