"""A narrowed deployment of every release, from the warning to both ends of each connection."""

from __future__ import annotations

import pytest
from strategies import DATA

EVERYWHERE = "[0.0.0.0/0]"
# What else the advanced rules of a release lack, according to its pages.
SUPPLEMENTS = {
    "3.7": ["autosupport", "s3-tiering"],
    "3.8": ["autosupport", "s3-tiering"],
    "3.9": ["s3-tiering"],
    "bluexp": ["s3-tiering", "aws-services", "console-services"],
    "console": ["s3-tiering", "aws-services", "console-services"],
    "fsx-ontap": [],
}
AWS = ("aws-cloudformation", "aws-ec2", "aws-iam", "aws-kms", "aws-sts")
ENDPOINTS = {"s3-tiering": ("s3",), "aws-services": AWS, "console-services": ("console-services",)}
ONE_WAY = {"3.7": 3, "3.8": 3, "3.9": 3, "bluexp": 2, "console": 2, "fsx-ontap": 0}


def deployment(release, *lines):
    names = [name for s in SUPPLEMENTS[release] for name in ENDPOINTS.get(s, ())]
    names += ["autosupport"] if SUPPLEMENTS[release] else []
    endpoints = ["  inbound-clients: [10.20.0.0/21]", *(f"  {n}: {EVERYWHERE}" for n in names)]
    supplements = f"supplements: [{', '.join(SUPPLEMENTS[release])}]"
    head = ["name: acme", f'release: "{release}"', supplements, *lines, "endpoints:"]
    return "\n".join([*head, *endpoints]) + "\n"


def test_every_release_is_known():
    assert [*SUPPLEMENTS] == [*ONE_WAY] == DATA.releases()


@pytest.mark.parametrize("release", ONE_WAY)
def test_strict_names_each_connection_and_passes_once_the_groups_are_connected(
    run, tmp_path, release
):
    (tmp_path / "acme.yaml").write_text(deployment(release))
    for command in ("generate", "validate"):
        options = ["--no-lint"] if command == "generate" else []
        result = run(command, "acme.yaml", "--strict", *options)
        assert result.exit_code == (1 if ONE_WAY[release] else 0)
        assert result.stdout.count("Write connect_groups: true, or endpoints: ") == (
            ONE_WAY[release] - (release in ("3.7", "3.8"))  # whose TCP 3000 has no row there
        )
        assert result.stdout.count(" may connect to ") == ONE_WAY[release]

    (tmp_path / "acme.yaml").write_text(deployment(release, "connect_groups: true"))
    for command in ("generate", "validate"):
        options = ["--no-lint"] if command == "generate" else []
        result = run(command, "acme.yaml", "--strict", *options)
        assert (result.exit_code, result.stdout) == (0, "")
