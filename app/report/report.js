// Builds the report from its two data blocks: what was measured, and the themes of the figures. Everything that comes
// from data becomes a text node, never markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("offprint-data").textContent);
  const themes = (() => {
    try {
      return JSON.parse(document.getElementById("offprint-themes").textContent);
    } catch {
      return null; // assembled without the site's files: figures say how to get them
    }
  })();
  const canDraw = themes !== null && typeof vega === "object" && typeof vegaLite === "object" && typeof vegaEmbed === "function";

  // ---- Small helpers ----
  function el(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== "") node.append(child);
    }
    return node;
  }

  // 5 significant digits; integers whole; powers of ten outside 1e-4..1e7. The full value is in the title.
  function number(value) {
    if (typeof value !== "number") return value === null || value === undefined ? "–" : String(value);
    if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped(String(value));
    const size = Math.abs(value);
    if (size >= 1e-4 && size < 1e7) return grouped(String(Number(value.toPrecision(5))));
    const [digits, exponent] = value.toExponential(4).split("e");
    return `${String(Number(digits)).replace("-", "−")}·10${superscript(Number(exponent))}`;
  }

  function grouped(text) {
    const [whole, fraction] = text.replace("-", "−").split(".");
    const spaced = whole.replace(/^−/, "").length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
    return fraction === undefined ? spaced : `${spaced}.${fraction}`;
  }

  function superscript(n) {
    return String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));
  }

  function interval(lo, hi) {
    if (typeof lo !== "number" && typeof hi !== "number") return null;
    if (lo === hi) return null;
    return `[${typeof lo === "number" ? number(lo) : "−∞"}, ${typeof hi === "number" ? number(hi) : "∞"}]`;
  }

  function duration(seconds) {
    if (typeof seconds !== "number") return null;
    if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
    if (seconds < 60) return `${Number(seconds.toPrecision(2))} s`;
    const minutes = Math.round(seconds / 60);
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  function bytes(size) {
    if (typeof size !== "number") return "";
    for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
      if (size >= factor) return `${Number((size / factor).toPrecision(3))} ${unit}`;
    }
    return `${size} bytes`;
  }

  function instant(iso) {
    const date = new Date(iso);
    if (Number.isNaN(date.getTime())) return iso ?? "";
    return el("time", { datetime: iso }, `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`);
  }

  const VERDICTS = [["holds", "holds"], ["falls short", "short"], ["inconclusive", "unsure"], ["not run", "idle"]];
  const kindOf = (verdict) => VERDICTS.find(([name]) => name === verdict)?.[1] ?? "idle";
  const SIGNS = { holds: "✓", short: "✗", unsure: "?", idle: "–" };
  function badge(verdict) {
    const kind = kindOf(verdict);
    return el("span", { class: `badge ${kind}` }, el("span", { "aria-hidden": "true" }, `${SIGNS[kind]} `), verdict);
  }

  // ---- Verdicts ----
  function measured(criterion) {
    if (typeof criterion?.measured !== "number") return ["–"];
    const range = interval(criterion.lo, criterion.hi);
    return [el("span", { title: String(criterion.measured) }, number(criterion.measured)), range && " ",
      range && el("span", { class: "interval" }, range)];
  }

  // The row shows the criteria that decide: those that do not hold, then the card's headline.
  const SHOWN = 4;
  function deciding(claim) {
    const criteria = claim.criteria ?? [];
    const chosen = criteria.filter((c) => c.verdict !== "holds");
    for (const name of claim.headline ?? []) chosen.push(...criteria.filter((c) => c.name === name && !chosen.includes(c)));
    return (chosen.length > 0 ? chosen : criteria.slice(0, 1)).slice(0, SHOWN);
  }
  const ruleText = (rule) => (rule ?? "").replaceAll("<=", "≤").replaceAll(">=", "≥").replaceAll("+-", "±").replaceAll("== ", "= ");

  function measuredLines(claim) {
    const lines = deciding(claim);
    if (lines.length === 0) return ["–"];
    return lines.map((c) => el("div", { class: "line", title: c.says || c.name },
      el("span", { class: "name" }, `${c.name.replaceAll("_", " ")} `), measured(c)));
  }

  function claimRows(claim, run, columns) {
    const criteria = claim.criteria ?? [];
    const row = el("tr", null,
      el("th", { scope: "row", id: `run-${run.id}-${claim.id}` }, claim.id),
      el("td", { class: "says" }, claim.says, claim.reason && el("span", { class: "reason" }, claim.reason)),
      el("td", { "data-head": "Paper:" }, claim.paper || "–"),
      el("td", { class: "measured", "data-head": "Measured:" }, measuredLines(claim)),
      el("td", null, badge(claim.verdict)));
    const rows = [row];
    if (criteria.length > 0) {
      const inner = table({
        columns: ["criterion", "measured", "interval", "rule", "verdict"],
        rows: criteria.map((c) => [c.says ? `${c.name}: ${c.says}` : c.name, c.measured, interval(c.lo, c.hi) ?? "–", ruleText(c.rule), badge(c.verdict)]),
        numeric: [false, true, true, false, false],
      });
      const facts = [claim.tier && `tier ${claim.tier}`, duration(claim.seconds), claim.run && `run ${claim.run}`].filter(Boolean).join(", ");
      rows.push(el("tr", { class: "criteria" }, el("td", { colspan: columns },
        el("details", null,
          el("summary", null, `${criteria.length === 1 ? "1 criterion" : `${criteria.length} criteria`}${facts ? ` (${facts})` : ""}`),
          el("div", { class: "scroll" }, inner)))));
    }
    return el("tbody", { class: "claim" }, rows);
  }

  function verdicts(run) {
    if (!run.claims?.length) return null;
    const heads = ["Claim", "What it says", "The paper", "Measured here", "Verdict"];
    return el("table", { class: "verdicts", "aria-label": `Claims of ${run.paper.title} and what was measured` },
      el("thead", null, el("tr", null, heads.map((head) => el("th", { scope: "col" }, head)))),
      run.claims.map((claim) => claimRows(claim, run, heads.length)));
  }

  // ---- Tables ----
  function table({ columns, rows, numeric, title }) {
    const isNumber = numeric ?? columns.map((_, k) => rows.length > 0 && rows.every((row) => row[k] === null || typeof row[k] === "number") && rows.some((row) => typeof row[k] === "number"));
    return el("table", { class: "numbers" },
      title && el("caption", null, title),
      el("thead", null, el("tr", null, columns.map((column, k) => el("th", { scope: "col", class: isNumber[k] && "number" }, column)))),
      el("tbody", null, rows.map((row) => el("tr", null, row.map((cell, k) =>
        el("td", { class: isNumber[k] && "number", title: typeof cell === "number" && !Number.isInteger(cell) ? String(cell) : null },
          cell instanceof Node ? cell : number(cell)))))));
  }

  function tableBlock(t) {
    const long = t.rows.length > 15;
    return el("div", { class: long ? "scroll long" : "scroll", tabindex: "0", role: "region", "aria-label": t.title || t.name },
      table({ ...t, title: long ? `${t.title || t.name} (${t.rows.length} rows)` : t.title || t.name }));
  }

  function metrics(run) {
    if (!run.metrics?.length) return null;
    const intervals = run.metrics.some((m) => interval(m.lo, m.hi));
    const units = run.metrics.some((m) => m.unit);
    const columns = ["metric", "value", ...(intervals ? ["interval"] : []), ...(units ? ["unit"] : [])];
    const rows = run.metrics.map((m) => [m.name, m.value, ...(intervals ? [interval(m.lo, m.hi) ?? "–"] : []), ...(units ? [m.unit || ""] : [])]);
    return el("div", { class: "scroll" }, table({ columns, rows, numeric: columns.map((c) => c === "value" || c === "interval") }));
  }

  // ---- Figures ----
  const plots = []; // {node, figure, view}
  function figureBlock(figure, k) {
    const plot = el("div", { class: "plot", role: "img", "aria-label": figure.spec?.description ?? figure.title });
    const node = el("figure", null, el("p", { class: "title" }, `Figure ${k + 1}. ${figure.title}`), plot,
      figure.caption && el("figcaption", null, figure.caption));
    if (canDraw) {
      plots.push({ node: plot, figure, view: null, width: 0 });
    } else {
      plot.removeAttribute("role");
      plot.append(el("p", { class: "absent" }, "This report was made without the figure scripts, so this figure is not drawn. " +
        "Run ", el("code", null, "npm ci --ignore-scripts"), " in ", el("code", null, "page/site"), " and make the report again."));
    }
    return node;
  }

  const theme = () => document.documentElement.dataset.theme;

  // The figure in its place's width: as specified (or the width of the page where that is less), the ratio kept where
  // the figure asks for it. "fit" makes the whole, legend included, the width given.
  function fitted(spec, available) {
    const out = JSON.parse(JSON.stringify(spec));
    delete out.title; // it stands above the figure
    const aspect = spec.usermeta?.offprint?.aspect;
    if (aspect) {
      const margin = spec.usermeta.offprint.kind === "images" ? 16 : 165; // axes and colour legend
      out.width = Math.max(140, Math.min(spec.width, available - margin));
      out.height = Math.round(out.width * aspect);
      if (available < 480 && spec.usermeta.offprint.kind !== "images") {
        legendsBelow(out);
        out.width = Math.max(140, Math.min(spec.width, available - 75));
        out.height = Math.round(out.width * aspect);
      }
    } else {
      if (available < 480) legendsBelow(out);
      out.width = Math.min(available, 720);
      out.height = available < 480 ? 260 : spec.height;
      out.autosize = { type: "fit", contains: "padding", resize: false };
      if (available < 480) out.autosize = { type: "fit-x", contains: "padding" };
    }
    return out;
  }

  // Where there is no room beside the figure, colour scales go below it and names into two columns.
  function legendsBelow(spec) {
    for (const layer of spec.layer ?? []) {
      for (const channel of ["color", "shape", "strokeDash"]) {
        const legend = layer.encoding?.[channel]?.legend;
        if (legend?.orient === "right") {
          Object.assign(legend, { orient: "bottom", direction: "horizontal", gradientLength: 200, tickCount: 4 });
        } else if (legend?.orient === "top" && legend.columns) {
          legend.columns = Math.min(legend.columns, 2);
        }
      }
    }
  }

  // A figure holds its data and pictures: the report never asks the network for anything.
  function closedLoader() {
    const loader = vega.loader();
    const sanitize = loader.sanitize.bind(loader);
    const refuse = () => Promise.reject(new Error("a figure of a report holds its own data"));
    loader.load = refuse;
    loader.sanitize = (uri, options) => (String(uri).startsWith("data:image/") ? sanitize(uri, options) : refuse());
    return loader;
  }

  async function draw(plot) {
    const available = Math.floor(plot.node.clientWidth);
    if (available <= 0) return;
    plot.width = available;
    plot.view?.finalize();
    const key = plot.figure.name || "figure";
    try {
      const result = await vegaEmbed(plot.node, fitted(plot.figure.spec, available), {
        config: themes[theme()], renderer: "svg", actions: false, loader: closedLoader(),
      });
      plot.view = result.view;
    } catch (error) {
      plot.node.replaceChildren(el("p", { class: "absent" }, `The figure '${key}' cannot be drawn: ${error.message}`));
    }
  }

  const drawAll = () => Promise.all(plots.map(draw));
  const redraw = () => Promise.all(plots.filter((plot) => plot.width > 0).map(draw)); // those that were drawn

  // ---- Provenance ----
  function origin(run) {
    const entries = [];
    const add = (name, value) => {
      if (value !== null && value !== undefined && value !== "") entries.push(el("dt", null, name), el("dd", null, value));
    };
    add("Run", `${run.id} (${run.status})`);
    add("Started", instant(run.started));
    add("Took", duration(run.seconds));
    add("Seed", String(run.seed ?? ""));
    for (const [name, value] of Object.entries(run.options ?? {})) {
      add(`--${name}`, el("span", { class: "mono" }, typeof value === "string" ? value : JSON.stringify(value)));
    }
    add("Offprint", `${data.version ?? ""}${data.commit ? `, commit ${data.commit}` : ""}`);
    for (const [name, value] of Object.entries(data.machine ?? {})) {
      add(name === "cpu" ? "CPU" : name === "os" ? "System" : name.charAt(0).toUpperCase() + name.slice(1), String(value));
    }
    for (const artifact of run.artifacts ?? []) {
      add(artifact.name, [el("span", { class: "mono" }, artifact.path), ` (${bytes(artifact.bytes)})`]);
    }
    return el("details", { class: "origin" }, el("summary", null, "Where these numbers come from"), el("dl", null, entries));
  }

  // ---- The page ----
  function authors(paper) {
    const list = paper.authors ?? [];
    const names = list.length > 6 ? `${list.slice(0, 5).join(", ")} and ${list.length - 5} others` : list.join(", ");
    return [names, paper.year ? ` (${paper.year})` : "", paper.arxiv ? " · " : "",
      paper.arxiv && el("a", { href: `https://arxiv.org/abs/${encodeURIComponent(paper.arxiv).replaceAll("%2F", "/")}` }, `arXiv:${paper.arxiv}`)];
  }

  // Of an edition: the runs that its verdicts come from.
  function sources(list) {
    if (!list?.length) return null;
    return el("details", { class: "origin" }, el("summary", null, "Where these numbers come from"),
      el("dl", null, list.flatMap((source) => [
        el("dt", null, `Run ${source.run}`),
        el("dd", null, `${source.claims.join(", ")}: `, instant(source.started), `, seed ${source.seed}`,
          `, Offprint ${source.version}${source.commit ? `, commit ${source.commit}` : ""}`, source.cpu ? `, ${source.cpu}` : "",
          source.device && source.device !== "cpu" ? `, ${source.device}` : "")])));
  }

  function planned(papers) {
    if (!papers?.length) return null;
    return el("section", { class: "run", id: "planned", "aria-labelledby": "planned-title" },
      el("h2", { id: "planned-title" }, "Planned"),
      el("p", { class: "meta" }, papers.length === 1 ? "One paper of the catalogue does not run yet." : `${papers.length} papers of the catalogue do not run yet.`),
      el("ul", { class: "planned" }, papers.map((paper) => el("li", null, paper.title, el("span", { class: "meta" }, " ", authors(paper))))));
  }

  const held = (run) => `${run.claims.filter((claim) => claim.verdict === "holds").length} of ${run.claims.length} hold`;

  function section(run) {
    const edition = run.kind === "edition";
    const what = edition ? held(run) : run.kind === "check" ? "Check of its claims" : `Run${run.action ? `: ${run.action}` : ""}`;
    const state = run.status === "finished" ? null : el("p", { class: "absent" }, `This run is ${run.status}: what follows is what it had measured by then.`);
    const part = (title, ...content) => (content.flat().some(Boolean) ? [el("h3", null, title), ...content.flat()] : []);
    return el("section", { class: "run", id: `run-${run.id}`, "aria-labelledby": `run-${run.id}-title` },
      el("h2", { id: `run-${run.id}-title` }, run.paper.title),
      el("p", { class: "meta" }, authors(run.paper)),
      run.paper.summary && el("p", { class: "prose" }, run.paper.summary),
      el("p", { class: "meta" }, [what, edition ? null : ` · run ${run.id}`, run.seconds ? ` · ${duration(run.seconds)}` : ""]),
      state,
      verdicts(run),
      part("Figures", run.figures?.length ? el("div", { class: "figures" }, run.figures.map(figureBlock)) : null),
      part("Tables", (run.tables ?? []).map(tableBlock)),
      part("Metrics", metrics(run)),
      part("Notes", run.notes?.length ? el("ul", { class: "notes" }, run.notes.map((note) => el("li", null, note))) : null),
      edition ? sources(run.sources) : origin(run));
  }

  function tally(runs) {
    const claims = runs.flatMap((run) => run.claims ?? []);
    if (claims.length === 0) return null;
    const many = { holds: "hold", "falls short": "fall short" };
    return el("ul", { class: "tally", "aria-label": "Verdicts of all claims" }, VERDICTS.map(([name, kind]) => {
      const count = claims.filter((claim) => claim.verdict === name).length;
      return el("li", { class: kind }, el("b", null, String(count)), count === 1 ? name : many[name] ?? name);
    }));
  }

  function applyTheme(name) {
    document.documentElement.dataset.theme = name;
    button.textContent = name === "dark" ? "Light page" : "Dark page";
  }

  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const button = el("button", { class: "theme", type: "button" });
  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    applyTheme(chosen);
    redraw();
  });
  system.addEventListener("change", () => {
    if (chosen !== null) return;
    applyTheme(system.matches ? "dark" : "light");
    redraw();
  });
  applyTheme(system.matches ? "dark" : "light");

  const runs = data.runs ?? [];
  const machine = data.machine ?? {};
  document.title = data.title || "Offprint report";
  document.getElementById("report").replaceChildren(
    el("header", null,
      el("div", { class: "top" }, el("h1", null, data.title || "Offprint report"), button),
      el("p", { class: "meta" }, "Made ", instant(data.generated), machine.cpu ? ` on ${machine.cpu}` : "",
        machine.threads ? `, ${machine.threads} thread${machine.threads === 1 ? "" : "s"}` : "", machine.os ? `, ${machine.os}` : "",
        data.version ? ` · Offprint ${data.version}` : ""),
      tally(runs),
      runs.length > 1 ? el("nav", { class: "contents", "aria-label": "Papers" }, el("ol", null, runs.map((run) =>
        el("li", null, el("a", { href: `#run-${run.id}` }, run.paper.title), run.kind === "run" ? ` (run${run.action ? `: ${run.action}` : ""})` : run.kind === "edition" ? el("span", { class: "small" }, ` ${held(run)}`) : "")))) : null),
    el("main", { id: "verdicts", tabindex: "-1" }, runs.length ? runs.map(section) : el("p", null, "No runs were chosen for this report."), planned(data.planned)));

  // Many figures are drawn as the reader comes to them.
  if (plots.length <= 24) {
    drawAll();
  } else {
    const near = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      near.unobserve(entry.target);
      draw(plots.find((plot) => plot.node === entry.target));
    }), { rootMargin: "1200px" });
    plots.forEach((plot) => near.observe(plot.node));
  }
  let timer = 0;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => plots.filter((plot) => plot.width > 0 && plot.node.clientWidth !== plot.width).forEach(draw), 150);
  });

  // Paper is white and shows what is folded.
  let before = null;
  window.addEventListener("beforeprint", () => {
    before = { theme: theme(), closed: [...document.querySelectorAll("details:not([open])")] };
    before.closed.forEach((details) => { details.open = true; });
    if (before.theme !== "light") applyTheme("light");
  });
  window.addEventListener("afterprint", () => {
    before?.closed.forEach((details) => { details.open = false; });
    if (before && before.theme !== "light") applyTheme(before.theme);
    before = null;
  });
})();
