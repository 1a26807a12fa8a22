"""Good deployments: files, options and answers, and what becomes of their bindings."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import time
import zipfile
from collections import Counter
from itertools import product

import pytest
from click.testing import CliRunner
from folders import files
from hypothesis import given
from hypothesis import strategies as st
from template import read, stack
from terraform import require_terraform, terraform

from generator.cli import cli
from generator.load import RuleData, shipped
from generator.model import Peer, Rule, Traffic
from generator.render import render
from generator.render.filters import logical_id
from generator.resolve import granted, merge, resolve, usage
from generator.resolve.lines import join_ports

DATA = RuleData(shipped("rule_data"))
A, B, C = "10.0.0.0/24", "10.2.0.0/24", "10.4.0.0/24"
HEAD = 'name: site\nrelease: "3.7"\n'


def resolved(text):
    """A deployment, as YAML without name and release, resolved."""
    deployment = DATA.parse_deployment((HEAD + text).encode(), "site.yaml")
    return resolve(deployment, DATA.release(deployment.release), DATA.catalogue)


def bound(endpoint, *peers):
    """The lines that bind an endpoint to peers, some of which may be `name: peer`."""
    brackets = "{%s}" if any(": " in peer for peer in peers) else "[%s]"
    return f"endpoints:\n  {endpoint}: {brackets % ', '.join(peers)}\n"


def rules(result, endpoint):
    """The peers of the endpoint's permissions, and how often each stands in one of them."""
    found = [g for g in granted(result) if g.endpoint == endpoint]
    return Counter((g.group, g.direction, g.traffic, g.peer.value) for g in found)


def values(result, endpoint):
    return {value for *_, value in rules(result, endpoint)}


def count(result, role, direction):
    [found] = [u for u in usage(result) if (u.group, u.direction) == (role, direction)]
    return found.rules


# Files and options.


@pytest.fixture
def site(tmp_path):
    """Write a deployment file, and return its name."""

    def write(text="", name="site"):
        head = HEAD.replace("name: site", f"name: {name}")
        (tmp_path / f"{name}.yaml").write_text(head + text, "utf-8")
        return f"{name}.yaml"

    return write


def without_origin(folder):
    """The files by name, without the lines that say where they come from."""
    lines = re.compile(r"(?m)^(?:# )?(?:Deployment|Command|Digest): .*\n")
    return {name: lines.sub("", text.decode()) for name, text in files(folder).items()}


@pytest.fixture
def generate(run, tmp_path):
    """Generate Terraform alone, and return the files by their names."""

    def into(*arguments):
        result = run("generate", "--no-lint", "-f", "terraform", "--out", "out", *arguments)
        assert result.exit_code == 0, result.stderr
        return without_origin(tmp_path / "out")

    return into


def test_several_files_are_generated_in_one_run(generate, site):
    folders = {name.split("/")[0] for name in generate(site(name="here"), site(name="there"))}
    assert folders == {"here", "there"}


def test_two_deployments_of_one_name_are_refused(run, site, tmp_path):
    (tmp_path / "copy.yaml").write_bytes((tmp_path / site()).read_bytes())
    result = run("generate", "site.yaml", "copy.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "cvo-sg: duplicate deployment name 'site' in site.yaml and copy.yaml: rename one\n"
        "cvo-sg: nothing was written: 1 of 2 deployments has a mistake\n"
    )
    assert not (tmp_path / "out").exists()


def test_the_summary_says_what_a_person_wants_to_know(run, site):
    settings = "groups: [manager, ha-mediator]\nconnect_groups: true\nquota: 70\n"
    file = site(settings + bound("administrators", A, B))
    result = run("generate", "--no-lint", file)
    assert result.stderr.splitlines() == [
        "site: Cloud Manager 3.7, ha, advanced outbound",
        "  manager        6 inbound,   2 outbound of 70 rules each",
        "  ha-mediator    4 inbound,   1 outbound of 70 rules each",
        "  left open, so nothing is permitted: active-directory, dns, "
        "ontap-cluster-management-lif, backup-to-s3, cloud-compliance, aws-api-services",
        "  open to the internet: manager (3 rules), ha-mediator (1 rule)",
        "out: 8 files written",
    ]
    assert result.stdout == ""


def test_the_summary_does_not_warn_of_what_is_closed(run, site):
    result = run("generate", "--no-lint", site(bound("inbound-clients", A)))
    assert "open to the internet" not in result.stderr


def test_quiet_prints_no_summary(run, site):
    file = site()
    for check in ([], [], ["--check"]):
        assert run("generate", "--no-lint", "--quiet", file, *check).stderr == ""


def test_a_deployment_can_come_from_standard_input(generate, site, tmp_path):
    expected = generate(site(bound("dns", A)))
    text = (tmp_path / "site.yaml").read_bytes()
    arguments = ["generate", "--no-lint", "-f", "terraform", "--out", "piped", "-"]
    result = CliRunner().invoke(cli, arguments, input=text)
    assert result.exit_code == 0
    assert without_origin(tmp_path / "piped") == expected


OPTIONS = {
    "topology": ("topology: single-node\n", ["--topology", "single-node"]),
    "outbound": ("outbound: basic\n", ["--outbound", "basic"]),
    "groups": ("groups: [manager, ha-mediator]\n", ["-g", "ha-mediator", "-g", "manager"]),
    "peers": (bound("dns", A, B), ["--endpoint", f"dns={A},{B}"]),
    "peers-with-spaces": (bound("dns", A, B), ["--endpoint", f"dns={A}, {B}"]),
    "group-of-the-deployment": (bound("dns", "group:manager"), ["-e", "dns=group:manager"]),
    "nobody": (bound("dns"), ["--endpoint", "dns="]),
}
OVERRIDDEN = {
    "topology": "topology: ha\n",
    "outbound": "outbound: advanced\n",
    "groups": "groups: [cloud-volumes-ontap]\n",
    "endpoints": bound("dns", C),
}


@pytest.mark.parametrize(("text", "options"), OPTIONS.values(), ids=OPTIONS)
def test_options_alone_make_the_same_deployment_as_a_file(text, options, generate, site):
    assert generate("--name", "site", "--release", "3.7", *options) == generate(site(text))


@pytest.mark.parametrize(("text", "options"), OPTIONS.values(), ids=OPTIONS)
def test_options_override_a_file(text, options, generate, site):
    key, _, _ = text.partition(":")
    assert generate(site(OVERRIDDEN[key]), *options) == generate(site(text))


def test_a_name_on_the_command_line_is_the_folder_and_the_prefix(generate, site):
    found = generate(site(), "--name", "acme")
    assert {name.split("/")[0] for name in found} == {"acme"}
    assert 'default     = "acme"' in found["acme/terraform/variables.tf"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--name", "Site"], "invalid deployment name 'Site': use "),
        (["-e", "dns"], "--endpoint dns: use <endpoint>=<peer>,<peer>"),
        (["-e", "dns=10.0.0.2/8"], "--endpoint dns: '10.0.0.2/8' has host bits set"),
        (["-e", "dsn="], "unknown endpoint 'dsn': did you mean dns?"),
        (["-e", "dns=group:nobody"], "group 'nobody' is not in this deployment: use "),
        (["--topology", "single-node", "-g", "ha-mediator"], "group ha-mediator is for HA pairs "),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_bad_option_is_answered_by_one_line(options, sentence, run, tmp_path):
    result = run("generate", "--name", "site", "--release", "3.7", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"cvo-sg: {sentence}")
    assert result.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_a_new_deployment_needs_a_release(run):
    result = run("generate", "--name", "site")
    assert result.exit_code == 2
    assert result.stderr.startswith("cvo-sg: --name also needs --release: use 3.7, ")


def test_stdout_leaves_the_summary_to_standard_error(run, site):
    result = run("generate", "--no-lint", "-f", "terraform", "--stdout", site())
    assert "  open to the internet: manager" in result.stderr
    assert "open to the internet: manager" not in result.stdout
    assert "files written" not in result.stderr


def test_stdout_prints_what_is_deployed_and_no_readme(run, site, tmp_path):
    file = site()
    run("generate", "--no-lint", "-f", "terraform", file)
    printed = run("generate", "--no-lint", "-f", "terraform", "--stdout", file).stdout
    for name, content in files(tmp_path / "out").items():
        assert (content.decode() in printed) == (not name.endswith(".md")), name


# The archive.


def test_the_archive_holds_exactly_the_files_of_the_folder(run, site, tmp_path):
    both = site(name="here"), site(name="there")
    run("generate", "--no-lint", *both)
    assert "a.zip: written\n" in run("generate", "--no-lint", "--zip", "a.zip", *both).stderr
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
        assert archive.namelist() == sorted(found)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert found == files(tmp_path / "out")


def test_the_archive_has_the_same_bytes_at_any_time_and_place(run, site, tmp_path, monkeypatch):
    file = tmp_path / site()
    run("generate", "--no-lint", "--zip", "first.zip", file)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    old = os.umask(0o077)
    run("generate", "--no-lint", "--zip", "deep/second.zip", "--out", "unused", file)
    os.umask(old)
    second = tmp_path / "elsewhere" / "deep" / "second.zip"
    assert second.read_bytes() == (tmp_path / "first.zip").read_bytes()
    assert not (tmp_path / "elsewhere" / "unused").exists()


def test_a_file_of_somebody_else_is_no_archive_to_overwrite(run, site, tmp_path):
    file, archive = site(), tmp_path / "a.zip"
    archive.write_bytes(b"mine")
    result = run("generate", "--no-lint", "--quiet", "--zip", "a.zip", file)
    assert (result.exit_code, archive.read_bytes()) == (2, b"mine")
    assert result.stderr == (
        "cvo-sg: a.zip was not generated by this tool: move it, or use --force to overwrite it\n"
    )
    assert run("generate", "--no-lint", "--zip", "a.zip", "--force", file).exit_code == 0
    assert zipfile.is_zipfile(archive)
    assert run("generate", "--no-lint", "--zip", "a.zip", file, "-e", "dns=").exit_code == 0


# Merging.


@pytest.mark.parametrize(
    ("peers", "left"),
    [
        pytest.param([A, A], {A}, id="the-same-twice"),
        pytest.param(["10.0.0.8/29", A], {A}, id="one-inside-the-other"),
        pytest.param([A, "0.0.0.0/0"], {"0.0.0.0/0"}, id="everything"),
        pytest.param([f"a: {A}", f"b: {A}"], {A}, id="under-two-names"),
        pytest.param(["'2001:db8:1::/48'", "'2001:db8::/32'"], {"2001:db8::/32"}, id="ipv6"),
        pytest.param([A, "'::/0'"], {A, "::/0"}, id="two-families-stay-apart"),
        pytest.param(["10.0.0.0/25", "10.0.0.128/25"], None, id="neighbours-stay-apart"),
        pytest.param(["sg-01234567", "sg-01234567"], {"sg-01234567"}, id="security-group"),
    ],
)
def test_peers_that_another_one_covers_need_no_rule(peers, left):
    found = rules(resolved(bound("dns", *peers)), "dns")
    assert {value for *_, value in found} == (left or set(peers))
    assert set(found.values()) == {1}


ENDS = {
    "one": [A],
    "several": [A, B],
    "named": [f"x: {A}"],
    "several-named": [f"x: {A}", f"y: {B}"],
}
SAME = {  # names change a comment only, so one case has some
    f"{one}-and-{other}": "groups: [manager]\n"
    + bound("outbound-internet", *ENDS[one])
    + bound("ontap-cluster-management-lif", *ENDS[other]).removeprefix("endpoints:\n")
    for one, other in product(ENDS, ENDS)
    if "named" not in one + other or (one, other) == ("named", "several-named")
}


@pytest.mark.slow
@pytest.mark.parametrize("case", SAME)
def test_two_endpoints_of_one_rule_with_the_same_peer_make_one_rule(case, terraform_rules):
    """`stack` refuses a template in which a permission comes twice, as EC2 does."""
    result = resolved(SAME[case])
    expected = {A, B} if "several" in case else {A}
    template = read(render(result, [shipped("templates")], "cloudformation")["template.yaml"])
    https = [r for r in stack(template) if r[1:4] == ("outbound", "tcp", 443)]
    assert {peer for *_, peer in https} == expected
    permitted = terraform_rules[SAME[case]]["manager"]["egress"].values()
    assert sorted(r["id"] for r in permitted if r["from_port"] == 443) == sorted(expected)


# Keys.


def step(endpoint, before, after, named):
    name = "p{}: {}".format if named else "{1}".format
    return tuple(
        "groups: [manager]\n" + bound(endpoint, *(name(i, peer) for i, peer in enumerate(peers)))
        for peers in (before, after)
    )


STEPS = {
    f"{kind}-{endpoint}-{len(before)}-to-{len(after)}": step(
        endpoint, before, after, kind == "named"
    )
    for kind in ("named", "unnamed")
    for endpoint in ("dns", "administrators", "inbound-clients")
    for before, after in [([A], [A, B])]
}


@pytest.fixture(scope="module")
def terraform_rules(tmp_path_factory):
    """By the text of a deployment, the rules that Terraform computes, by group and direction.

    The modules are left without resources, so that no provider is needed.
    """
    require_terraform()
    root = tmp_path_factory.mktemp("rules")
    texts = dict.fromkeys([*SAME.values(), *(text for pair in STEPS.values() for text in pair)])
    cases = {f"case-{i}": text for i, text in enumerate(texts)}
    for case, text in cases.items():
        module = root / case
        module.mkdir()
        rendered = render(resolved(text), [shipped("templates")], "terraform")
        head, _, _ = rendered["main.tf"].partition("\nresource ")
        locals_ = re.sub(r"(?ms)^  security_group_ids = \{.*?^  \}\n", "", head)
        (module / "main.tf").write_text(locals_ + '\noutput "rules" {\n  value = local.rules\n}\n')
        for name in ("variables.tf", "rules.tf"):
            (module / name).write_text(rendered[name])
    (root / "main.tf").write_text(
        "".join(
            f'module "{case}" {{\n  source = "./{case}"\n  vpc_id = "vpc-01234567"\n}}\n'
            f'output "{case}" {{\n  value = module.{case}.rules\n}}\n'
            for case in cases
        )
    )
    for command in (["init"], ["apply", "-auto-approve"]):
        result = terraform(root, *command)
        assert result.returncode == 0, result.stderr
    found = json.loads(terraform(root, "output", "-json").stdout)
    return {cases[case]: output["value"] for case, output in found.items()}


@pytest.mark.parametrize("case", STEPS)
def test_one_peer_more_or_less_changes_the_logical_id_of_no_other_rule(case):
    """CloudFormation would create a rule with another id a second time, and fail."""
    fewer, more = (
        {logical_id(p): p for group in resolved(text).groups for p in group.permissions}
        for text in STEPS[case]
    )
    assert fewer.keys() < more.keys()
    assert {p.identity for p in fewer.values()} < {p.identity for p in more.values()}
    assert {key: more[key].identity for key in fewer} == {
        key: permission.identity for key, permission in fewer.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("case", STEPS)
def test_one_peer_more_or_less_changes_no_other_rule_of_terraform(case, terraform_rules):
    one, other = (
        {
            (role, direction, key): rule
            for role, directions in terraform_rules[text].items()
            for direction, rules in directions.items()
            for key, rule in rules.items()
        }.items()
        for text in STEPS[case]
    )
    assert all(item in other for item in one)
    assert len(one) < len(other)


@pytest.mark.parametrize(
    ("text", "reordered"),
    [
        pytest.param(bound("dns", A, B, C), bound("dns", C, A, B), id="peers"),
        pytest.param(
            bound("dns", f"x: {A}", f"y: {B}"), bound("dns", f"y: {B}", f"x: {A}"), id="names"
        ),
        pytest.param(
            "endpoints:\n  dns: [sg-01234567]\n  dhcp: [sg-89abcdef]\n",
            "endpoints:\n  dhcp: [sg-89abcdef]\n  dns: [sg-01234567]\n",
            id="endpoints",
        ),
        pytest.param(
            "groups: [manager, ha-mediator]\n", "groups: [ha-mediator, manager]\n", id="groups"
        ),
        pytest.param("tags: {A: '1', B: '2'}\n", "tags: {B: '2', A: '1'}\n", id="tags"),
    ],
)
def test_the_order_of_a_file_changes_no_rule(text, reordered):
    one, other = (resolved(each) for each in (text, reordered))
    assert set(granted(one)) == set(granted(other))
    ids = [
        {logical_id(p): p for group in side.groups for p in group.permissions}
        for side in (one, other)
    ]
    assert ids[0] == ids[1]
    assert (one.tags, [g.name for g in one.groups]) == (other.tags, [g.name for g in other.groups])


# The quota, and compact.


def test_a_prefix_list_counts_its_maximum_entries(run, site):
    list_of = "administrators: {office: {id: pl-01234567, max_entries: %d}}\n"
    most = site("groups: [manager]\nendpoints:\n  " + list_of % 57)
    assert "60 inbound,   1 outbound of 60 rules" in run("generate", "--no-lint", most).stderr
    more = site("groups: [manager]\nendpoints:\n  " + list_of % 58)
    assert "needs 61 inbound rules" in run("generate", "--no-lint", more).stderr


@pytest.mark.parametrize(("text", "status"), [("", 2), ("quota: 71\n", 2), ("quota: 72\n", 0)])
def test_a_raised_quota_lets_more_rules_pass(text, status, run, site):
    file = site("groups: [cloud-volumes-ontap]\n" + text + bound("inbound-clients", A, B, C))
    assert run("generate", "--no-lint", file).exit_code == status


def test_a_template_that_no_longer_fits_stays_as_it_was_generated(run, site, tmp_path):
    text = "groups: [manager]\noutbound: basic\nquota: %d\n" + bound("outbound-anywhere", A, B)
    assert run("generate", "--no-lint", site(text % 60)).exit_code == 0
    template = tmp_path / "out" / "site" / "cloudformation" / "template.yaml"
    before = template.read_bytes()
    [_, outbound] = usage(resolved(text % 60))
    result = run("generate", "--no-lint", site(text % outbound.rules))
    assert result.exit_code == 1
    assert "cloudformation is not generated: site: group manager needs" in result.stderr
    assert "REPLACES OR DELETES" not in result.stderr
    assert template.read_bytes() == before
    for option in ("--check", "--diff"):  # whether files differ or not
        (tmp_path / "out" / "site" / "terraform" / "rules.tf").unlink(missing_ok=True)
        compared = run("generate", "--no-lint", option, site(text % outbound.rules))
        assert compared.exit_code == 1
        assert "cloudformation is not generated" in compared.stderr


def test_each_address_family_has_a_quota_of_its_own(run, site):
    peers = [A, B, "'2001:db8:1::/48'", "'2001:db8:2::/48'"]
    file = site("groups: [cloud-volumes-ontap]\n" + bound("inbound-clients", *peers))
    assert "48 inbound" in run("generate", "--no-lint", file).stderr


def test_compact_takes_fewer_rules():
    text = bound("inbound-clients", "10.0.0.0/25", "10.0.0.128/25")
    loose, compact = (resolved(f"compact: {c}\n{text}") for c in ("false", "true"))
    assert count(loose, "cloud-volumes-ontap", "inbound") == 48
    assert count(compact, "cloud-volumes-ontap", "inbound") == 21
    assert values(compact, "administrators") == {"10.0.0.0/24"}


PROTOCOLS = st.sampled_from(["tcp", "udp"])
PORTS = st.integers(0, 40) | st.integers(65_500, 65_535)
RANGES = st.tuples(st.sampled_from(["a", "b"]), PROTOCOLS, PORTS, PORTS).map(
    lambda r: (r[0], Traffic(r[1], *sorted(r[2:])))
)
NEVER_JOINED = [
    ("a", Traffic("-1")),
    ("a", Traffic("icmp", -1, -1)),
    ("a", Traffic("icmp", 3, 4)),
    ("b", Traffic("icmp", 8, -1)),
]


def row(number):
    return Rule(f"row-{number}", "TCP", "22", f"Purpose {number}", ("a",))


def is_open(endpoint, protocol, port, ranges):
    return any(
        (name, t.ip_protocol) == (endpoint, protocol) and t.from_port <= port <= t.to_port
        for name, t in ranges
        if t.ip_protocol in ("tcp", "udp")
    )


@given(st.lists(RANGES | st.sampled_from(NEVER_JOINED), unique=True, max_size=12))
def test_joined_ports_open_exactly_the_same_ports(ranges):
    rows = {key: [row(i)] for i, key in enumerate(ranges)}
    joined = join_ports(rows)
    edges = {0, 65_535} | {
        port + beside
        for _, traffic in [*ranges, *joined]
        for port in (traffic.from_port or 0, traffic.to_port or 0)
        for beside in (-1, 0, 1)
    }
    for point in product("ab", ["tcp", "udp"], edges):
        assert is_open(*point, joined) == is_open(*point, ranges), point
    assert {key for key in ranges if key in NEVER_JOINED} == {
        k for k in joined if k in NEVER_JOINED
    }
    assert Counter(r.id for group in joined.values() for r in group) == Counter(
        f"row-{i}" for i in range(len(ranges))
    )
    for (one, left), (other, right) in product(joined, joined):
        if (one, left) != (other, right) and one == other:
            assert not left.joined_with(right), "these could be one rule"


def network(block, number, host_bits):
    """A network of 1 to 128 addresses, close to the others of its block."""
    block = ipaddress.ip_network(block)
    address = block.network_address + number
    return str(ipaddress.ip_network((address, block.max_prefixlen - host_bits), strict=False))


BLOCKS = ["10.0.0.0/24", "255.255.255.0/24", "2001:db8::/120"]
NETWORKS = st.builds(network, st.sampled_from(BLOCKS), st.integers(0, 255), st.integers(0, 7))
PEERS = st.lists(
    NETWORKS | st.sampled_from(["pl-01234567", "sg-01234567", "0.0.0.0/0"]), max_size=8
)


def borders(networks):
    """The first and last address of each network, and their neighbours outside of it."""
    for each in networks:
        first, last = int(each.network_address), int(each.broadcast_address)
        make = type(each.network_address)
        top = 2**each.max_prefixlen
        yield from (make(n) for n in (first - 1, first, last, last + 1) if 0 <= n < top)


@pytest.mark.parametrize("collapse", [False, True], ids=["merged", "collapsed"])
@given(texts=PEERS)
def test_merged_peers_hold_exactly_the_same_addresses(collapse, texts):
    merged = merge(map(Peer.parse, texts), collapse)
    before, after = (
        [ipaddress.ip_network(v) for v in vs if "-" not in v]
        for vs in (texts, [peer.value for peer in merged])
    )
    for address in borders([*before, *after]):
        assert any(address in n for n in before) == any(address in n for n in after), address
    assert {v for v in texts if "-" in v} == {p.value for p in merged if "-" in p.value}
    assert len({p.value for p in merged}) == len(merged) <= len(texts)


# Starting a file.


def resolved_roles(deployment):
    release = DATA.release(deployment.release)
    return [group.role for group in resolve(deployment, release, DATA.catalogue).groups]


@pytest.mark.parametrize("release", DATA.releases())
def test_the_file_of_init_is_valid_and_names_every_endpoint_of_its_release(release, run, tmp_path):
    result = run("init", "acme.yaml", "--release", release)
    assert result.stdout == "wrote acme.yaml\nwrote deployment.schema.json\n"
    text = (tmp_path / "acme.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    deployment = DATA.deployment(tmp_path / "acme.yaml")
    assert (deployment.name, deployment.release) == ("acme", release)
    used = {
        endpoint
        for role in resolved_roles(deployment)
        for _, _, table in DATA.release(release).rules[role].tables()
        for rule in table
        for endpoint in rule.endpoints
    }
    assert {e for e in used if f"\n  # {e}: []\n" in text} == used
    assert run("generate", "--no-lint", "acme.yaml").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", DATA.catalogue.endpoints)
def test_every_line_of_init_works_without_its_comment_sign(endpoint, run, tmp_path):
    run("init", "acme.yaml")
    text = (tmp_path / "acme.yaml").read_text("utf-8")
    line = f"\n  # {endpoint}: []\n"
    if line in text:
        text = text.replace(line, f"\n  {endpoint}: []\n")
        assert DATA.parse_deployment(text.encode(), "acme.yaml").peers(endpoint) == ()


def test_init_overwrites_nothing_unless_it_is_forced(run, tmp_path):
    (tmp_path / "acme.yaml").write_text("mine")
    result = run("init", "acme.yaml")
    assert (result.exit_code, (tmp_path / "acme.yaml").read_text()) == (2, "mine")
    assert result.stderr == (
        "cvo-sg: acme.yaml already exists: choose another name, or use --force\n"
    )
    assert not (tmp_path / "deployment.schema.json").exists()
    assert run("init", "acme.yaml", "--force").exit_code == 0
    assert "mine" not in (tmp_path / "acme.yaml").read_text()


@pytest.mark.parametrize(
    "file",
    ["Acme Corp.yaml", "3par.yaml", "sg-acme.yaml", "no.yaml", "null.yaml", "con.yaml", "名前.yaml",
     "a" * 80 + ".yaml"],
    ids=["spaces", "digit-first", "reserved-by-ec2", "yaml-boolean", "yaml-null", "windows-device",
         "no-letters", "long"],
)  # fmt: skip
def test_init_finds_a_legal_name_for_any_file(file, run, tmp_path):
    result = run("init", file)
    assert result.exit_code == 0, result.stderr
    DATA.deployment(tmp_path / file)


def asked(tmp_path, answers, release=""):
    """What `init --interactive` makes of the answers; the rest is answered with nothing."""
    lines = "\n".join([release, *answers, *[""] * 30]) + "\n"
    return CliRunner().invoke(cli, ["init", str(tmp_path / "acme.yaml"), "-i"], input=lines)


def test_the_answers_stand_in_the_file(tmp_path):
    answers = ["acme-prod", "single-node", "basic", f"{A}, {B}", "pl-01234567"]
    result = asked(tmp_path, answers)
    assert result.exit_code == 0, result.stderr
    deployment = DATA.deployment(tmp_path / "acme.yaml")
    assert (deployment.name, deployment.topology, deployment.outbound) == tuple(answers[:3])
    assert "ha-mediator" not in resolved_roles(deployment)
    bound_to = [p.value for p in deployment.peers("inbound-clients")]
    assert bound_to == [A, B]


def test_the_release_is_asked_for_with_the_versions_that_each_is_for(tmp_path):
    result = asked(tmp_path, ["acme"], release="bluexp")
    assert result.exit_code == 0, result.stderr
    for release in DATA.history():
        assert f"{release.id}: {release.info.versions}\n" in result.stderr
    assert DATA.deployment(tmp_path / "acme.yaml").release == "bluexp"


def test_a_release_that_is_named_is_not_asked_for(tmp_path):
    arguments = ["init", str(tmp_path / "acme.yaml"), "-i", "--release", "console"]
    result = CliRunner().invoke(cli, arguments, input="acme\n" + "\n" * 30)
    assert result.exit_code == 0, result.stderr
    assert DATA.deployment(tmp_path / "acme.yaml").release == "console"
    assert "Release" not in result.stderr


def test_no_answers_give_the_file_of_init(run, tmp_path):
    run("init", "other/acme.yaml")
    assert asked(tmp_path, []).exit_code == 0
    other = (tmp_path / "other" / "acme.yaml").read_text("utf-8")
    assert (tmp_path / "acme.yaml").read_text("utf-8") == other


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(["Acme Corp", "acme", "", "", A], id="name"),
        pytest.param(["acme", "pair", "ha", "", A], id="topology"),
        pytest.param(["acme", "", "", "10.0.0.1/8", A], id="host-bits"),
        pytest.param(["acme", "", "", "anybody", A], id="no-peer"),
        pytest.param(["acme", "", "", "group:nobody", A], id="unknown-group"),
    ],
)
def test_a_bad_answer_is_asked_for_again(answers, tmp_path):
    result = asked(tmp_path, answers)
    assert result.exit_code == 0, result.stderr.splitlines()[-1]
    deployment = DATA.deployment(tmp_path / "acme.yaml")
    assert deployment.name == "acme"
    assert [p.value for p in deployment.peers("inbound-clients")] == [A]
