"""The house: which step may use which, what Python must not know, what is imported late."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from shutil import rmtree

import pytest

from generator.cache import FOLDER

PACKAGE = Path(__file__).parents[1] / "generator"
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path
    for path in PACKAGE.rglob("*.py")
}
ALL = [*MODULES]

# What each step may use of the others. `cli` may use all of them, and nothing uses `cli`.
ARROWS = {
    "model": {"errors", "light"},
    "load": {"cache", "errors", "light", "model"},
    "resolve": {"errors", "light", "model"},
    "render": {"cache", "errors", "light", "model", "resolve"},
    "check": {"cache", "errors", "model", "load", "observe"},
    "observe": {"errors", "model"},
    "compare": {"errors", "model", "resolve"},
    "adopt": {"errors", "model", "resolve", "render", "compare"},
    "show": {"errors", "model"},
    "write": {"errors", "light", "render"},
}
PACK = [name for name in ALL if name.startswith("check.cfn_rules.")]
USERS = {
    "yaml": {"load.yaml_nodes", "observe.cloudformation.decode"},
    "jinja2": {"render.bounds", "render.bytecode", "render.environment"},
    "pydantic": {"load.schema"},
    "hcl2": {"observe.hcl_values"},
    "xlsxwriter": {"render.workbook"},
    "subprocess": {"check.terraform", "observe.git"},
    "cfnlint": {
        "check.cfn_lint",
        "check.remembered",
        "observe.cloudformation.decode",
        "observe.cloudformation.transforms",
        *(n for n in PACK if not n.endswith("__init__")),
    },
}


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text())


@cache
def imports(name: str) -> set[str]:
    """The modules that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "generator":
            found |= {f"generator.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def step(name: str) -> str:
    return name.split(".")[0]


def test_a_step_uses_earlier_ones_through_their_front_doors():
    for name in ALL:
        if step(name) in ("__init__", "__main__"):
            continue
        ours = {i.removeprefix("generator.") for i in imports(name) if i.startswith("generator.")}
        others = {module for module in ours if step(module) != step(name)}
        if step(name) != "cli":
            assert others <= ARROWS.get(step(name), set()), name
        deep = {module for module in others if "." in module}
        assert not deep, f"{name}: import from the folder, not from its files"


@pytest.mark.parametrize("folder", [name for name in ARROWS if (PACKAGE / name).is_dir()])
def test_a_front_door_says_what_the_step_does_and_names_what_others_call(folder):
    face = tree(f"{folder}.__init__")
    assert ast.get_docstring(face)
    assert {type(node) for node in face.body} == {ast.Expr, ast.ImportFrom, ast.Assign}


@pytest.mark.parametrize(("tool", "users"), USERS.items())
def test_each_tool_is_used_in_one_place(tool, users):
    assert users == {name for name in ALL if tool in {i.split(".")[0] for i in imports(name)}}


@pytest.mark.parametrize("name", [n for n in ALL if step(n) in ("model", "resolve", "write")])
def test_what_most_runs_import_defines_its_values_quickly(name):
    froms = [node for node in ast.walk(tree(name)) if isinstance(node, ast.ImportFrom)]
    taken = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
    assert not taken & {"typing.NamedTuple", "dataclasses.dataclass"}, "use generator.light"


def test_only_the_command_line_prints_and_exits():
    for name in ALL:
        if step(name) == "cli":
            continue
        calls = [node.func for node in ast.walk(tree(name)) if isinstance(node, ast.Call)]
        called = {c.id for c in calls if isinstance(c, ast.Name)}
        assert not called & {"print", "exit", "quit"}, name
        assert "click" not in imports(name), name


def test_one_place_writes_to_the_terminal():
    for name in ALL:
        if step(name) != "cli" or name == "cli.terminal":
            continue
        writes = r"click\.(?:echo|secho|style)\b|\bsys\.std\w+\.write|\bprint\("
        calls = re.findall(writes, MODULES[name].read_text())
        allowed = ["print("] if name == "cli.__init__" else []
        assert calls == allowed, f"{name}: use terminal.echo"


def test_the_python_names_no_product_and_no_port():
    product = r"netapp|ontap|cloud.?manager|mediator|snapmirror|autosupport|active.directory"
    for name in ALL:
        found = re.search(product, MODULES[name].read_text(), re.IGNORECASE)
        assert not found, f"{name}: {found}"


def test_a_module_reads_at_a_sitting():
    lines = {name: len(MODULES[name].read_text().splitlines()) for name in ALL}
    assert {name: number for name, number in lines.items() if number > 300} == {}


HEAVY = {
    "yaml",
    "jinja2",
    "pydantic",
    "cfnlint",
    "hcl2",
    "importlib.metadata",
    "zipfile",
    "asyncio",
    "concurrent.futures",
    "logging",
    "multiprocessing",
    "click._termui_impl",  # the progress bar
}
HEAVY |= {"generator.check", "generator.observe", "generator.compare", "generator.adopt", "difflib"}
HEAVY |= {"generator.load.strict_yaml", "subprocess", "generator.model", "generator.write"}
DIFFERENCES = {"generator.cli.differences", "generator.cli.staged"}
HEAVY |= DIFFERENCES
MODEL = {"generator.model"}  # what commands about rules need
WRITING = {*MODEL, "jinja2", "generator.write"}
COMMANDS = {
    "--version": set(),
    "--help": set(),
    "generate --help": set(),
    "rules": MODEL,
    "explain 443": MODEL,
    "generate --no-lint --preset predefined": WRITING,
    "generate --no-lint --preset predefined --check": {*WRITING, *DIFFERENCES},
}


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_imports_no_more_than_it_needs(tmp_path, words):
    """In a second run, which finds compiled templates and rule data in the cache."""
    code = (
        "import sys, atexit; from generator.__main__ import main; "
        f"atexit.register(lambda: print('loaded:', *sorted({HEAVY} & set(sys.modules)))); "
        "sys.argv[0] = 'cvo-sg'; main()"
    )
    command = [sys.executable, "-c", code, *words.split()]
    environment = {**os.environ, FOLDER: str(tmp_path / "cache")}
    run = partial(subprocess.run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    first = run([part for part in command if part != "--check"])
    if "--check" not in command:
        rmtree(tmp_path / "out", ignore_errors=True)  # so that it writes again
    second = run(command)
    loaded = second.stdout.splitlines()[-1].split()[1:]
    assert set(loaded) == COMMANDS[words], first.stderr + second.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        pytest.param(["--help"], {"yaml", "jinja2", "pydantic", "cfnlint", "hcl2"}, id="help"),
        pytest.param(["rules"], {"jinja2", "pydantic", "cfnlint", "hcl2"}, id="rules"),
        pytest.param(["init", "x.yaml"], {"jinja2", "cfnlint", "hcl2"}, id="init"),
        pytest.param(["generate", "--no-lint"], {"pydantic", "cfnlint", "hcl2"}, id="generate"),
    ],
)
def test_heavy_modules_are_imported_where_they_are_used(tmp_path, arguments, absent):
    code = (
        "import sys, generator.check, generator.observe; from generator.cli import cli; "
        f"cli({arguments}, standalone_mode=False); "
        f"print('loaded:', *sorted({absent} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "loaded:"
