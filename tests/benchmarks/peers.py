"""How long `cvo-sg` takes beside programs that do a comparable job, measured in one run.

Run it at the top of the repository: `python tests/benchmarks/peers.py`. It installs the programs in
a temporary folder, runs them in turn, and prints a table in Markdown; --write puts the table into
tests/README.md. Ratios count, not seconds: machines differ, and busy ones are slow. They are taken
within each round, and the median of the rounds is shown.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import rows
from environments import Missing, node_environment, python_environment, versions
from measuring import Case, Took, environment, in_own_folder, measure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
README = ROOT / "tests" / "README.md"
RELEASE, PRESET = "3.7", "advanced"
FLOOR = "`python -c 'import click, jinja2, yaml'`"
LINT = "the `cfn-lint` command on that template"
CUSTOMERS = 20
COMPLETION = {"_CVO_SG_COMPLETE": "bash_complete", "COMP_WORDS": "cvo-sg gen", "COMP_CWORD": "1"}
_MARKED = re.compile(r"(?<=^<!-- peers -->\n).*?(?=^<!-- /peers -->$)", re.MULTILINE | re.DOTALL)


class Line(NamedTuple):
    """A line of the table: a case, or what a case takes more than another, for each of a number."""

    label: str
    case: str
    less: str = ""
    number: int = 1


LINES = [
    Line(FLOOR, "floor"),
    Line("`cvo-sg --version`", "version"),
    Line("`cvo-sg --help`", "help"),
    Line("completion of `cvo-sg gen`", "completion"),
    Line("`cvo-sg rules`", "rules"),
    Line("`generate --no-lint`, one preset, CloudFormation only", "one format"),
    Line("`generate --no-lint`, one preset", "one"),
    Line("`generate --no-lint`, two presets", "two"),
    Line("`generate --no-lint`, all presets", "all"),
    Line("`generate --no-lint --check`, all presets, nothing changed", "check"),
    Line("the same rows: a bare script with click and Jinja2", "bare"),
    Line("the same rows: troposphere", "troposphere"),
    Line("the same rows: aerleon, for Google Cloud's firewall (none for AWS)", "aerleon"),
    Line("the same rows: the AWS CDK, without its command line", "cdk"),
    Line(LINT, "cfn-lint"),
    Line("`generate`, one preset, with lint, no cache", "lint"),
    Line("`generate`, one preset, with lint, cached verdicts", "cached"),
    Line("each next preset in that run, no cache", "lint all", "lint", -1),
    Line("each next customer of the same form, no cache", "lint customers", "lint one", CUSTOMERS),
    Line("`generate --check`, all presets, with lint, cached verdicts", "cached check"),
]


def prepare(work: Path, home: Path) -> tuple[list[Case], dict[str, str], list[str], int]:
    """The cases that can run here, why others cannot, versions, and the number of presets."""
    ours = python_environment(work / "ours", ROOT)
    seen = versions(ours, "click", "jinja2", "cfn-lint")
    tool, python = ours / "cvo-sg", ours / "python"
    env = environment(home)
    documented = subprocess.check_output(
        [tool, "rules", "--release", RELEASE, "--output", "json"], env=env
    )
    rows.write(rows.flat(json.loads(documented)), work)
    generate = (tool, "generate", "--quiet")
    preset, every = ("--preset", PRESET), ("--preset", "all")
    bare, no_cache = (*generate, "--no-lint"), (*generate, "--no-cache")
    kept = work / "kept"
    kept.mkdir()
    subprocess.run([*bare, *every], cwd=kept, env=env, check=True)
    presets = len([path for path in (kept / "out").iterdir() if path.is_dir()])
    for name, number in (("one", 1), ("customers", CUSTOMERS + 1)):
        _write_customers(work / name, number)

    template = kept / "out" / PRESET / "cloudformation" / "template.yaml"
    rule = "IpProtocol"
    cases = [
        Case("floor", [python, "-c", "import click, jinja2, yaml"]),
        Case("version", [tool, "--version"]),
        Case("help", [tool, "--help"]),
        Case("completion", [tool], COMPLETION),
        Case("rules", [tool, "rules"]),
        Case("one format", [*bare, *preset, "--format", "cloudformation"], rule=rule),
        Case("one", [*bare, *preset]),
        Case("two", [*bare, *preset, "--preset", "predefined"]),
        Case("all", [*bare, *every]),
        Case("check", [*bare, *every, "--check"], folder=kept),
        Case("bare", [python, HERE / "programs" / "bare.py", work / "rows.yaml"], rule=rule),
        Case("cfn-lint", [ours / "cfn-lint", template]),
        Case("lint", [*no_cache, *preset]),
        Case("cached", [*generate, *preset]),
        Case("lint all", [*no_cache, *every]),
        Case("lint one", [*no_cache, work / "one"]),
        Case("lint customers", [*no_cache, work / "customers"]),
        Case("cached check", [*generate, *every, "--check"], folder=kept),
    ]
    missing = {}
    for name, peer in PEERS.items():
        try:
            case, version = peer(work)
            in_own_folder(case, home)
        except (Missing, RuntimeError) as reason:  # one that does not run here is left out, too
            missing[name] = str(reason).splitlines()[-1]
        else:
            cases.append(case._replace(name=name))
            seen += version
    return cases, missing, seen, presets


def _write_customers(folder: Path, number: int) -> None:
    """Deployments that differ in names and networks only."""
    folder.mkdir()
    for i in range(number):
        text = (
            f'name: customer-{i:02}\nrelease: "{RELEASE}"\ntopology: ha\noutbound: advanced\n'
            f"endpoints:\n  inbound-clients: [10.{i}.0.0/16]\n  dns: [10.{i}.0.2/32]\n"
        )
        (folder / f"{i:02}.yaml").write_text(text, encoding="utf-8")


def _troposphere(work: Path) -> tuple[Case, list[str]]:
    programs = python_environment(work / "troposphere", "troposphere", "pyyaml")
    script = HERE / "programs" / "with_troposphere.py"
    case = Case("", [programs / "python", script, work / "rows.yaml"], rule="IpProtocol")
    return case, versions(programs, "troposphere")


def _aerleon(work: Path) -> tuple[Case, list[str]]:
    programs, policy = python_environment(work / "programs", "aerleon"), work / "aerleon"
    command = [programs / "aclgen", "--base_directory", policy, "--output_directory", "."]
    command += ["--definitions_directory", policy / "definitions"]
    return Case("", command, rule='"IPProtocol"'), versions(programs, "aerleon")


def _cdk(work: Path) -> tuple[Case, list[str]]:
    modules = node_environment(work / "cdk", "aws-cdk-lib", "constructs")
    number = json.loads((modules / "aws-cdk-lib" / "package.json").read_text())["version"]
    command = ["node", HERE / "programs" / "cdk.js", work / "rows.json"]
    case = Case("", command, {"NODE_PATH": str(modules)}, rule='"IpProtocol"')
    return case, [f"aws-cdk-lib {number}"]


PEERS: dict[str, Callable[[Path], tuple[Case, list[str]]]] = {
    "troposphere": _troposphere,
    "aerleon": _aerleon,
    "cdk": _cdk,
}


def table(
    took: Mapping[str, Sequence[Took]],
    written: Mapping[str, int],
    missing: Mapping[str, str],
    presets: int,
) -> str:
    """The table in Markdown, from what each case took in each round."""
    head = "| what | CPU, of the floor | wall time, of the floor | CPU, of `cfn-lint` |\n"
    lines = [head, "| --- | ---: | ---: | ---: |\n"]
    for line in LINES:
        if line.case in missing:
            lines.append(f"| {line.label} | not measured: {missing[line.case]} | | |\n")
            continue
        number = line.number if line.number > 0 else presets - 1
        rules = f" ({written[line.case]} rules)" if written.get(line.case) else ""
        cells = [
            _ratio(took, line, number, "floor", "cpu"),
            _ratio(took, line, number, "floor", "wall"),
            _ratio(took, line, number, "cfn-lint", "cpu"),
        ]
        lines.append(f"| {line.label}{rules} | {' | '.join(cells)} |\n")
    return "".join(lines)


def _ratio(
    took: Mapping[str, Sequence[Took]], line: Line, number: int, base: str, kind: str
) -> str:
    """The median of the rounds: what the line took, in what the base took in that round."""

    def seconds(case: str) -> list[float]:
        return [getattr(each, kind) for each in took[case]] if case else [0.0] * len(took[base])

    rounds = zip(seconds(line.case), seconds(line.less), seconds(base), strict=True)
    return f"{median((more - less) / number / of for more, less, of in rounds):.2f}"


def marked(text: str, content: str) -> str:
    """The README with this between its two comments."""
    new, number = _MARKED.subn(lambda _: f"\n{content}\n", text)
    if not number:
        raise SystemExit(f"{README} has no comments <!-- peers --> and <!-- /peers -->")
    return new


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each runs [15]")
    parser.add_argument("--write", action="store_true", help="also rewrite the table in the README")
    parser.add_argument("--list", action="store_true", help="only list what is measured")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(line.label for line in LINES))
        return
    with tempfile.TemporaryDirectory(prefix="cvo-sg-peers-") as name:
        work = Path(name)
        home = work / "home"
        home.mkdir()
        try:
            cases, missing, seen, presets = prepare(work, home)
            took, written = measure(cases, arguments.rounds, home)
        except (Missing, RuntimeError, subprocess.CalledProcessError) as error:
            sys.exit(f"Nothing was measured: {error}")
    floor = median(each.cpu for each in took["floor"]) * 1000
    note = (
        f"Medians of {arguments.rounds} rounds; the floor took {floor:.0f} ms of CPU time. "
        f"Python {platform.python_version()}, {', '.join(seen)}.\n"
    )
    content = f"{table(took, written, missing, presets)}\n{note}"
    print(content, end="")
    if arguments.write:
        text = README.read_text(encoding="utf-8")
        README.write_text(marked(text, content), encoding="utf-8")


if __name__ == "__main__":
    main()
