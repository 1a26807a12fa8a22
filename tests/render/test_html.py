"""The text of the HTML page: one file that nothing breaks out of. What it does is in test_page."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from samples import DEPLOYMENTS, HOSTILE, TEXTS, rendered, resolved, variant

from generator.load import shipped
from generator.render import Origin, is_edited, is_generated, label, render
from generator.render.filters import comment, html

every_deployment = pytest.mark.parametrize("name", DEPLOYMENTS)
# What HTML allows in a page of ours. Attributes that run scripts are in none.
TAGS = {
    *("html", "head", "meta", "title", "style", "script", "body", "header", "main", "footer"),
    *("section", "div", "span", "p", "h1", "h2", "h3", "a", "bdi", "code", "dl", "dt", "dd"),
    *("ul", "li", "form", "label", "input", "select", "option", "datalist", "button"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("svg", "desc", "g", "rect", "path", "text"),
}


class Reader(HTMLParser):
    """Tags, texts by tag, and comments."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.comments, self.attributes = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append((self.tags[-1] if self.tags else "", data))

    def handle_comment(self, data):
        self.comments.append(data)


def page(deployment):
    return rendered(deployment, "html")["matrix.html"]


@every_deployment
def test_a_page_is_one_file_of_moderate_size_that_refers_to_nothing(name):
    text = page(DEPLOYMENTS[name])
    assert len(text.encode()) < 300_000
    read = Reader(text)
    assert set(read.tags) <= TAGS
    assert not re.search(r"https?:|url\(|@import|\bsrc=", text)
    assert not [key for key, _ in read.attributes if key.startswith("on") or key == "style"]
    assert all(value.startswith("#") for key, value in read.attributes if key == "href")


@every_deployment
def test_ids_are_unique_and_links_lead_to_them(name):
    attributes = Reader(page(DEPLOYMENTS[name])).attributes
    ids = [value for key, value in attributes if key == "id"]
    assert len(ids) == len(set(ids))
    assert not any(re.search(r"\s", each) for each in ids)
    assert {value[1:] for key, value in attributes if key == "href"} <= set(ids)


@pytest.mark.parametrize("format_", ["html", "markdown"])
def test_a_row_has_the_number_of_its_document_if_there_are_several(format_):
    [several] = rendered(DEPLOYMENTS["example-nfs-single-node"], format_).values()
    [row] = [line for line in several.splitlines() if "autosupport-tcp-443" in line]
    assert "[2]" in row
    assert re.search(r"[ >]\[1\]", several)
    second = "Networking requirements for Cloud Volumes ONTAP in AWS"
    assert f"2. {second}" in several or f"[2] <bdi>{second}</bdi>" in several
    [single] = rendered(DEPLOYMENTS["advanced"], format_).values()
    assert not re.search(r"[ >]\[1\]", single)


def test_a_deployment_that_permits_nothing_has_a_page():
    endpoints = dict.fromkeys([i.id for i in resolved(DEPLOYMENTS["manager-only"]).inputs], ())
    endpoints["ontap-cluster-management-lif"] = ()
    text = page(variant(groups=("manager",), endpoints=endpoints))
    assert "All 0 rules" in text
    assert 'class="bundle' not in text


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else():
    text = page(DEPLOYMENTS["advanced"])
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    hashes = {}
    for tag in ("style", "script"):
        [content] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes[tag] = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{hashes['style']}'",
        f"script-src 'sha256-{hashes['script']}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_its_first_lines_are_the_header_and_its_encoding():
    text = page(DEPLOYMENTS["advanced"])
    assert text.startswith(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<!--\n'
    )
    assert is_generated(text.encode())
    assert not is_edited(text.encode())
    assert is_edited(text.replace("Kerberos", "kerberos").encode())
    assert label(text.encode()).deployment == "advanced"


@pytest.mark.parametrize("end", ["-->", "--!>", "--&gt;", "--!&gt;"])
def test_a_command_cannot_end_the_header(end):
    command = f"cvo-sg generate --out '{end}<b>x</b>'"
    resolved_ = resolved(DEPLOYMENTS["manager-only"])
    found = render(resolved_, [shipped("templates")], "html", Origin(command))
    read = Reader(found["matrix.html"])
    assert "b" not in read.tags
    assert "Digest: sha256:" in read.comments[0]
    assert ("code", f"{command} --format html") in read.texts
    if ";" not in end:
        assert label(found["matrix.html"].encode()).command == command


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_tag_is_shown_as_it_is(text):
    shown = [data for tag, data in Reader(page(HOSTILE)).texts if tag == "bdi"]
    assert text in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>&\"'", "&#60;b&#62;&#38;&#34;&#39;"),
        ("a\x00\x1b\x85b", "a\ufffd\ufffd\ufffdb"),
        ("a\tb\nc\u2028", "a\tb\nc\u2028"),
    ],
)
def test_a_text_in_html(text, expected):
    assert html(text) == expected


def test_a_text_in_a_comment():
    assert comment("a --> b --!> c -> d --") == "a --&gt; b --!&gt; c -> d --"


def test_a_style_of_ones_own_replaces_ours_and_is_what_the_policy_allows(tmp_path):
    style = "h1 { color: red }\n"
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "_style.css").write_text(style)
    found = render(resolved(DEPLOYMENTS["advanced"]), [tmp_path, shipped("templates")], "html")
    digest = hashlib.sha256(style.encode()).digest()
    assert f"<style>{style}</style>" in found["matrix.html"]
    assert f"style-src 'sha256-{base64.b64encode(digest).decode()}'" in found["matrix.html"]
