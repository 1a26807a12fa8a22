"""What a deployment adds to the documented rows, and what it does without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from expectation import assert_equal, bound_to, expected
from stack import Stack, template_of
from strategies import DATA, peers, resolved

from generator.model import Deployment
from generator.resolve import granted
from generator.show import Answers, starter

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SITE = 'name: site\nrelease: "3.7"\noutbound: advanced\nendpoints: {dns: [10.0.0.2/32]}\n'


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text=SITE, name="site.yaml"):
        Path(name).write_text(text)
        return name

    return write


def deployment(**changes):
    return Deployment(**{"name": "a", "release": "3.7", **changes})


def described(decided, role="cloud-volumes-ontap"):
    """The descriptions of a group's permissions, by identity."""
    [group] = [group for group in decided.groups if group.role == role]
    return {p.identity: p.description for p in group.permissions}


def lines(decided, role="cloud-volumes-ontap"):
    """The lines of a group's tables: endpoint and traffic."""
    [group] = [group for group in decided.groups if group.role == role]
    return {f"{line.endpoint} {line.traffic}" for line in (*group.ingress, *group.egress)}


@pytest.mark.parametrize("name", DATA.catalogue.supplements)
def test_a_supplement_adds_rules_that_say_what_they_are(name):
    supplement = DATA.catalogue.supplements[name]
    assert supplement.reason.endswith(".")
    tables = {release: [*supplement.tables(release)] for release in DATA.releases()}
    assert any(tables.values())
    for release, added_to in tables.items():
        plain = resolved(deployment(release=release))
        more = resolved(deployment(release=release, supplements=(name,)))
        for role in DATA.release(release).info.groups[:-1]:
            if role not in {group.role for group in more.groups}:
                continue
            before, after = described(plain, role), described(more, role)
            added = {key: told for key, told in after.items() if key not in before}
            assert bool(added) == (role in {changed for changed, *_ in added_to})
            assert all(told.startswith("Supplement: ") for told in added.values())
            assert {key: after[key] for key in before} == before, "no other rule changes"


def ports(name, release):
    """What a supplement opens in a release: role, direction, traffic and endpoint."""
    return {
        f"{role} {direction} {traffic} {endpoint}"
        for role, direction, rules in DATA.catalogue.supplements[name].tables(release)
        for rule in rules
        for traffic in rule.traffic
        for endpoint in rule.endpoints
    }


ONTAP = "cloud-volumes-ontap"
ICMP = {
    f"{ONTAP} inbound all ICMP snapmirror-peers",
    f"{ONTAP} outbound all ICMP ontap-intercluster-lifs",
}
PORT_10000 = {
    f"{ONTAP} inbound TCP 10000 snapmirror-peers",
    f"{ONTAP} outbound TCP 10000 ontap-intercluster-lifs",
}
KMIP = {f"{ONTAP} outbound TCP 5696 key-managers"}
HTTP = {f"{ONTAP} outbound TCP 80 software-image-server"}
FTP = {f"{ONTAP} outbound TCP 21 software-image-server"}
INSTALLER = {"manager outbound TCP 80 outbound-internet"}


@pytest.mark.parametrize(
    ("name", "release", "opened"),
    [
        pytest.param("snapmirror-icmp", "3.7", ICMP | PORT_10000, id="snapmirror-3.7"),
        pytest.param("snapmirror-icmp", "3.8", ICMP, id="snapmirror-3.8-without-10000"),
        pytest.param("snapmirror-icmp", "console", ICMP, id="snapmirror-console"),
        pytest.param("kms", "3.7", KMIP, id="kms-3.7-without-https"),
        pytest.param("kms", "3.8", KMIP, id="kms-3.8-without-https"),
        pytest.param(
            "kms",
            "console",
            KMIP | {f"{ONTAP} outbound TCP 443 {name}" for name in ("aws-kms", "aws-sts")},
            id="kms-console",
        ),
        pytest.param("software-image", "3.7", HTTP | FTP, id="images-3.7"),
        pytest.param("software-image", "3.9", HTTP | FTP, id="images-3.9"),
        pytest.param("software-image", "bluexp", HTTP, id="images-bluexp-without-ftp"),
        pytest.param("software-image", "console", HTTP, id="images-console-without-ftp"),
        pytest.param("installer", "3.7", INSTALLER, id="installer-3.7"),
        pytest.param("installer", "3.9", set(), id="installer-3.9-over-https"),
        pytest.param("installer", "console", set(), id="no-installer-in-the-console"),
        pytest.param("nvme", "3.7", set(), id="no-nvme-in-3.7"),
        pytest.param("nvme", "3.9", set(), id="no-nvme-in-3.9"),
        pytest.param("kms", "3.9", KMIP, id="kms-3.9-without-https"),
        pytest.param("snapmirror-icmp", "3.9", ICMP, id="snapmirror-3.9-without-10000"),
        pytest.param(
            "nvme",
            "console",
            {f"{ONTAP} inbound TCP {port} nvme-clients" for port in (4420, 8009)},
            id="nvme-console",
        ),
        pytest.param(
            "s3-protocol",
            "console",
            {f"{ONTAP} inbound TCP {port} s3-clients" for port in (80, 443)},
            id="s3-console",
        ),
        pytest.param(
            "ldaps", "3.8", {f"{ONTAP} outbound TCP 636 active-directory"}, id="ldaps-3.8"
        ),
    ],
)
def test_a_supplement_opens_what_the_page_of_the_release_asks_for(name, release, opened):
    assert ports(name, release) == opened


def test_a_supplement_of_another_release_is_named():
    told = resolved(deployment(release="3.8", supplements=("nvme",))).warnings
    assert told == ("the supplement nvme has no rule for release 3.8: remove it",)
    told = resolved(deployment(supplements=("ntp",), groups=("manager",))).warnings
    assert told == (
        "the supplement ntp adds no rule, because its groups or features are left out: remove it, "
        "or add those",
    )


def test_time_comes_from_the_domain_controllers_unless_the_deployment_says_otherwise():
    def servers(**endpoints):
        bound = {name.replace("_", "-"): peers(text) for name, text in endpoints.items()}
        decided = resolved(deployment(supplements=("ntp",), endpoints=bound))
        return {r.peer.value for r in granted(decided) if str(r.traffic) == "UDP 123"}

    assert servers() == set()
    assert servers(active_directory="10.0.0.10/32") == {"10.0.0.10/32"}
    assert servers(active_directory="10.0.0.10/32", ntp_servers="10.0.0.1/32") == {"10.0.0.1/32"}


def test_snapmirror_keeps_port_10000_in_both_directions_without_ndmp():
    bound = {
        name: peers("172.16.8.0/24") for name in ("snapmirror-peers", "ontap-intercluster-lifs")
    }
    bound["backup-clients"] = peers("10.0.0.0/8")
    only = deployment(supplements=("snapmirror-icmp",), features={"ndmp": False}, endpoints=bound)
    open_ = {
        (r.direction, r.peer.value) for r in granted(resolved(only)) if r.traffic.to_port == 10000
    }
    assert open_ == {("inbound", "172.16.8.0/24"), ("outbound", "172.16.8.0/24")}


def stack(**given):
    return Stack(template_of(deployment(supplements=("snapmirror-icmp",))), **given)


def pings(stack):
    return {r.peer for r in stack.rules() if (r.direction, r.protocol) == ("inbound", "icmp")}


def test_an_endpoint_that_falls_back_to_what_another_one_has_permits_it_once():
    """SnapMirror peers and ping clients both fall back to the inbound clients."""
    plain = stack()
    assert (plain.refusals, pings(plain)) == ([], {"0.0.0.0/0"})
    both = stack(
        PingClients="10.0.0.0/8", SnapmirrorPeers="172.16.8.0/24", BackupClients="10.0.0.0/8"
    )
    assert (both.refusals, pings(both)) == ([], {"10.0.0.0/8", "172.16.8.0/24"})
    peers_only = stack(SnapmirrorPeers="172.16.8.0/24")
    assert (peers_only.refusals, pings(peers_only)) == ([], {"0.0.0.0/0", "172.16.8.0/24"})
    nobody = stack(InboundClients="", PingClients="10.0.0.0/8")
    assert (nobody.refusals, pings(nobody)) == ([], {"10.0.0.0/8"})


def test_a_fallback_that_no_rule_permits_any_more_is_refused_in_words():
    [refusal] = stack(PingClients="10.0.0.0/8").refusals
    assert refusal == (
        "SnapmirrorPeers is empty and falls back, but the rule for that (cloud-volumes-ontap, "
        "inbound, all ICMP) is the one of PingClients, which has a value of its own: give "
        "SnapmirrorPeers a value as well."
    )


@pytest.mark.parametrize("name", DATA.catalogue.supplements)
def test_bluexp_and_the_console_need_the_same_supplements(name):
    """The pages of both say the same; only the names of the product's own services differ."""
    assert ports(name, "bluexp") == ports(name, "console")


@pytest.mark.parametrize("name", DATA.catalogue.supplements)
def test_explain_says_which_releases_a_rule_of_a_supplement_is_for(run, name):
    for role, *_ in DATA.catalogue.supplements[name].tables("console"):
        told = run("explain", role, "--release", "console").stdout
        assert f"supplement {name}: " in told
    told = run("explain", "manager", "--release", "console").stdout
    assert "supplement installer" not in told
    assert "    only for 3.7 and 3.8\n" in run("explain", "manager").stdout


def test_a_starter_file_lists_the_supplements_of_its_release():
    every = [DATA.release(name) for name in DATA.releases()]
    texts = {
        each.id: starter(each, every, DATA.catalogue.of(each.info), Answers("a")) for each in every
    }
    assert "#   - installer  # " in texts["3.7"]
    assert "#   - nvme  # " not in texts["3.7"]
    assert "#   - nvme  # " in texts["console"]
    assert "#   - installer  # " not in texts["console"]


@pytest.mark.parametrize("release", ["3.7", "3.8"])
def test_a_rigid_outbound_set_is_warned_of_until_its_supplements_permit_it(run, site, release):
    text = SITE.replace("3.7", release)
    told = run("generate", "--no-lint", site(text)).stderr
    assert "and supplements: [autosupport] if it is missing" in told
    assert "and supplements: [s3-tiering] if it is missing" in told
    text += "supplements: [autosupport, s3-tiering]\n"
    assert "supplements" in run("generate", "--no-lint", site(text)).stderr
    text = text.replace("dns:", "autosupport: [10.0.0.80/32], s3: [pl-01234567], dns:")
    told = run("generate", "--no-lint", site(text)).stderr
    assert "supplements" not in told
    assert (
        "supplements"
        not in run("generate", "--no-lint", site(text.replace("advanced", "basic"))).stderr
    )


def test_features_that_are_not_used_drop_the_rules_that_serve_nothing_else():
    everything = lines(resolved(deployment(topology="single-node")))
    unused = {name: False for name in DATA.release("3.7").features if name != "nfs"}
    nfs = lines(resolved(deployment(topology="single-node", features=unused)))
    assert nfs < everything
    assert {line for line in nfs if "nfs" in line} == {line for line in everything if "nfs" in line}
    assert "nas-clients TCP 749" in nfs, "Kerberos serves NFS, too"
    assert not [line for line in nfs if re.search("cifs|iscsi|snap|active-directory UDP 137", line)]
    compact = resolved(deployment(topology="single-node", features=unused, compact=True))
    assert len(lines(compact)) < len(nfs) < len(everything) / 2


def test_features_are_known_by_name_and_true_changes_nothing():
    assert DATA.release("3.7").features == [
        *("backup-to-s3", "cifs", "cloud-compliance", "iscsi", "ndmp", "nfs", "snapmirror", "snmp"),
        "tiering",
    ]
    used = dict.fromkeys(DATA.release("3.7").features, True)
    assert described(resolved(deployment(features=used))) == described(resolved(deployment()))


def test_the_summary_and_the_readmes_say_what_is_dropped(run, site):
    result = run("generate", "--no-lint", site(SITE + "features: {iscsi: false, snmp: false}\n"))
    assert "  without: iscsi (1 row), snmp (6 rows)\n" in result.stderr
    for kind in ("terraform", "cloudformation"):
        text = Path("out/site", kind, "README.md").read_text()
        assert "that are not used are left out: iscsi (1 row), snmp (6 rows).\n\n## Deploy" in text


def test_an_endpoint_left_open_has_no_default():
    left_open = resolved(deployment(open=("inbound-clients",)))
    assert "inbound-clients" in {each.id for each in left_open.left_open}
    assert not [rule for rule in granted(left_open) if rule.direction == "inbound"]
    assert described(left_open) == described(resolved(deployment())), "the parameters stay"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("supplements: [ntpd]\n", "unknown supplement 'ntpd'", id="supplement"),
        pytest.param("features: {nvs: false}\n", "unknown feature 'nvs'", id="feature"),
        pytest.param("features: {nfs: nein}\n", "site.yaml:5:17: ", id="no-boolean"),
        pytest.param("open: [dhpc]\n", "unknown endpoint 'dhpc'", id="endpoint"),
        pytest.param("open: [dns]\n", "dns is also bound under endpoints", id="bound-and-open"),
    ],
)
def test_mistakes_are_sentences_with_their_place(run, site, text, sentence):
    result = run("generate", "--no-lint", site(SITE + text))
    assert result.exit_code == 2
    assert result.stderr.startswith("site.yaml:5:")
    assert sentence in result.stderr


def test_the_readme_lists_every_supplement_with_its_releases_and_evidence():
    text = (Path(__file__).parents[2] / "rule_data" / "README.md").read_text("utf-8")
    section = text.partition("### Supplements\n")[2].partition("### ")[0]
    listed = [
        (name, releases, evidence)
        for name, releases, evidence in re.findall(
            r"^\| `([a-z0-9-]+)` \| .* \| (.*) \| (\w+) \|$", section, re.MULTILINE
        )
    ]
    for name, supplement in DATA.catalogue.supplements.items():
        possible = [
            r for r in DATA.releases() if set(supplement.groups) & set(DATA.release(r).rules)
        ]
        needed = [r for r in possible if [*supplement.tables(r)]]
        releases = "all" if needed == possible else ", ".join(needed)
        assert listed.pop(0) == (name, releases, supplement.evidence)
    assert listed == []


@pytest.mark.slow
@pytest.mark.parametrize("inbound", ["", "0.0.0.0/0", "10.0.0.0/8"])
@pytest.mark.parametrize("pinging", ["", "0.0.0.0/0", "10.0.0.0/8"])
@pytest.mark.parametrize("peering", ["", "0.0.0.0/0", "10.0.0.0/8", "172.16.8.0/24"])
def test_what_a_stack_accepts_permits_what_its_endpoints_stand_for(inbound, pinging, peering):
    given = {"InboundClients": inbound, "PingClients": pinging, "SnapmirrorPeers": peering}
    only = deployment(release="3.8", supplements=("snapmirror-icmp",), groups=(ONTAP,))
    found = Stack(template_of(only), **given)
    if not found.refusals:
        assert_equal(found.rules(), only, expected(bound_to(only, given)))
    lost = pinging and inbound and not peering  # nobody else has the rule for inbound-clients
    assert bool(found.refusals) == bool(lost or (peering and peering == (pinging or inbound)))
