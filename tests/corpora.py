"""The corpora of mistakes: for each file in `invalid/`, the sentences that answer it now.

The tests in `load/` compare them with what stands beside each mistake. To write that anew:

    python tests/corpora.py
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
DEPLOYMENTS, RULE_DATA = (
    ROOT / "tests" / "invalid" / name for name in ("deployments", "rule_data")
)


def about_deployment(file: Path) -> str:
    """What `cvo-sg generate` says about a deployment file, in an empty folder."""
    from click.testing import CliRunner

    from generator.cli import cli

    before = Path.cwd()
    with TemporaryDirectory() as folder:
        shutil.copy(file, folder)
        os.chdir(folder)
        try:
            result = CliRunner().invoke(cli, ["generate", "--no-lint", file.name])
        finally:
            os.chdir(before)
    if result.exit_code != 2:
        raise ValueError(f"{file} is not refused: {result.exception or result.output}")
    return re.sub("^cvo-sg: ", "", result.stderr, flags=re.MULTILINE)


def about_rule_data(file: Path) -> str:
    """What loading says about rule data in which a file, named in its first line, is replaced."""
    from generator.errors import InputError
    from generator.load import RuleData, shipped

    text = file.read_text("utf-8")
    replaced = text.partition("\n")[0].removeprefix("# replaces: ")
    with TemporaryDirectory() as folder:
        root = Path(shutil.copytree(shipped("rule_data"), Path(folder, "rule_data")))
        (root / replaced).write_text(text, "utf-8")
        try:
            data = RuleData(root)
            for release in data.releases():
                data.release(release)
            for preset in data.presets():
                data.preset(preset)
        except InputError as error:
            return str(error).replace(f"{root}/", "") + "\n"
    raise ValueError(f"{file} is not refused")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for corpus, about in ((DEPLOYMENTS, about_deployment), (RULE_DATA, about_rule_data)):
        for mistake in sorted(corpus.glob("*.yaml")):
            mistake.with_suffix(".txt").write_text(about(mistake), "utf-8")
