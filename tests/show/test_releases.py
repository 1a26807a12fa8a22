"""The list of releases: which versions of the product each is for, where a user chooses one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from strategies import DATA

from generator.show import release_list


def test_the_releases_are_listed_with_versions_pages_and_dates(run):
    text = run("rules", "--releases").stdout
    lines = [line for line in text.splitlines() if not line.startswith(" ")]
    assert [line.split(maxsplit=1)[0] for line in lines] == [r.id for r in DATA.history()]
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        release.info.versions for release in DATA.history()
    ]
    assert "    Connector security group rules in AWS (2025-07-14)\n" in text
    assert "    File System Access Control with Amazon VPC\n" in text
    assert "    92 rows: cloud-volumes-ontap, ha-mediator, ha-internal, manager\n" in text


def test_the_releases_are_listed_as_json_and_one_by_one(run):
    arguments = ["rules", "--releases", "--release", "bluexp", "--output", "json"]
    [found] = json.loads(run(*arguments).stdout)
    assert found == {
        "release": "bluexp",
        "product": "BlueXP",
        "versions": DATA.release("bluexp").info.versions,
        "groups": ["manager", "cloud-volumes-ontap", "ha-mediator", "ha-internal"],
        "rows": 83,
        "pages": [
            {"title": "Connector security group rules in AWS", "date": "2025-07-14"},
            {
                "title": "AWS security group inbound and outbound rules for Cloud Volumes ONTAP",
                "date": "2025-03-24",
            },
        ],
    }


@pytest.mark.parametrize("more", [["--group", "manager"], ["--output", "csv"]])
def test_what_a_list_of_releases_does_not_have_is_refused(run, more):
    result = run("rules", "--releases", *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "use it without --group, and with --output table or json" in result.stderr


def test_a_release_without_versions_is_for_its_product():
    release = DATA.release("3.7")
    unknown = replace(release, info=replace(release.info, versions=None, date=None))
    assert release_list([unknown]) == (
        "3.7  Cloud Manager 3.7\n       Security group rules for AWS\n"
        "       90 rows: manager, cloud-volumes-ontap, ha-mediator, ha-internal\n"
    )


def test_rows_come_oldest_release_first(run):
    rows = json.loads(run("rules", "--output", "json").stdout)
    assert list(dict.fromkeys(row["release"] for row in rows)) == [r.id for r in DATA.history()]
    asked = json.loads(run("rules", "-r", "console", "-r", "3.7", "-o", "json").stdout)
    assert list(dict.fromkeys(row["release"] for row in asked)) == ["console", "3.7"]
