"""Whatever a user types in a name, a tag or a peer's name comes out as exactly that text, or is
refused with a sentence. The deployment goes through a file, so the loader is part of it."""

from __future__ import annotations

import json
import re
import string

import pytest
import yaml
from draws import draws
from hypothesis import event, given
from hypothesis import strategies as st
from stack import VPC, Reader
from strategies import DATA, PEER_NAMES, WORDS, resolved, sample
from terraform import require_terraform, succeeded, terraform

from generator.errors import InputError
from generator.load import shipped
from generator.render import render

AWKWARD = [
    *("${aws_vpc.main.id}", "$${x}", "$$${x}", "a ${ b", "%{ if true }", "%%{x}", "%%%{x}", "$"),
    *("${AWS::StackName}", "!Ref VpcId", "{{ x }}", "{% x %}", "{# x #}", "<<EOT", "</script>"),
    *("\"a\" 'b'", '"', "'", "\\", "C:\\new\\", "\\u0041\\n", "\\${x}", '\\"', '"""', "`a`", "%"),
    *("a\nb\n", "\n", "a\r\nb", "a\tb", "\t", "  a  ", " ", "", "a # b", "# a", "// a", "/* a */"),
    *("a: b", "a:", ": ", "- a", "-", "? a", "{a: b}", "[a]", "&a", "*a", "|", ">", "@a", "..."),
    *("yes", "No", "on", "y", "true", "null", "~", "3.10", "0755", "0x1F", "1e3", ".inf", "22:22"),
    *("2020-01-01", "1_000", "=", "<<", "---", "%YAML 1.2", "Größe €", "名前", "🙂", "\U00020000"),
    *("a\u2028b", "a\u2029b", "\ufeffa", "a\ufeffb", "a\x85b", "a\x9bb", "a\x00b", "a\x1bb"),
    *("a\x7fb", "e\u0301", "\u1100\u1161", "\u212b", "\u200b", "\u202e", "\ufffe", "\ue000"),
    *("\U0001f469\u200d\U0001f467", "a" * 256, "🙂" * 256),
]
TEXTS = st.one_of(
    st.sampled_from(AWKWARD),
    st.lists(st.sampled_from(AWKWARD) | st.text(max_size=3), max_size=4).map("".join),
    st.text(st.sampled_from('$%{}"\\nu0 #:\n'), max_size=12),
    st.text(max_size=256),
)
IDS = {"prefix_lists": "pl-", "security_group_ids": "sg-"}


NAMES = st.one_of(*[WORDS.map("-".join)] * 3, TEXTS)
NAMES_OF_PEERS = st.lists(PEER_NAMES | TEXTS, min_size=1, max_size=2)
TAGS = st.dictionaries(TEXTS, TEXTS, max_size=3)


@st.composite
def files(draw):
    """What a deployment file says."""
    names = draw(NAMES_OF_PEERS)
    ids = [f"{prefix}{i:08x}" for i, prefix in enumerate(IDS.values())]
    return {
        "name": draw(NAMES),
        "release": "3.7",
        "groups": ["cloud-volumes-ontap"],
        "endpoints": {"dns": dict(zip(names, ids, strict=False))},
        "tags": draw(TAGS),
    }


def written(file):
    """Its YAML. PyYAML writes U+0085 as it is but reads it as a line break: then all is escaped."""
    text = yaml.safe_dump(file, allow_unicode=True, sort_keys=False)
    return text if yaml.load(text, yaml.CSafeLoader) == file else yaml.safe_dump(file)


def loaded(file):
    """The deployment that a file holds. Raises InputError where it is refused."""
    text = written(file)
    return DATA.parse_deployment(text.encode(), "customer.yaml")


def loaded_or_refused(file):
    """The deployment that a file holds, and the mistakes for which it is refused."""
    try:
        return loaded(file), ()
    except InputError as error:
        return None, error.mistakes


def accepted(file):
    _, mistakes = loaded_or_refused(file)
    return not mistakes


def peers_of_kind(file, prefix):
    peers = file["endpoints"]["dns"].items()
    return {name: peer for name, peer in peers if peer.startswith(prefix)}


def said(file):
    """What the outputs have to say, as the file says it."""
    maps = {kind: peers_of_kind(file, prefix) for kind, prefix in IDS.items()}
    return {"name": file["name"], "tags": file["tags"]} | maps


def output(deployment, format_, name):
    return render(resolved(deployment), [shipped("templates")], format_)[name]


# HCL as its specification has it: quoted templates, without templates in them.

LITERAL = re.compile(
    r"""(?P<dollar>\$\$\{) | (?P<percent>%%\{) | (?P<template>[$%]\{)
    | \\ (?P<letter>[nrt"\\]) | \\u (?P<short>[0-9a-fA-F]{4}) | \\U (?P<long>[0-9a-fA-F]{8})
    | (?P<plain>[^"\\\n\r])""",
    re.VERBOSE,
)
LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def literal(text, at):
    """The string that a quoted template stands for, and where it ends."""
    assert text[at] == '"'
    at, read = at + 1, []
    while text[at] != '"':
        match = LITERAL.match(text, at)
        assert match, f"no character of a string: {text[at : at + 10]!r}"
        kind, token = match.lastgroup, match[match.lastgroup]
        assert kind != "template", f"an interpolation or a directive: {text[at : at + 10]!r}"
        read.append(LETTERS[token] if kind == "letter" else meaning(kind, token))
        at = match.end()
    return "".join(read), at + 1


def meaning(kind, token):
    if kind in ("short", "long"):
        code = int(token, 16)
        assert not 0xD800 <= code <= 0xDFFF, "a surrogate is no character"
        return chr(code)
    return token[1:] if kind in ("dollar", "percent") else token


def pairs(text, heading):
    """The lines `"key" = "value"` of a map, and the comments above. No text runs over a line."""
    found, comment = {}, ""
    for line in text.partition(heading)[2].split("\n"):
        if line.strip() == "}":
            break
        if line.startswith("      # "):
            comment = line.removeprefix("      # ")
        elif line:
            key, end = literal(line, line.index('"'))
            value, last = literal(line, line.index('"', end))
            assert key not in found
            assert re.fullmatch(" += ", line[end : line.index('"', end)])
            assert line[last:] == ""
            found[key], comment = (value, comment), ""
    return found


def without_comments(found):
    assert {comment for _, comment in found.values()} <= {""}
    return {key: value for key, (value, _) in found.items()}


def peers_by_name(found):
    """A peer is its own key, and its name is a comment."""
    assert all(key == value for key, (value, _) in found.items())
    return {comment or key: value for key, (value, comment) in found.items()}


def block(text, variable):
    start = text.index(f'variable "{variable}" {{\n')
    return text[start : text.index("\n}\n", start)]


def read_as_hcl(variables):
    """What the module's `variables.tf` holds."""
    dns, tags = (block(variables, name) for name in ("dns", "tags"))
    name = block(variables, "name")
    return {
        "name": literal(name, re.search(r"(?m)^  default +=\s", name).end())[0],
        "tags": without_comments(pairs(tags, "\n  default = {\n")),
        **{kind: peers_by_name(pairs(dns, f"\n    {kind} = {{\n")) for kind in IDS},
    }


# Every text, on its own and in random company.


def check(file):
    """Whether the file is accepted. Then the outputs hold what it says; else a few words do."""
    deployment, mistakes = loaded_or_refused(file)
    if mistakes:
        assert all(mistake.line for mistake in mistakes), "where it is"
        assert all(len(str(mistake)) <= 300 for mistake in mistakes)
        return False
    assert deployment.tags == file["tags"]
    assert read_as_hcl(output(deployment, "terraform", "variables.tf")) == said(file)
    template = yaml.load(output(deployment, "cloudformation", "template.yaml"), Reader)
    [group] = (r for r in template["Resources"].values() if r["Type"] == "AWS::EC2::SecurityGroup")
    tags = {tag["Key"]: tag["Value"] for tag in group["Properties"]["Tags"]}
    assert len(tags) == len(group["Properties"]["Tags"]), "no key twice"
    assert tags == {"Name": {"Fn::Sub": "${Name}-cloud-volumes-ontap"}} | file["tags"]
    assert template["Parameters"]["Name"]["Default"] == file["name"]
    return True


@draws(1000)
@given(files())
def test_a_text_comes_out_as_exactly_that_text_or_is_refused(file):
    event("accepted" if check(file) else "refused")


def plain(**changes):
    return {
        "name": "plain",
        "release": "3.7",
        "groups": ["cloud-volumes-ontap"],
        "endpoints": {"dns": {"resolver": "pl-00000000"}},
        "tags": {},
    } | changes


PLACES = {
    "tag-value": lambda text: plain(tags={"key": text}),
    "tag-key": lambda text: plain(tags={text: "value"}),
    "peer-name": lambda text: plain(endpoints={"dns": {text: "pl-00000000"}}),
    "name": lambda text: plain(name=text),
}
every_place = pytest.mark.parametrize("place", PLACES)


@pytest.mark.parametrize(
    "place", [pytest.param(p, marks=pytest.mark.slow) if "tag" in p else p for p in PLACES]
)
def test_awkward_texts_come_out_as_they_are_or_are_refused(place):
    for text in AWKWARD:
        check(PLACES[place](text))


@every_place
@pytest.mark.parametrize("text", ["a", "🙂", "${", '"', "\n"], ids=ascii)
def test_ten_thousand_characters_are_refused_in_a_sentence(place, text):
    with pytest.raises(InputError) as refused:
        loaded(PLACES[place](text * (10_000 // len(text))))
    assert 0 < len(str(refused.value)) <= 300


def test_texts_of_every_printable_ascii_character_are_taken_as_tags():
    printable = set(string.printable) - set("\r\x0b\x0c")
    assert all(accepted(plain(tags={f"a{character}": character})) for character in printable)


# As Terraform itself reads them.

OUTPUT = """
output "values" {
  value = {
    name               = var.name
    tags               = var.tags
    prefix_lists       = var.dns.prefix_lists
    security_group_ids = var.dns.security_group_ids
  }
}
"""
MODULE = """
module "file_%(i)d" {
  source = "./file_%(i)d"
  vpc_id = "%(vpc)s"
}

output "file_%(i)d" {
  value = module.file_%(i)d.values
}
"""


def read_by_terraform(folder, files):
    """What the modules hold. They are variables and an output only, so no provider is needed."""
    for i, file in enumerate(files):
        module = folder / f"file_{i}"
        module.mkdir()
        (module / "variables.tf").write_text(output(loaded(file), "terraform", "variables.tf"))
        (module / "outputs.tf").write_text(OUTPUT)
    calls = (MODULE % {"i": i, "vpc": VPC} for i, _ in enumerate(files))
    (folder / "main.tf").write_text("".join(calls))
    assert succeeded(terraform(folder, "fmt", "-check", "-diff", "-recursive")) == ""
    succeeded(terraform(folder, "init"))
    succeeded(terraform(folder, "plan", "-out=plan", "-input=false"))
    plan = json.loads(succeeded(terraform(folder, "show", "-json", "plan")))
    outputs = plan["planned_values"]["outputs"]
    return [outputs[f"file_{i}"]["value"] for i, _ in enumerate(files)]


def check_with_terraform(folder, files):
    require_terraform()
    for file, values in zip(files, read_by_terraform(folder, files), strict=True):
        expected = said(file)
        for kind in IDS:
            expected[kind] = {peer: peer for peer in expected[kind].values()}
        assert values == expected
    return len(files)


@pytest.mark.slow
def test_terraform_reads_exactly_the_awkward_texts(tmp_path):
    taken = [text for text in AWKWARD if text and accepted(plain(tags={text: text}))]
    assert len(taken) > 50
    halves = [taken[::2], taken[1::2]]  # of the 50 tags that a group may have
    check_with_terraform(tmp_path, [plain(tags={t: t for t in half}) for half in halves])


@pytest.mark.slow
def test_terraform_reads_exactly_many_texts(tmp_path, proof):
    drawn = sample(files().filter(accepted), 100)
    proof(
        "deployment files whose texts Terraform reads back", check_with_terraform(tmp_path, drawn)
    )
