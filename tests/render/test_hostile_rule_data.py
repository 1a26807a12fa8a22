"""Rule data of others, with any id and any text, becomes valid outputs that say exactly that, or is
refused with sentences."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import hcl2
import pytest
import yaml
from draws import draws
from hypothesis import event, example, given
from hypothesis import strategies as st
from stack import Reader
from strategies import sample
from terraform import require_terraform, succeeded, terraform

from generator.check import lint
from generator.errors import InputError
from generator.load import RuleData, shipped
from generator.load.ids import OUR_VARIABLES
from generator.model import from_markdown, markdown, markdown_code, snake
from generator.render import render
from generator.resolve import resolve

HOSTILE = [
    *("a | b", "![x](https://example.com/x.png)", "<b>bold</b>", "`code`", "``", "*a* _b_ __c__"),
    *("[a](b)", "~~a~~", "$x$", "&lt;", "\\", "\\|", "a\\", "-->", "<!-- permissions -->", "|"),
    *('${file("x")}', "%{ if true }", "{{ x }}", "{% raw %}", '"', "'", "a: b", "# a", "- a", "no"),
    *("a\nb", "a\u2028b", "a\x1bb", "\u202e", " ", "=cmd", "::stop-commands::x", "名前", "🙂"),
]
TEXTS = st.one_of(
    *[st.just("Servers")] * 12,
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=3), min_size=1, max_size=4).map("".join),
)
# Few words, so that ids are often alike.
FIRST = ["a", "web", "security", "to"]
WORDS = ["1", "a", "1a", "security", "group", "ingress", "tcp", "22", "from", "to", "given"]
TAKEN = ["vpc-id", "name", "count", "null", "pl-01234567", "fe80xxm10", "a-security-group", "a.b"]
NAMES = st.builds(
    lambda first, rest: "-".join([first, *rest]),
    st.sampled_from(FIRST),
    st.lists(st.sampled_from(WORDS), max_size=3),
)
IDS = st.one_of(*[NAMES] * 12, st.sampled_from(TAKEN))
LEGAL_IDS = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
LEGAL = [text for text in HOSTILE if text.isprintable() and text.strip()]
LEGAL_TEXTS = st.lists(st.sampled_from(LEGAL), min_size=1, max_size=4).map("".join)


@st.composite
def rule_data(draw, ids=IDS, texts=TEXTS):
    """The files of a folder of rule data, as JSON, which is YAML."""
    roles = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    endpoints = draw(st.lists(ids, min_size=1, max_size=4, unique=True))

    def row(i):
        row = {"id": f"row-{i}", "protocol": "TCP", "port": str(i + 1), "purpose": draw(texts)}
        return row | {"endpoints": [draw(st.sampled_from(endpoints))]}

    files = {
        "rule-data.yaml": {"replaces_built_in": True},
        "groups.yaml": {
            role: {"description": "A", "output": f"{snake(role)}_id"} for role in roles
        },
        "endpoints.yaml": {name: {"title": draw(texts), "help": draw(texts)} for name in endpoints},
        "releases/1/release.yaml": {
            "product": draw(texts),
            "document": draw(texts),
            "groups": roles,
        },
    }
    for name in endpoints[1:]:
        if draw(st.booleans()):
            files["endpoints.yaml"][name]["default"] = {"endpoint": endpoints[0]}
    for role in roles:
        tables = {"inbound": [row(0), row(1)], "outbound": [row(2)]}
        files[f"releases/1/{role}.yaml"] = {"title": draw(texts), **tables}
    return files


def outputs(files):
    """By format, the files of a deployment of the rule data; None where that is refused."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        mistakes = ()
        try:
            data = RuleData(root)
            release = data.release("1")
        except InputError as error:
            mistakes = error.mistakes
        assert all(mistake.line and mistake.message.isprintable() for mistake in mistakes)
        if mistakes:
            return None
        deployment = data.parse_deployment(b'{name: some, release: "1"}', "some.yaml")
        resolved = resolve(deployment, release, data.catalogue)
    formats = ("terraform", "cloudformation")
    return {name: render(resolved, [shipped("templates")], name) for name in formats}


@cache
def plain(text):
    """What python-hcl2 reads as a string, unescaped."""
    text = re.sub(r'\A"(.*)"\Z', r"\1", text)
    return re.sub(r"([$%])\1\{", r"\1{", re.sub(r'\\(["\\])', r"\1", text))


def check(files):
    """Whether the rule data is accepted. Then the outputs are valid, and say what it says."""
    found = outputs(files)
    if found is None:
        return False
    endpoints = files["endpoints.yaml"]
    blocks = {
        name: hcl2.loads(text)
        for name, text in found["terraform"].items()
        if name.endswith(".tf") and name != "main.tf"  # most of its text never changes
    }
    described = {
        name.strip('"'): plain(body["description"])
        for block in blocks["variables.tf"]["variable"]
        for name, body in block.items()
    }
    assert described.keys() - {snake(name) for name in endpoints} == OUR_VARIABLES
    template = yaml.load(found["cloudformation"]["template.yaml"], Reader)
    assert not template["Parameters"].keys() & template["Resources"].keys()
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    titles = [label["default"] for label in labels.values()]
    used = [name for name in endpoints if snake(name) in described]
    for name in used:
        assert described[snake(name)] == endpoints[name]["help"]
        assert endpoints[name]["title"] in titles
    for format_ in found.values():
        check_markdown(format_["README.md"], files)
    return True


def check_markdown(text, files):
    tables = re.findall(r"(?:^\|.*\|$\n)+", text, re.MULTILINE)
    for table in tables:
        rows = [without_code(row) for row in table.splitlines()]
        assert len({row.count("|") for row in rows}) == 1, "every row has every cell"
        assert not re.search(r"[<`*~$\[\]]", "".join(rows)), "no markup"
    release = files["releases/1/release.yaml"]
    assert f'\n{markdown(release["product"])}, "{markdown(release["document"])}": ' in text


def without_code(row):
    """A row without what is escaped and without code spans of ours, which hold ids."""
    return re.sub(r"`[A-Za-z0-9_.-]+`", "", re.sub(r"\\[!-/:-@\[-`{-~]", "", row))


@draws(300)
@given(rule_data())
def test_rule_data_becomes_valid_outputs_or_is_refused(files):
    event("accepted" if check(files) else "refused")


@draws(100)
@given(rule_data(LEGAL_IDS, LEGAL_TEXTS))
def test_printable_texts_come_out_as_they_are(files):
    event("accepted" if check(files) else "refused")


@pytest.mark.slow
def test_terraform_and_cfn_lint_accept_the_outputs(tmp_path):
    require_terraform()
    drawn = sample(rule_data(LEGAL_IDS, LEGAL_TEXTS), 30)
    accepted = [found for found in map(outputs, drawn) if found]
    assert len(accepted) > 10
    calls = []
    for i, found in enumerate(accepted):
        assert list(lint(found["cloudformation"]["template.yaml"], "template.yaml")) == []
        module = tmp_path / f"module_{i}"
        module.mkdir()
        for name, text in found["terraform"].items():
            (module / name).write_text(text)
        calls.append(f'module "m{i}" {{\n  source = "./module_{i}"\n  vpc_id = "vpc-1"\n}}\n')
    (tmp_path / "main.tf").write_text("\n".join(calls))
    assert succeeded(terraform(tmp_path, "fmt", "-check", "-diff", "-recursive")) == ""
    succeeded(terraform(tmp_path, "init"))
    assert json.loads(succeeded(terraform(tmp_path, "validate", "-json")))["diagnostics"] == []


@draws(1000)
@given(st.text('ab1\\`*_[]<>|~$&;#!- \n:"', max_size=12) | TEXTS)
@example("a_b_")
@example("`")
def test_a_text_in_markdown_has_no_markup(text):
    escaped = markdown(text)
    assert from_markdown(escaped) == " ".join(text.splitlines())
    rest = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not re.search(r"[<`*~$|\[\]\n]|&#?\w+;|\\[!-/]", rest)
    span = markdown_code(text)
    fence = re.match("`+", span)[0]
    assert span.endswith(fence)
    assert not re.search(rf"(?<!`){fence}(?!`)", span[len(fence) : -len(fence)])
    assert len(span.splitlines()) == 1
