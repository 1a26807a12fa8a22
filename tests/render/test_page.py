"""The HTML page in a real browser: what it shows, filters and marks, for eyes, keys and paper."""

from __future__ import annotations

import io
import json
import re
from contextlib import ExitStack
from dataclasses import replace
from functools import cache

import pytest
from browser import chromium, opened
from PIL import Image
from samples import DATA, DEPLOYMENTS, rendered, resolved, variant

from generator.compare import State, marked_changes, of_deployment
from generator.load import RuleData, shipped
from generator.model import Peer, Permission, Traffic
from generator.render import comparison_page, render
from generator.resolve import matrix, resolve

pytestmark = pytest.mark.slow
NAMES = ("advanced", "example-ha-active-directory", "peers-of-every-kind", "manager-only")
RULES = (DATA.release("3.7"), DATA.catalogue)
MODES = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]


@cache
def flows(name):
    return matrix(resolved(DEPLOYMENTS[name])).flows


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def visit(browser, folder):
    """Open the page of a deployment; whatever a test does there, it must stay on the page."""

    def visit(name="advanced", **options):
        file = folder / f"{name}.html"
        if not file.exists():
            file.write_text(rendered(DEPLOYMENTS[name], "html")["matrix.html"], "utf-8")
        return opened(browser, file, **options)

    return visit


def shown(page):
    """The ids of the flows whose rows are visible."""
    rows = page.locator("tbody tr").evaluate_all(
        "rows => rows.filter(r => !r.hidden).map(r => r.id)"
    )
    return [row.removeprefix("rule.") for row in rows]


def marked(page, selector, kind="on"):
    return page.locator(f"{selector}.{kind}").evaluate_all("all => all.map(each => each.id)")


def ids(found):
    return [flow.id for flow in found]


# The table.


def covers(flow, port):
    if flow.protocol not in ("TCP", "UDP", "all"):
        return False
    first, _, last = "0-65535".partition("-") if flow.ports == "all" else flow.ports.partition("-")
    return int(first) <= port <= int(last or first)


FILTERS = {
    "a-port": ({"port": "443"}, lambda f: covers(f, 443)),
    "a-port-within-a-range": ({"port": "18650"}, lambda f: covers(f, 18650)),
    "a-range": ({"port": "136 - 139"}, lambda f: any(covers(f, p) for p in range(136, 140))),
    "a-protocol": ({"protocol": "UDP"}, lambda f: f.protocol in ("UDP", "all")),
    "a-group": ({"group": "ha-mediator"}, lambda f: f.group == "ha-mediator"),
    "a-direction": ({"direction": "outbound"}, lambda f: f.direction == "outbound"),
    "an-endpoint-by-title": ({"endpoint": "dNs SERV"}, lambda f: f.endpoint == "dns"),
    "an-endpoint-by-id": ({"endpoint": "ontap-cluster"}, lambda f: "ontap-cluster" in f.endpoint),
    "an-address": ({"endpoint": "0.0.0.0/0"}, lambda f: f.peer == "0.0.0.0/0"),
    "a-purpose": ({"text": "kerberos v"}, lambda f: "Kerberos V" in f.purpose),
    "open-to-the-internet": ({"show": "open"}, lambda f: f.open_to_internet),
    "not-filled-in": ({"show": "empty"}, lambda f: not f.filled_in),
    "several": (
        {"port": "443", "direction": "inbound", "group": "manager"},
        lambda f: covers(f, 443) and f.direction == "inbound" and f.group == "manager",
    ),
}


@pytest.fixture(scope="module")
def kept_open(visit):
    """The page of a deployment, for the tests that leave it as they find it."""
    with ExitStack() as pages:
        yield cache(lambda name: pages.enter_context(visit(name)))


@pytest.fixture
def advanced(kept_open):
    return kept_open("advanced")


def fill(page, **fields):
    for name, value in fields.items():
        field = page.locator(f"#filter-{name}")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


@pytest.mark.parametrize("case", FILTERS)
def test_the_table_shows_what_matches(advanced, case):
    fields, matches = FILTERS[case]
    expected = [flow.id for flow in flows("advanced") if matches(flow)]
    fill(advanced, **fields)
    assert 0 < len(expected) < len(flows("advanced"))
    assert shown(advanced) == expected
    count = advanced.get_by_role("status").first.inner_text()
    assert count == f"{len(expected)} of {len(flows('advanced'))} rules"
    advanced.get_by_role("button", name="Clear the filters").click()
    assert shown(advanced) == ids(flows("advanced"))


@pytest.mark.parametrize(
    ("text", "holding"),
    [
        ("10.1.0.1", {"10.0.0.0/8", "10.1.0.1/32", "0.0.0.0/0"}),
        ("10.1.0.2", {"10.0.0.0/8", "0.0.0.0/0"}),
        ("10.1.0.7/29", {"10.0.0.0/8", "10.1.0.1/32", "0.0.0.0/0"}),
        ("10.20.0.10/31", {"10.0.0.0/8", "10.20.0.10/32", "0.0.0.0/0"}),
        ("255.255.255.255", {"0.0.0.0/0"}),
        ("10.1.0.256", set()),
        ("10.1.0.2/33", set()),
    ],
)
def test_an_address_or_a_network_finds_the_networks_that_it_overlaps(kept_open, text, holding):
    page = kept_open("peers-of-every-kind")
    fill(page, endpoint=text)
    found = [flow for flow in flows("peers-of-every-kind") if flow.peer in holding]
    assert {flow.peer for flow in found} == holding
    assert shown(page) == ids(found)
    fill(page, endpoint="")


def test_it_filters_with_every_key(advanced):
    advanced.locator("#filter-port").press_sequentially("3000")
    assert shown(advanced) == [f.id for f in flows("advanced") if covers(f, 3000)]
    advanced.locator("#filter-port").press("Backspace")
    assert shown(advanced) == [f.id for f in flows("advanced") if covers(f, 300)]
    fill(advanced, port="")


@pytest.mark.parametrize("port", ["http", "70000", "443-80", "-1"])
def test_what_is_no_port_filters_nothing_and_says_what_to_type(advanced, port):
    fill(advanced, port=port)
    assert shown(advanced) == ids(flows("advanced"))
    assert "443, or a range" in advanced.locator("#found").inner_text()
    assert advanced.locator("#filter-port").get_attribute("aria-invalid") == "true"
    fill(advanced, port="")


def test_nothing_found_is_said_and_everything_is_a_button_away(advanced):
    fill(advanced, text="no such purpose")
    assert shown(advanced) == []
    assert advanced.get_by_text("No rule matches these filters.").is_visible()
    advanced.get_by_role("button", name="Clear the filters").click()
    assert shown(advanced) == ids(flows("advanced"))
    assert advanced.evaluate("document.activeElement.id") == "filter-port"


def test_the_picture_fades_what_the_filters_hide(advanced):
    fill(advanced, direction="outbound")
    faded = marked(advanced, ".bundle", "out")
    assert faded
    assert {name.split(".")[0] for name in faded} == {"inbound"}
    fill(advanced, direction="")


# Selecting.


def line(page, name):
    """The label of a line of the picture: the middle of a curve is beside it."""
    return page.get_by_role("button", name=name).locator("text").first


def test_a_row_marks_its_line_in_the_picture_and_both_ends(visit):
    with visit() as page:
        page.locator("tbody tr", has_text="Download upgrades").click()
        assert marked(page, ".bundle") == ["outbound.group-manager.group-ha-mediator"]
        assert marked(page, ".box") == ["outbound.group-manager", "group-ha-mediator"]
        [flow] = [f for f in flows("advanced") if f.purpose == "Download upgrades for the mediator"]
        assert marked(page, "tbody tr") == [f"rule.{flow.id}"]
        page.get_by_role("button", name="Show in the picture").click()
        assert page.evaluate("document.activeElement.id").endswith("group-ha-mediator")


def test_a_line_of_the_picture_marks_its_rows(visit):
    with visit() as page:
        line(page, "NFS clients to Cloud Volumes ONTAP").click()
        expected = [f"rule.{f.id}" for f in flows("advanced") if f.endpoint == "nfs-clients"]
        assert len(expected) == 11
        assert marked(page, "tbody tr") == expected
        page.get_by_role("button", name="Show in the table").click()
        row = page.evaluate("document.activeElement.closest('tr').id")
        assert row == expected[0]
        page.get_by_role("button", name="Clear", exact=True).click()
        assert marked(page, "tbody tr") == marked(page, ".bundle") == []


def test_what_the_pointer_is_over_is_marked_at_the_other_place(visit):
    with visit() as page:
        line(page, "NFS clients to Cloud Volumes ONTAP").hover()
        expected = [f"rule.{f.id}" for f in flows("advanced") if f.endpoint == "nfs-clients"]
        assert marked(page, "tbody tr", "near") == expected
        page.locator("tbody tr", has_text="Download upgrades").hover()
        assert marked(page, ".bundle", "near") == ["outbound.group-manager.group-ha-mediator"]
        page.locator("h1").hover()
        assert marked(page, "tbody tr", "near") == marked(page, ".bundle", "near") == []


def test_both_ends_of_a_connection_between_groups_are_marked(visit):
    with visit("example-ha-active-directory") as page:
        page.locator("tbody tr", has_text="Download upgrades").first.click()
        assert len(marked(page, ".bundle")) == 2
        assert len(marked(page, "tbody tr", "kin")) >= 1


def test_hidden_rows_of_a_line_are_counted_and_come_back(visit):
    with visit() as page:
        fill(page, port="2049")
        line(page, "NFS clients to Cloud Volumes ONTAP").click()
        assert "(9 hidden by the filters)" in page.locator("#chosen-text").inner_text()
        fill(page, port="25")
        page.get_by_role("button", name="Show in the table").click()
        assert shown(page) == ids(flows("advanced"))


def test_the_keyboard_reaches_everything(visit):
    with visit() as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the rules"
        page.keyboard.press("Tab")
        first = page.evaluate("document.activeElement.id")
        assert first.startswith("inbound.")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.id") != first
        page.keyboard.press("Enter")
        assert marked(page, ".bundle") == [page.evaluate("document.activeElement.id")]
        assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
        page.keyboard.press("Escape")
        assert marked(page, ".bundle") == []
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "filter-port"
        page.keyboard.type("53")
        for _ in range(7):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "filter-clear"
        page.keyboard.press("Tab")
        page.keyboard.press("End")
        page.keyboard.press(" ")
        assert marked(page, "tbody tr") == [f"rule.{shown(page)[-1]}"]
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


# What is shown.


@pytest.mark.parametrize("name", NAMES)
def test_every_flow_is_a_row_and_part_of_a_line(kept_open, name):
    page = kept_open(name)
    assert shown(page) == ids(flows(name))
    open_rows = page.locator("tbody tr.open").evaluate_all("all => all.map(each => each.id)")
    assert open_rows == [f"rule.{f.id}" for f in flows(name) if f.open_to_internet]
    lines = page.locator(".bundle").count()
    assert lines == len({(f.direction, f.party, f.group) for f in flows(name)})


@pytest.mark.parametrize("name", NAMES)
def test_texts_of_the_picture_stay_in_their_place(kept_open, name):
    assert too_wide(kept_open(name)) == []


def too_wide(page):
    """The texts of the picture that leave their box, or the straight part of their line."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.picture text')].filter(text => {
            const box = text.parentNode.querySelector('rect');
            const room = box ? box.getBBox().x + box.getBBox().width : text.getBBox().x + 155;
            return text.getBBox().x + text.getBBox().width > room;
        }).map(text => text.textContent)"""
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_as_wide_as_the_window(kept_open, name):
    page = kept_open(name)
    for width in (801, 800, 400, 320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_a_shadow_is_where_the_picture_goes_on(visit):
    def edges():
        """How light the left and the right edge are, above the boxes."""
        image = Image.open(io.BytesIO(scroll.screenshot())).convert("L")
        return [image.getpixel((x, 1)) for x in (0, image.width - 2)]

    with visit(width=400, color_scheme="light") as page:
        scroll = page.locator(".scroll")
        left, right = edges()
        assert left == 255 > right
        scroll.evaluate("element => { element.scrollLeft = element.scrollWidth; }")
        left, right = edges()
        assert left < 255 == right


def test_without_scripts_it_is_a_plain_table_with_links(visit):
    with visit(java_script_enabled=False) as page:
        assert page.locator("tbody tr:visible").count() == len(flows("advanced"))
        assert not page.locator("#filters").is_visible()
        page.locator("tbody tr a").first.click()
        assert page.url.endswith("#inbound.endpoint-administrators.group-manager")


def test_the_policy_of_the_page_stops_what_is_not_its_own(browser, folder):
    file = folder / "policy.html"
    text = rendered(DEPLOYMENTS["manager-only"], "html")["matrix.html"]
    more = "<script>document.title = 'run'</script><style>h1 { display: none }</style>"
    file.write_text(text.replace("</body>", f"{more}<img src='https://example.com/x'></body>"))
    context = browser.new_context()
    page = context.new_page()
    failed = []
    page.on("requestfailed", lambda request: failed.append((request.url, request.failure)))
    page.goto(file.as_uri())
    assert page.title() != "run"
    assert page.locator("h1").is_visible()
    assert failed == [("https://example.com/x", "csp")]
    context.close()


# Hostile texts.


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)",
    "</title></style></script><b>b</b>",
    "--><b>b</b><!--",
    "--!><b>b</b>",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "{{ 7 * 7 }} {% raw %}",
    "שלום עולם (עברית) مرحبا",
    "🙂🏴 é",
    "名前" * 60,
    "w" * 150,
)


def hostile_page(root, text):
    """The page of rule data in which every text is hostile."""
    endpoints = {"peer": {"title": text, "help": text}, "other": {"title": text, "help": text}}
    row = {"id": "row", "protocol": "TCP", "port": "443", "purpose": text, "endpoints": ["peer"]}
    more = {**row, "id": "more", "port": "80", "endpoints": ["other"]}
    sent = {**row, "id": "sent"}
    files = {
        "rule-data.yaml": {"replaces_built_in": True},
        "groups.yaml": {"web": {"description": "A", "output": "web_id"}},
        "endpoints.yaml": endpoints,
        "releases/1/release.yaml": {"product": text, "document": text, "groups": ["web"]},
        "releases/1/web.yaml": {"title": text, "inbound": [row, more], "outbound": [sent]},
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    data = RuleData(root)
    tags = {text[:100]: text[:200]}
    content = json.dumps({"name": "some", "release": "1", "tags": tags}, ensure_ascii=False)
    deployment = data.parse_deployment(content.encode(), "some.yaml")
    found = resolve(deployment, data.release("1"), data.catalogue)
    return render(found, [shipped("templates")], "html")["matrix.html"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_text(browser, folder, tmp_path, text):
    file = folder / "hostile.html"
    file.write_text(hostile_page(tmp_path, text), "utf-8")
    with opened(browser, file, width=400) as page:
        assert page.locator("script").count() == page.locator("style").count() == 1
        assert page.locator("img, b, [onmouseover], [onerror]").count() == 0
        texts = page.locator("body").locator
        assert texts("h3").all_text_contents() == [text]
        assert set(texts("td[data-label=Purpose]").all_text_contents()) == {text}
        assert text in texts("td[data-label=Source] bdi").all_text_contents()
        assert texts("footer bdi").all_text_contents() == [text, text[:100], text[:200]]
        assert text in page.locator(".bundle").first.get_attribute("aria-label")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert too_wide(page) == []
        page.locator("#filter-text").fill(text)
        assert len(shown(page)) == 3


# Accessibility and paper.


@pytest.mark.parametrize(("width", "scheme"), MODES)
def test_axe_finds_nothing(visit, width, scheme):
    with visit("manager-only", width=width, color_scheme=scheme) as page:
        assert violations(page) == []
        page.locator("tbody tr a").first.click()
        fill(page, port="443")
        assert violations(page) == []


def violations(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_of_the_picture_have_contrast(visit, scheme):
    """Which axe does not measure. 4.5 is the minimum of WCAG 2.2, 1.4.3."""
    script = """() => [...document.querySelectorAll('.picture text')].map(text => {
        const rect = text.parentNode.querySelector('rect');
        const own = rect ? getComputedStyle(rect).fill : 'none';
        const page = getComputedStyle(text.closest('section')).backgroundColor;
        const behind = own === 'none' ? page : own;
        return [text.textContent, getComputedStyle(text).fill, behind];
    })"""
    with visit(color_scheme=scheme) as page:
        found = page.evaluate(script)
        assert len(found) > 50
        assert [each for each in found if contrast(*each[1:]) < 4.5] == []


def contrast(one, other):
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    values = [int(value) / 255 for value in re.findall(r"\d+", colour)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_prints_on_a4_in_light_colours(visit, scheme):
    with visit(color_scheme=scheme) as page:
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        [size] = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
        assert [round(float(side)) for side in size] == [595, 842]
        assert 3 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 8
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1000})  # A4 without its margins
        assert page.evaluate("document.documentElement.scrollWidth") <= 703
        assert not page.locator("#filters").is_visible()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 37, 48)"


def test_the_picture_is_on_the_first_page(browser, folder):
    groups = ("manager", "cloud-volumes-ontap", "ha-mediator", "ha-internal")
    old, new = (variant(groups=groups, connect_groups=connect) for connect in (False, True))
    tall = {"inbound-clients": (Peer.parse("10.0.0.0/8"),)}
    states = [
        of_deployment(name, each, *RULES)
        for name, each in (("old", old), ("new", replace(new, endpoints=tall)))
    ]
    pages = {
        "many": rendered(new, "html")["matrix.html"],
        "tall": comparison_page(marked_changes(*states, {}, False), [shipped("templates")]),
    }
    for name, text in pages.items():
        file = folder / f"{name}.html"
        file.write_text(text, "utf-8")
        with opened(browser, file) as page:
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 703, "height": 1000})  # A4 without its margins
            picture = page.locator(".picture").bounding_box()
            assert picture["height"] > 600
            assert picture["y"] + picture["height"] < 1016


# Comparisons.


@pytest.fixture(scope="module")
def comparison():
    """The manager alone with other administrators, and one DNS server more."""
    states = [
        of_deployment(
            name,
            variant(
                groups=("manager",),
                endpoints={
                    "inbound-clients": (Peer.parse("0.0.0.0/0"),),
                    "administrators": (Peer.parse(peer),),
                    "dns": tuple(map(Peer.parse, dns)),
                },
            ),
            *RULES,
        )
        for name, peer, dns in (
            ("old", "10.1.0.0/16", ["10.0.0.2/32"]),
            ("new", "10.2.0.0/16", ["10.0.0.2/32", "10.0.0.3/32"]),
        )
    ]
    return marked_changes(*states, {}, False, ["a sentence"])


@pytest.fixture(scope="module")
def compared(comparison, tmp_path_factory):
    file = tmp_path_factory.mktemp("pages") / "comparison.html"
    file.write_text(comparison_page(comparison, [shipped("templates")]), "utf-8")
    return file


@pytest.mark.parametrize("choice", ["added", "removed", "marked"])
def test_the_filter_shows_the_flows_with_a_mark(browser, compared, comparison, choice):
    marks = comparison.marks if choice == "marked" else (choice,)
    expected = [flow.id for flow in comparison.flows if flow.mark in marks]
    assert 0 < len(expected) < len(comparison.flows)
    with opened(browser, compared) as page:
        fill(page, show=choice)
        assert shown(page) == expected
        in_sight = page.locator(".bundle:not(.out)").evaluate_all(
            "all => all.map(e => e.classList[2])"
        )
        assert set(in_sight) == set(marks)
        page.get_by_role("button", name="Clear the filters").click()
        assert len(shown(page)) == len(comparison.flows)


def test_an_address_is_found_where_it_is_all_that_is_known_of_a_peer(browser, folder):
    rule = Permission("web", "inbound", Traffic("tcp", 443, 443), Peer.parse("10.9.0.0/16"))
    states = [State(name, {}, (rule,), {}) for name in ("old", "new")]
    file = folder / "read.html"
    page = comparison_page(marked_changes(*states, {}, False), [shipped("templates")])
    file.write_text(page, "utf-8")
    with opened(browser, file) as page:
        for address, count in (("10.9.1.1", 1), ("10.8.1.1", 0)):
            fill(page, endpoint=address)
            assert len(shown(page)) == count


def test_a_mark_has_the_colour_of_its_line_also_where_it_opens_to_the_internet(browser, folder):
    wide, narrow = (
        of_deployment(peer, variant(endpoints={"inbound-clients": (Peer.parse(peer),)}), *RULES)
        for peer in ("0.0.0.0/0", "10.0.0.0/8")
    )
    file = folder / "opened.html"
    page = comparison_page(marked_changes(narrow, wide, {}, False), [shipped("templates")])
    file.write_text(page, "utf-8")
    with opened(browser, file) as page:
        colours = page.locator(".bundle.open.added").evaluate_all(
            """all => all.map(each => [
                getComputedStyle(each.querySelector('.flow')).stroke,
                getComputedStyle(each.querySelector('.count')).fill,
            ])"""
        )
    assert colours
    assert {line == mark for line, mark in colours} == {True}


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_comparison(browser, compared, width, scheme):
    with opened(browser, compared, width=width, color_scheme=scheme) as page:
        assert violations(page) == []
        fill(page, show="marked")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
