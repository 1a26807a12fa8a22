"""The picture of a flow matrix: what is where, and that nothing covers anything else."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from samples import DATA, DEPLOYMENTS, peers, resolved, variant

from generator.compare import marked_changes, of_release
from generator.render.lanes import ROW, WIDTH, lanes
from generator.render.picture import BASELINE, LINE, Box
from generator.resolve import matrix

every_deployment = pytest.mark.parametrize("name", DEPLOYMENTS)


def picture(deployment):
    return lanes(matrix(resolved(deployment)))


def column(drawn, x):
    return [box for box in drawn.boxes if box.x == x]


def overlap(one, other):
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@every_deployment
def test_boxes_are_in_the_picture_and_apart(name):
    drawn = picture(DEPLOYMENTS[name])
    for box in drawn.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawn.width
        assert 0 <= box.y <= box.y + box.height <= drawn.height
    assert not [pair for pair in combinations(drawn.boxes, 2) if overlap(*pair)]


@every_deployment
def test_every_flow_is_in_one_line_between_who_talks(name):
    flows = matrix(resolved(DEPLOYMENTS[name])).flows
    drawn = picture(DEPLOYMENTS[name])
    drawn_flows = [flow.id for bundle in drawn.bundles for flow in bundle.flows]
    assert sorted(drawn_flows) == sorted(flow.id for flow in flows)
    for bundle in drawn.bundles:
        [(direction, party, group)] = {(f.direction, f.party, f.group) for f in bundle.flows}
        assert bundle.ends == (f"{direction}.{party}", f"group-{group}")
        outside, own = bundle.source, bundle.destination
        if direction == "outbound":
            outside, own = own, outside
        assert (outside.id, own.name) == (party, group)


@every_deployment
def test_labels_do_not_cover_each_other(name):
    drawn = picture(DEPLOYMENTS[name])
    for side in ("inbound", "outbound"):
        heights = sorted(b.y for b in drawn.bundles if b.flows[0].direction == side)
        assert all(below - above >= ROW - 0.2 for above, below in pairwise(heights))


def test_who_connects_is_left_and_whom_a_group_connects_to_is_right():
    drawn = picture(DEPLOYMENTS["advanced"])
    left, right = column(drawn, 0), column(drawn, WIDTH - 200)
    assert all(box.id.startswith("inbound.") for box in left)
    assert all(box.id.startswith("outbound.") for box in right)
    assert len(left) + len(right) + 3 == len(drawn.boxes)


def test_an_endpoint_of_several_groups_is_one_box():
    drawn = picture(DEPLOYMENTS["advanced"])
    ends = [b.ends for b in drawn.bundles if b.ends[0] == "inbound.endpoint-administrators"]
    assert len(ends) == 3
    assert [box.id for box in drawn.boxes].count("inbound.endpoint-administrators") == 1


def test_what_is_open_and_what_nobody_filled_in_is_of_its_own_kind():
    changes = {"administrators": peers("10.0.0.0/8"), "dns": peers("10.0.0.2/32")}
    drawn = picture(variant(endpoints=changes))
    kinds = {box.id: box.kind for box in drawn.boxes}
    assert kinds["inbound.endpoint-administrators"] == "bound"
    assert kinds["inbound.endpoint-nfs-clients"] == "open"
    assert kinds["outbound.endpoint-dns"] == "bound"
    assert kinds["outbound.endpoint-active-directory"] == "empty"
    assert kinds["outbound.group-manager"] == kinds["group-manager"] == "group"


def test_a_box_has_its_peers_each_once():
    notes = {box.id: box.note for box in picture(DEPLOYMENTS["peers-of-every-kind"]).boxes}
    assert notes["outbound.endpoint-active-directory"] == "10.1.0.1/32, 10.20.0.10/32"
    assert notes["outbound.endpoint-backup-endpoints"] == "pl-01234567 +1"
    assert notes["outbound.endpoint-syslog-server"] == "not filled in yet"
    assert notes["outbound.group-ha-mediator"] == "group of this deployment"


def test_a_box_has_only_the_defaults_that_releases_have():
    releases = [of_release(DATA.release(name)) for name in ("3.7", "console")]
    notes = {box.title[0]: box.note for box in lanes(marked_changes(*releases, {}, True)).boxes}
    assert notes["manager-https-clients"] == "default: nobody"
    assert notes["dns"] == ""


def test_a_title_without_a_note_is_in_the_middle_of_its_box():
    box = Box("a", ("title",), "", 0, 100, 200, 50, "bound")
    [title] = box.lines
    assert title.y - BASELINE + LINE / 2 == box.y + box.height / 2


def test_a_line_names_a_protocol_once_and_counts_what_has_no_room():
    drawn = picture(DEPLOYMENTS["advanced"])
    [bundle] = [b for b in drawn.bundles if b.ends[0] == "inbound.endpoint-nfs-clients"]
    assert bundle.traffic == (
        *("TCP 111", "635", "2049", "4045", "4046"),
        *("UDP 111", "635", "2049", "4045", "4046", "4049"),
    )
    assert bundle.label == "TCP 111, 635, 2049 +8"
    assert bundle.name.startswith("NFS clients to Cloud Volumes ONTAP: TCP 111, 635, ")
    assert bundle.name.endswith("4049; 11 rules, open to the internet")
