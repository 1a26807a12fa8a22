"use strict";
(() => {
  const find = (selector) => [...document.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const picture = find(".picture")[0];
  const rows = find("tbody tr[data-bundle]");
  const bundles = find(".bundle");
  const boxes = find(".box");
  const bundleOf = new Map(bundles.map((bundle) => [bundle.id, bundle]));
  const rowsOf = (bundle) => rows.filter((row) => row.dataset.bundle === bundle.id);
  const field = (name) => byId("filter-" + name);
  const FIELDS = ["port", "protocol", "endpoint", "group", "direction", "text", "show"];

  document.documentElement.classList.add("js");
  find("[data-needs-script]").forEach((element) => { element.hidden = false; });

  // On narrow screens rows are shown as cards, which must not end the table for screen readers.
  const roles = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };
  for (const [name, role] of Object.entries(roles)) find(name).forEach((element) => element.setAttribute("role", role));

  // Links without this script, buttons with it.
  const links = [...bundles, ...rows.map((row) => row.querySelector("a"))];
  links.forEach((link) => { link.setAttribute("role", "button"); link.setAttribute("aria-pressed", "false"); });

  // One stop of the Tab key for the picture and one for the table; the arrows move within them.
  const stops = (list, isShown) => {
    const stop = (link) => list.forEach((each) => each.setAttribute("tabindex", each === link ? "0" : "-1"));
    const move = (event, link) => {
      const shown = list.filter(isShown);
      const at = shown.indexOf(link);
      const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = shown[Math.max(0, Math.min(to, shown.length - 1))];
      stop(next);
      next.focus();
    };
    list.forEach((link) => {
      link.addEventListener("keydown", (event) => move(event, link));
      link.addEventListener("focus", () => stop(link));
    });
    const first = () => { const shown = list.filter(isShown); if (!shown.some((each) => each.tabIndex === 0)) stop(shown[0]); };
    first();
    return first;
  };
  const isShown = (link) => !link.closest("tr").hidden;
  stops(bundles, () => true);
  const rowStops = stops(rows.map((row) => row.querySelector("a")), isShown);

  // Selecting: a line of the picture with its rules, or one rule with its line. A connection of two
  // groups has a rule at each end, and both are marked.
  let chosen = null;
  const choose = (bundle, row) => {
    const isSame = chosen !== null && chosen.bundle === bundle && chosen.row === row;
    chosen = isSame || !bundle ? null : { bundle, row };
    const own = chosen === null ? [] : row ? [row] : rowsOf(bundle);
    const pairs = new Set(own.map((each) => each.dataset.pair));
    const paired = rows.filter((each) => pairs.has(each.dataset.pair));
    const marked = new Set(paired.map((each) => bundleOf.get(each.dataset.bundle)));
    const ends = new Set([...marked].flatMap((each) => each.dataset.ends.split(" ")));
    picture.classList.toggle("chosen", chosen !== null);
    boxes.forEach((box) => box.classList.toggle("on", ends.has(box.id)));
    bundles.forEach((each) => {
      each.classList.toggle("on", marked.has(each));
      each.setAttribute("aria-pressed", String(chosen !== null && each === bundle));
    });
    rows.forEach((each) => {
      const isOwn = own.includes(each);
      each.classList.toggle("on", isOwn);
      each.classList.toggle("kin", !isOwn && (paired.includes(each) || (chosen !== null && each.dataset.bundle === bundle.id)));
      each.querySelector("a").setAttribute("aria-pressed", String(isOwn));
    });
    byId("chosen").hidden = chosen === null;
    byId("chosen-text").textContent = chosen === null ? "" : described();
    byId("chosen-show").textContent = row ? "Show in the picture" : "Show in the table";
  };
  const described = () => {
    if (chosen.row) return "Selected: rule " + chosen.row.querySelector("a").textContent + ", " + chosen.bundle.getAttribute("aria-label");
    const hidden = rowsOf(chosen.bundle).filter((row) => row.hidden).length;
    return "Selected: " + chosen.bundle.getAttribute("aria-label") + (hidden ? " (" + hidden + " hidden by the filters)" : "");
  };
  const show = () => {
    if (!chosen) return;
    if (!chosen.row && rowsOf(chosen.bundle).every((row) => row.hidden)) clear();
    const target = chosen.row ? chosen.bundle : rowsOf(chosen.bundle).find((row) => !row.hidden).querySelector("a");
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center", inline: "center" });
  };
  bundles.forEach((bundle) => {
    bundle.addEventListener("click", (event) => { event.preventDefault(); choose(bundle, null); });
    bundle.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); choose(bundle, null); } });
    bundle.addEventListener("pointerenter", () => rowsOf(bundle).forEach((row) => row.classList.add("near")));
    bundle.addEventListener("pointerleave", () => rowsOf(bundle).forEach((row) => row.classList.remove("near")));
  });
  rows.forEach((row) => {
    const bundle = bundleOf.get(row.dataset.bundle);
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a") && String(getSelection())) return; // somebody copies text
      event.preventDefault();
      choose(bundle, row);
    });
    row.querySelector("a").addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); choose(bundle, row); } });
    row.addEventListener("pointerenter", () => bundle.classList.add("near"));
    row.addEventListener("pointerleave", () => bundle.classList.remove("near"));
  });
  byId("chosen-show").addEventListener("click", show);
  byId("chosen-clear").addEventListener("click", () => choose(null, null));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") choose(null, null); });

  // Filtering.
  const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
  const parties = new Map(rows.map((row) => [row, plain(row.querySelector(".outside").textContent + " " + row.dataset.endpoint)]));
  const cell = (row, label) => row.querySelector("[data-label='" + label + "']").textContent.trim();
  const direction = new Map(rows.map((row) => [row, cell(row, "Direction")]));
  const protocol = new Map(rows.map((row) => [row, cell(row, "Protocol").toLowerCase()]));
  const ports = (text) => {
    const match = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/.exec(text.trim());
    const [from, to] = match ? [Number(match[1]), Number(match[2] || match[1])] : [1, 0];
    return from <= to && to <= 65535 ? { from, to } : null;
  };
  const portsOf = new Map(rows.map((row) => {
    const text = cell(row, "Ports");
    const hasPorts = ["tcp", "udp", "all"].includes(protocol.get(row)); // of ICMP, it is a type and a code
    return [row, hasPorts ? (text === "all" ? { from: 0, to: 65535 } : ports(text)) : null];
  }));
  const network = (text) => {
    const [, address, bits] = /^((?:\d{1,3}\.){3}\d{1,3})(?:\/(\d{1,2}))?$/.exec(text) ?? [];
    const parts = address?.split(".").map(Number) ?? [256];
    if (parts.some((part) => part > 255) || bits > 32) return null;
    const size = 2 ** (32 - (bits ?? 32));
    const from = Math.floor(parts.reduce((all, part) => all * 256 + part, 0) / size) * size;
    return { from, to: from + size - 1 };
  };
  const networkOf = new Map(rows.map((row) => [row, network(/[\d.]+\/\d+/.exec(row.querySelector(".outside").textContent)?.[0])]));
  const overlaps = (own, range) => own !== null && own.from <= range.to && range.from <= own.to;
  const filter = () => {
    const value = Object.fromEntries(FIELDS.map((name) => [name, plain(field(name).value)]));
    const range = value.port ? ports(value.port) : null;
    const asked = network(value.endpoint);
    const isWrong = value.port !== "" && range === null;
    field("port").setAttribute("aria-invalid", String(isWrong));
    const matches = (row) =>
      (range === null || overlaps(portsOf.get(row), range)) &&
      (!value.protocol || [value.protocol, "all"].includes(protocol.get(row))) &&
      (!value.group || plain(row.dataset.group) === value.group) &&
      (!value.direction || direction.get(row) === value.direction) &&
      (!value.show || row.classList.contains(value.show)) &&
      (parties.get(row).includes(value.endpoint) || (asked !== null && overlaps(networkOf.get(row), asked))) &&
      texts.get(row).includes(value.text);
    rows.forEach((row) => { row.hidden = !matches(row); });
    const shown = rows.filter((row) => !row.hidden);
    const alive = new Set(shown.map((row) => row.dataset.bundle));
    bundles.forEach((bundle) => bundle.classList.toggle("out", !alive.has(bundle.id)));
    const isFiltered = FIELDS.some((name) => value[name]);
    byId("filter-clear").hidden = !isFiltered;
    byId("found").textContent = isWrong
      ? "Use a port such as 443, or a range such as 161-162"
      : shown.length === rows.length ? "All " + rows.length + " rules" : shown.length + " of " + rows.length + " rules";
    byId("nothing").hidden = shown.length > 0 || rows.length === 0;
    if (shown.length) rowStops();
    if (chosen) byId("chosen-text").textContent = described();
  };
  const clear = () => { FIELDS.forEach((name) => { field(name).value = ""; }); filter(); };
  byId("filters").addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filter-clear").addEventListener("click", () => { clear(); field("port").focus(); });
  filter(); // a browser may have kept what was typed before a reload
})();
