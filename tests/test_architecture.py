"""The house: which module may import what, what Python must not know, what is imported late."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "generator"
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path
    for path in PACKAGE.rglob("*.py")
}

# What each module may import of the package; the commands in cli may import everything.
ARROWS = {
    "errors": set(),
    "protocols": {"errors"},
    "peers": {"errors"},
    "model": {"errors", "peers", "protocols"},
    "deployment": {"errors", "model", "peers"},
    "resolved": {"model", "peers", "protocols"},
    "compose": {"errors"},
    "strict_yaml": {"compose", "errors"},
    "checks": {"errors", "model", "protocols", "strict_yaml"},
    "load": {"checks", "deployment", "errors", "model", "strict_yaml"},
    "chosen": {"deployment", "model", "resolved"},
    "bindings": {"deployment", "model", "peers", "protocols", "resolved"},
    "resolve": {"bindings", "chosen", "deployment", "errors", "model", "protocols", "resolved"},
    "usage": {"bindings", "errors", "model", "peers", "protocols", "resolved"},
    "differences": {"chosen", "deployment", "model", "resolve", "resolved", "usage"},
    "explain": {"errors", "model", "protocols"},
    "starter": {"model"},
    "header": {"resolved"},
    "render": {"errors", "header", "resolved", "usage"},
    "changes": set(),
    "project": {"errors", "strict_yaml"},
    "findings": set(),
    "lint": {"findings"},
    "terraform": {"findings"},
    "advice": {"model", "protocols", "resolved", "usage"},
    "cfn_rules.__init__": {"cfn_rules"},
    "cfn_rules._rule": set(),
    "cfn_rules._template": {"model"},
    "cfn_rules.open": {"cfn_rules", "load", "protocols"},
    "cfn_rules.quota": {"cfn_rules"},
    "cfn_rules.refused": {"cfn_rules", "errors", "model", "protocols"},
    "write": {"errors", "header"},
    "rows": {"model", "protocols"},
    "schema": {"deployment", "model", "peers", "protocols"},
}
USERS = {
    "yaml": {"compose"},
    "jinja2": {"render"},
    "pydantic": {"schema"},
    "subprocess": {"terraform"},
    "cfnlint": {"lint", *(n for n in MODULES if n.startswith("cfn_rules") and "init" not in n)},
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "generator":
            found |= {f"generator.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("name", [name for name in MODULES if "cli" not in name])
def test_steps_import_the_model_and_not_each_other(name):
    if name in ("__init__", "__main__"):
        return
    ours = {i.split(".")[1] for i in imports(MODULES[name]) if i.startswith("generator.")}
    assert ours <= ARROWS[name]


@pytest.mark.parametrize(("tool", "users"), USERS.items())
def test_each_tool_is_used_in_one_place(tool, users):
    assert users == {n for n, p in MODULES.items() if tool in {i.split(".")[0] for i in imports(p)}}


@pytest.mark.parametrize("name", MODULES)
def test_only_the_command_line_prints_and_exits(name):
    if name.startswith("cli"):
        return
    calls = [n.func for n in ast.walk(ast.parse(MODULES[name].read_text()))
             if isinstance(n, ast.Call)]  # fmt: skip
    assert not {c.id for c in calls if isinstance(c, ast.Name)} & {"print", "exit", "quit"}
    assert "click" not in imports(MODULES[name])


@pytest.mark.parametrize("name", MODULES)
def test_the_python_names_no_product_and_no_port(name):
    product = r"netapp|ontap|cloud.?manager|mediator|snapmirror|autosupport|active.directory"
    assert not re.search(product, MODULES[name].read_text(), re.IGNORECASE)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_reads_at_a_sitting(name):
    assert len(MODULES[name].read_text().splitlines()) <= 300


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        pytest.param(["--help"], {"yaml", "jinja2", "pydantic", "cfnlint"}, id="help"),
        pytest.param(["rules"], {"jinja2", "pydantic", "cfnlint"}, id="rules"),
        pytest.param(["generate", "--no-lint"], {"pydantic", "cfnlint"}, id="generate"),
    ],
)
def test_heavy_modules_are_imported_where_they_are_used(tmp_path, arguments, absent):
    code = (
        "import sys; from generator.cli import cli; "
        f"cli({arguments}, standalone_mode=False); "
        f"print('loaded:', *sorted({absent} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "loaded:"
