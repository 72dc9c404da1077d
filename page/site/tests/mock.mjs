// A stand-in for the server, for work on the site without building Offprint: dist/ and plausible answers in the shapes
// of page/server/openapi.json, a job that takes some seconds, hostile titles, a day of 300 papers.
//   node tests/mock.mjs [--port 8080] [--empty] [--token SECRET]
import { readFileSync, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({ options: { port: { type: "string", default: "8080" }, empty: { type: "boolean" }, token: { type: "string" } } });
const dist = fileURLToPath(new URL("../dist", import.meta.url));

const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };

// ---- Papers ----
const claim = (id, says, paper, tier, seconds, criteria, verdict, run = 2) => ({
  id, says, paper, tier, data: id === "D4" ? ["cavity-flow"] : [], data_here: id !== "D4", seconds,
  criteria: criteria.map(([name, cSays, rule]) => ({ name, says: cSays, rule })),
  headline: criteria.slice(0, 2).map(([name]) => name),
  result: verdict === null ? null : {
    id, verdict, reason: verdict === "not run" ? "needs data set cavity-flow: offprint data fetch cavity-flow, or set OFFPRINT_DATA" : verdict === "inconclusive" ? "the interval of slope reaches over the limit" : null, seconds: seconds * 0.8,
    criteria: verdict === "not run" ? [] : criteria.map(([name, cSays, rule, measured, lo, hi], i) => ({ name, says: cSays, rule, measured, lo: lo ?? null, hi: hi ?? null, verdict: i === 0 ? verdict : "holds" })),
    run, when: new Date(Date.now() - 5400e3).toISOString(), commit: "fc92435e8de4", seed: 0,
  },
});

const claims = [
  claim("D1", "The exact threshold separates: below it the second moment dies, above it explodes", "the paper proves a necessary condition; the exact threshold is derived here", "quick", 0.04, [["below", "second moment at 0.95 of the threshold", "5.676e-9 +- 0.1%", 5.6763e-9], ["above", "the same at 1.05", "5.887e7 +- 0.1%", 58865073.7], ["edge_drift", "largest relative change", "<= 0.001", 2.2e-16]], "holds"),
  claim("D2", "The spectral measure converges as 1/N; every eigenvalue of the plain method is spurious", "O(1/N) in the Wasserstein distance", "quick", 2, [["w1_n80", "distance to the true measure, N = 80", "0.0195 +- 1%", 0.019543, 0.01951, 0.01957], ["edmd_largest", "largest modulus", "< 0.5", 0.43655]], "holds"),
  claim("D3", "The certified error falls as 1/N while the residual does not", "log-log figure, slope -1", "quick", 10, [["slope", "slope of the error", "-1 +- 0.1", -0.884, -0.97, -0.79], ["residual", "least residual", ">= 0.88", 0.93]], "falls short"),
  claim("D4", "Periodic, mixed and mixing cavity flows are told apart", "pure point, quasi-periodic, mixed, mixing as Re grows (figure)", "quick", 1, [["a20_re13000", "share of the point spectrum", "0.99996 +- 0.0002", null]], "not run"),
  claim("D5", "On the whole unit circle the residual falls with N", "-> 0 (figure)", "full", 120, [["coverage_n100", "covered share", "<= 0.45", 0.44, 0.41, 0.47]], "inconclusive"),
  claim("D6", "A rational kernel of order m converges with order m", "order m", "full", 60, [["order_m4", "fitted order", "3.947 +- 0.02", null]], null),
];

const option = (name, type, help, more = {}) => ({ name, type, help, default: null, required: false, ...more });
const actions = [
  {
    name: "spectrum", default: true, help: "verified eigenvalues of your system: residuals on training and held-out pairs, the certified set with its error bound, Koopman modes",
    examples: ["offprint run koopman spectrum --data traj.csv --dt 0.05 --delays 40", "offprint run koopman spectrum --data a.npy,b.npy --dictionary rbf"],
    options: [
      option("data", "paths", "trajectories, rows = times, columns = state: CSV, NPY, NPZ, HDF5 (FILE:NAME picks a data set); several files = several trajectories", { required: true }),
      option("dt", "real", "time between snapshots, for frequencies and growth rates (default: the step of --time, or 1)", { unit: "time units", min: 1e-300 }),
      option("delays", "int", "delays of each state column in the delay dictionary", { min: 1, max: 100000 }),
      option("dictionary", "choice", "observables: delay (with identity), rbf, fourier, identity (plain DMD)", { choices: ["delay", "rbf", "fourier", "identity"], default: "delay" }),
      option("test", "real", "share of the data held out", { default: 0.2, min: 0, max: 0.9 }),
      option("drop-gaps", "flag", "drop rows with missing values instead of refusing them", { default: false }),
      option("centres", "int", "k-means centres of the rbf dictionary", { default: 100, min: 1, max: 20000 }),
      option("widths", "reals", "widths of the kernels", { default: [0.5, 1] }),
    ],
  },
  { name: "forecast", default: false, help: "forecasts with error bars", examples: ["offprint run koopman forecast --data traj.csv --steps 50"], options: [option("data", "path", "trajectory", { required: true }), option("steps", "int", "how far", { default: 20, min: 1 })] },
];

const verdicts = (cs) => {
  const n = (v) => cs.filter((c) => c.result?.verdict === v).length;
  const [holds, falls_short, inconclusive] = [n("holds"), n("falls short"), n("inconclusive")];
  return { total: cs.length, holds, falls_short, inconclusive, not_run: cs.length - holds - falls_short - inconclusive };
};

const TOPICS = ["Limits and Powers of Koopman Learning", "The Implicit Regularization of Dynamical Stability in Stochastic Gradient Descent", "Eigenvalues of the Hessian in Deep Learning", "Neural Collapse in Imbalanced Classification", "Poisson Flow Models with Extra Dimensions", "Operator Learning with Certified Error", "Preconditioned Descent on Functions", "Spectral Gaps of Random Features"];
const HOSTILE = ["<img src=x onerror=alert(1)><script>alert(2)</script> & \"quotes\" in a title", "Pneumonoultramicroscopicsilicovolcanoconiosis".repeat(6), "\u202Eevil.exe right-to-left override \u202A and عنوان بالعربية with עברית mixed", "数据驱动的动力系统学习：理论与方法 ΑΒΓ Ωμέγα Кириллица"];
const CATS = ["cs.LG", "stat.ML", "math.DS", "math.NA", "cs.CV", "math.OC", "cs.CL", "physics.comp-ph"];
const day = (back) => new Date(Date.UTC(2026, 10, 26) - back * 86400e3).toISOString().slice(0, 10);

function paper(i, listed) {
  const status = i < 4 ? "ready" : i < 12 ? "planned" : "feed";
  const title = i >= 12 && i < 16 ? HOSTILE[i - 12] : `${TOPICS[i % TOPICS.length]}${i >= TOPICS.length ? `, Part ${Math.floor(i / TOPICS.length) + 1}` : ""}`;
  const key = i < 12 ? ["koopman", "sgd-stability", "hessian-spectrum", "neural-collapse", "gns"][i] ?? `planned-${i}` : i === 20 ? "math/0211159" : `26${String(10 + (i % 3))}.${String(10000 + i)}`;
  const cs = i === 0 ? claims : i < 4 ? claims.slice(0, 2 + i) : [];
  return {
    key, slug: i < 12 ? key : null, status, title, authors: i % 5 === 0 ? Array.from({ length: 31 }, (_, k) => `Author Number${k}`) : ["Matthew J. Colbrook", "Igor Mezić", "Alexei Stepanenko"].slice(0, 1 + (i % 3)),
    year: 2024 - (i % 4), listed, published: listed, arxiv: i === 3 ? null : `24${String(10 + (i % 3))}.${String(10000 + i)}`, version: 2, venue: i % 3 === 0 ? "ICML 2023 (PMLR 202:37656-37684)" : null,
    categories: [CATS[i % CATS.length], CATS[(i + 3) % CATS.length]], keywords: ["koopman operator", "dynamic mode decomposition", "pseudospectra", "spectral measure"], code: i === 0 ? "https://github.com/MColbrook/Adversarial-Dynamical-Systems" : null,
    summary: i === 13 ? "x".repeat(400) : "Eigenvalues read off DMD and EDMD are often artefacts of the dictionary, so the paper computes residuals, pseudospectra and spectral measures whose every output carries an error bound, counts the successive limits each question needs, and builds adversarial systems on which every algorithm with fewer limits fails.",
    upvotes: (i * 37) % 91, voted: false, verdicts: status === "ready" ? verdicts(cs) : null, thumbnail: i < 3 ? `/api/v1/runs/2/figures/D2.distance.svg` : null, _claims: cs,
  };
}
const papers = args.empty ? [] : [...Array.from({ length: 300 }, (_, i) => paper(i, day(0))), ...Array.from({ length: 60 }, (_, i) => paper(300 + i, day(1 + (i % 9))))];
const publicPaper = ({ _claims, ...p }) => p;
const fullPaper = (p) => ({
  ...publicPaper(p),
  summary_markdown: p.status === "feed" ? null : `${p.summary}\n\nWith $\\mathcal{K} g = g \\circ F$ a verified pair satisfies $$\\mathrm{res}(\\lambda, g)^2 = \\frac{\\lVert (\\mathcal{K} - \\lambda) g \\rVert^2}{\\lVert g \\rVert^2} \\le \\varepsilon^2,$$ and **nothing** is claimed beyond it. It costs $5 or $10 at most.`,
  abstract: p.status === "feed" ? `We show that $x^2 \\ge 0$. <b>markup</b> & entities. ${p.summary}` : null, doi: null,
  bibtex: `@article{colbrook2024limits,\n  title = {${p.title.slice(0, 80)}},\n  author = {Colbrook, Matthew J. and Mezi{\\'c}, Igor},\n  year = {2024},\n  eprint = {2407.06312}\n}`,
  links: [{ label: "arXiv", url: "https://arxiv.org/abs/2407.06312" }, { label: "PDF", url: "https://arxiv.org/pdf/2407.06312" }, { label: "hostile", url: "javascript:alert(1)" }],
  claims: p._claims, actions: p.status === "ready" ? actions : [], cpp: p.status === "ready" ? "#include \"offprint/koopman/koopman.hpp\"\n\nconst auto pairs = offprint::koopman::read_pairs(\"traj.csv\");\nconst auto spectrum = offprint::koopman::spectrum(pairs, {.delays = 40});\n" : null,
  install: p.status === "ready" ? "find_package(Offprint REQUIRED COMPONENTS koopman)\ntarget_link_libraries(app PRIVATE Offprint::koopman)" : null,
  readme: p.status === "ready" ? "# Koopman: how to read the results\n\nSee **D2** first.\n\n```\n./offprint check koopman\n```\n\n- one\n- two `code`\n\n| a | b |\n| --- | --- |\n| $x_1$ | 2 |\n\n![Distance](figures/D2.distance.png)\n<script>alert(3)</script>" : null,
  runs: p.status === "ready" ? runs.filter((r) => r.paper === p.slug).slice(0, 50) : [],
});

// ---- Runs ----
const runSummary = (id, kind, action, status, hours) => ({ id, paper: "koopman", kind, action, claims: kind === "check" ? ["D1", "D2", "D3"] : [], status, started: new Date(Date.now() - hours * 3600e3).toISOString(), seconds: 12.345, seed: id % 2, tier: kind === "check" ? "quick" : null, verdicts: kind === "check" ? { total: 3, holds: 2, falls_short: 1, inconclusive: 0, not_run: 0 } : null, error: status === "failed" ? "the trajectory has 3 rows; 40 delays need at least 82" : null, commit: "fc92435e8de4" });
const runs = args.empty ? [] : [runSummary(4, "run", "spectrum", "failed", 1), runSummary(3, "run", "spectrum", "finished", 2), runSummary(2, "check", null, "finished", 3), runSummary(1, "check", null, "interrupted", 30)];
const spec = (title) => ({
  $schema: "https://vega.github.io/schema/vega-lite/v5.json", description: `${title}. Line chart.`, title, width: 560, height: 340, usermeta: { offprint: { aspect: null, kind: "line chart" } },
  data: { values: ["mpEDMD", "bound"].flatMap((s, k) => [10, 20, 40, 80].map((x) => ({ s, x, y: (1.5 + k * 0.3) / x }))) },
  mark: { type: "line", point: true },
  encoding: { x: { field: "x", type: "quantitative", scale: { type: "log" }, title: "N", axis: { labelExpr: "datum.value + ''" } }, y: { field: "y", type: "quantitative", scale: { type: "log" }, title: "W1 (rad)" }, color: { field: "s", type: "nominal", title: null, legend: { orient: "top" } } },
});
const figure = (run, name, title) => ({ name, claim: name.split(".")[0], title, caption: "mpEDMD's distance to the true measure on exact Toeplitz data, beside the bound.", spec_url: `/api/v1/runs/${run}/figures/${name}.vl.json`, svg_url: `/api/v1/runs/${run}/figures/${name}.svg`, csv_url: `/api/v1/runs/${run}/figures/${name}.csv` });
const run = (r) => ({
  ...r, attempts: 1, options: r.kind === "check" ? { tier: "quick" } : { data: ["/tmp/traj.csv"], delays: 40 }, threads: 0, ranks: 1, device: "cpu", inputs: r.kind === "run" ? [{ path: "/tmp/traj.csv", bytes: 123456 }] : [],
  build: { version: "0.1.0", commit: r.commit, build_type: "Release", compiler: "GNU 12.2.0" }, libraries: { BLAS: "OpenBLAS 0.3.21", Eigen: "3.4.0" }, machine: { cpu: "AMD EPYC", threads: 2, memory_gib: 23.5, os: "Debian GNU/Linux 12 (bookworm)" },
  claims: r.kind === "check" ? claims.slice(0, 3).map(({ result }) => result) : [], metrics: [{ scope: r.kind === "run" ? "" : "D1", name: "threshold", value: 0.43804, lo: 0.42, hi: 0.45, confidence: 0.95, unit: "1/s" }],
  tables: [{ name: "D2.convergence", title: "Distance by dictionary size", columns: ["N", "W1 (rad)", "W1 N"], rows: [[10, 0.15194868, 1.519], [20, 0.0771, 1.543], [40, 2.6e-16, 1.556]] }],
  figures: r.status === "failed" ? [] : [figure(r.id, "D2.distance", "Distance to the true spectral measure"), figure(r.id, "D3.error", "Error and residual")], notes: ["D2: the smallest singular value vanishes to rounding from N = 40 on"], artifacts: r.kind === "run" ? [{ name: "modes.npz", bytes: 45678, url: `/api/v1/runs/${r.id}/artifacts/modes.npz` }] : [], job: null,
});
const svg = (theme) => {
  const [bg, ink, a, b] = theme === "dark" ? ["#15181c", "#7a828d", "#56b4e9", "#e69f00"] : ["#fff", "#8a9099", "#0072b2", "#d55e00"];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400"><rect width="600" height="400" fill="${bg}"/><path d="M50 20v330h530" fill="none" stroke="${ink}"/><path d="M60 60 200 150 380 250 560 330" fill="none" stroke="${a}" stroke-width="5"/><path d="M60 40 200 120 380 220 560 300" fill="none" stroke="${b}" stroke-width="5" stroke-dasharray="14 8"/></svg>`;
};

// ---- Jobs ----
const jobs = new Map();
let lastJob = 0;
const watchers = new Set();
const publicJob = ({ _events, _listeners, _timer, ...job }) => job;
const say = (job, event, data) => {
  const e = { id: job._events.length + 1, event, data };
  job._events.push(e);
  for (const listener of job._listeners) listener(e);
  if (event === "state" || event === "end") for (const w of watchers) w("job", publicJob(job));
};
function startJob(body) {
  const job = { id: ++lastJob, kind: body.kind, paper: body.paper, action: body.action ?? null, claims: body.claims ?? [], tier: body.tier ?? null, seed: body.seed ?? 0, options: body.options ?? {}, state: "queued", position: 1, run: null, created: new Date().toISOString(), started: null, ended: null, exit_code: null, error: null, progress: null, results: [], _events: [], _listeners: new Set() };
  jobs.set(job.id, job);
  say(job, "state", publicJob(job));
  const asked = body.kind === "check" ? (job.claims.length > 0 ? claims.filter((c) => job.claims.includes(c.id)) : claims.filter((c) => c.tier === "quick")) : [{ id: "", says: "" }];
  let at = 0, done = 0;
  setTimeout(() => { job.state = "running"; job.position = 0; job.run = 5; job.started = new Date().toISOString(); say(job, "state", publicJob(job)); }, 500);
  job._timer = setInterval(() => {
    if (job.state !== "running") return;
    const c = asked[at];
    if (done === 0) say(job, "measuring", { claim: c.id, says: c.says });
    done += 10;
    job.progress = { claim: c.id, label: "trajectories", done, total: 100, seconds: done / 50, remaining: (100 - done) / 50, finished: done >= 100 };
    say(job, "progress", job.progress);
    say(job, "log", { text: `${c.id || job.action}: ${done} of 100\n` });
    if (done < 100) return;
    done = 0;
    at += 1;
    if (c.id) { const result = c.result ?? { id: c.id, verdict: "holds", reason: null, seconds: 1, criteria: c.criteria.map((x) => ({ ...x, measured: 1, lo: null, hi: null, verdict: "holds" })) }; job.results.push(result); say(job, "claim", { result }); }
    if (at === asked.length) finish(job, "finished");
  }, 150);
  return job;
}
function finish(job, state) {
  clearInterval(job._timer);
  Object.assign(job, { state, ended: new Date().toISOString(), exit_code: 0, progress: null, position: null });
  say(job, "end", publicJob(job));
}

// ---- HTTP ----
const json = (res, value, status = 200, headers = {}) => { res.writeHead(status, { "Content-Type": "application/json", "Content-Security-Policy": CSP, "Cache-Control": "no-store", ...headers }); res.end(JSON.stringify(value)); };
const sse = (req, res) => {
  res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  res.write(": hello\n\n");
  return (name, data, id) => res.write(`${id ? `id: ${id}\n` : ""}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
};
const body = (req) => new Promise((resolve) => { const parts = []; req.on("data", (p) => parts.push(p)); req.on("end", () => resolve(Buffer.concat(parts))); });

async function api(req, res, url, path) {
  const q = url.searchParams;
  const [first, second, third, ...more] = path.split("/").map(decodeURIComponent);
  if (first === "health") return json(res, { status: "ok", version: "0.1.0", commit: "fc92435e8de4", build_type: "Release", machine: { cpu: "AMD EPYC", threads: 2 }, papers: papers.length, runnable: 4, mail: !args.empty, token_needed: Boolean(args.token), uploads_limit_bytes: 64e6, allowed_folders: ["/data"] });
  if (first === "session") { if (req.method === "DELETE") return res.writeHead(204, { "Set-Cookie": "offprint_session=; Max-Age=0" }).end(); const { token } = JSON.parse(await body(req)); return token === args.token ? res.writeHead(204, { "Set-Cookie": "offprint_session=ok; HttpOnly" }).end() : json(res, { error: "wrong token" }, 401); }
  if (args.token && !/offprint_session=ok/.test(req.headers.cookie ?? "")) return json(res, { error: "a token is needed" }, 401);
  if (first === "papers" && second === undefined) {
    const span = q.get("span") ?? "day", date = q.get("date") ?? (papers[0]?.listed ?? null);
    const [from, to] = span === "day" ? [date, date] : span === "week" ? [day(6), day(0)] : span === "month" ? [`${date?.slice(0, 7)}-01`, `${date?.slice(0, 7)}-31`] : ["0", "9"];
    let list = papers.filter((p) => p.listed >= from && p.listed <= to && (!q.get("category") || p.categories.includes(q.get("category"))) && (!q.get("status") || p.status === q.get("status")));
    if (q.get("order") === "upvotes") list = [...list].sort((a, b) => b.upvotes - a.upvotes);
    const days = [...new Set(papers.map((p) => p.listed))].sort();
    const offset = Number(q.get("offset") ?? 0), limit = Number(q.get("limit") ?? 50);
    return json(res, { papers: list.slice(offset, offset + limit).map(publicPaper), total: list.length, date, from, to, previous: span === "day" ? (days.filter((d) => d < date).at(-1) ?? null) : null, next: span === "day" ? (days.find((d) => d > date) ?? null) : null });
  }
  if (first === "papers") {
    const p = papers.find((x) => x.key === second);
    if (!p) return json(res, { error: `there is no paper '${second}'` }, 404);
    if (third === "related") return json(res, papers.filter((x) => x !== p).slice(10, 16).map(publicPaper));
    if (third === "vote") { const { up } = JSON.parse(await body(req)); if (up !== p.voted) p.upvotes += up ? 1 : -1; p.voted = up; return json(res, { upvotes: p.upvotes, voted: p.voted }); }
    return json(res, fullPaper(p));
  }
  if (first === "categories") return json(res, args.empty ? [] : CATS.map((name, i) => ({ name, papers: 90 - i * 9 })));
  if (first === "days") return json(res, [...new Set(papers.map((p) => p.listed))].map((date) => ({ date, papers: papers.filter((p) => p.listed === date).length })));
  if (first === "trending") return json(res, papers.slice(0, 14).filter((_, i) => i % 2 === 0).map((p) => ({ paper: publicPaper(p), score: 3, from_votes: 1, from_verdicts: p.status === "ready" ? 2 : 0 })));
  if (first === "search") {
    const words = (q.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const fragments = (text) => text.split(new RegExp(`(${words.map((w) => w.replace(/[^\p{L}\p{N}]/gu, ".")).join("|") || "$."})`, "i")).filter((t) => t !== "").map((t) => ({ text: t, hit: words.includes(t.toLowerCase()) }));
    const list = papers.filter((p) => words.some((w) => `${p.title} ${p.summary}`.toLowerCase().includes(w)));
    const offset = Number(q.get("offset") ?? 0);
    return json(res, { query: q.get("q"), total: list.length, milliseconds: 3.21, hits: list.slice(offset, offset + 20).map((p, i) => ({ paper: publicPaper(p), title: fragments(p.title), snippet: fragments(p.summary.slice(0, 240)), by_keyword: i % 3 !== 2, by_meaning: i % 2 === 0 })) });
  }
  if (first === "runs" && second === undefined) { const list = runs.filter((r) => !q.get("status") || r.status === q.get("status")); return json(res, { runs: list, total: list.length }); }
  if (first === "runs" && second === "compare") {
    const [a, b] = ["a", "b"].map((k) => runs.find((r) => r.id === Number(q.get(k))));
    if (!a || !b) return json(res, { error: "there is no such run" }, 404);
    return json(res, { a, b, claims: claims.slice(0, 2).map((c) => ({ id: c.id, says: c.says, a: c.result, b: c.result, criteria: c.criteria.map((x, i) => ({ name: x.name, rule: x.rule, a: 1.25, b: 1.25 + i * 0.01, difference: i * 0.01, relative: i * 0.008 })) })), metrics: [{ scope: "D1", name: "threshold", unit: "", a: { value: 0.438, lo: 0.42, hi: 0.45 }, b: { value: 0.44, lo: null, hi: null } }], options: [{ name: "delays", a: 20, b: 40 }], origin: [{ name: "commit", a: "fc92435", b: "c55b028" }] });
  }
  if (first === "runs") {
    const r = runs.find((x) => x.id === Number(second)) ?? (second === "5" ? { ...runs[2], id: 5 } : undefined);
    if (!r) return json(res, { error: `there is no run ${second}` }, 404);
    if (req.method === "DELETE") { runs.splice(runs.indexOf(r), 1); return res.writeHead(204).end(); }
    const name = more.join("/");
    if (third === "figures" && name.endsWith(".vl.json")) return json(res, spec(name.startsWith("D2") ? "Distance to the true spectral measure" : "Error and residual"));
    if (third === "figures") { res.writeHead(200, { "Content-Type": "image/svg+xml" }); return res.end(svg(q.get("theme"))); }
    return json(res, run(r));
  }
  if (first === "jobs" && second === undefined && req.method === "POST") {
    const asked = JSON.parse(await body(req));
    if (asked.options?.delays === 77) return json(res, { error: "option --delays: 77 is out of range; it must be from 1 to 76" }, 400);
    return json(res, publicJob(startJob(asked)), 202);
  }
  if (first === "jobs" && second === undefined) return json(res, [...jobs.values()].reverse().filter((j) => !q.get("state") || j.state === q.get("state")).map(publicJob));
  if (first === "jobs") {
    const job = jobs.get(Number(second));
    if (!job) return json(res, { error: `there is no job ${second}` }, 404);
    if (third === "cancel") { finish(job, "cancelled"); return json(res, publicJob(job)); }
    if (third === "resume") return json(res, publicJob(startJob(job)));
    if (third !== "events") return json(res, publicJob(job));
    const send = sse(req, res);
    const from = Number(req.headers["last-event-id"] ?? 0);
    const listener = (e) => { if (e.id > from) send(e.event, e.data, e.id); if (e.event === "end") res.end(); };
    job._events.forEach(listener);
    job._listeners.add(listener);
    req.on("close", () => job._listeners.delete(listener));
    return undefined;
  }
  if (first === "events") { const send = sse(req, res); watchers.add(send); req.on("close", () => watchers.delete(send)); return undefined; }
  if (first === "uploads" && req.method === "POST") { const raw = await body(req); const name = q.get("name"); return json(res, { id: "u1", name, bytes: raw.length, value: `upload:u1/${name}`, columns: name.endsWith(".csv") ? raw.toString().split("\n")[0].split(",") : null }, 201); }
  if (first === "files") { const folder = q.get("folder"); return json(res, folder ? { folder, parent: null, entries: [{ name: "traj.csv", path: `${folder}/traj.csv`, folder: false, bytes: 12345 }] } : { folder: null, parent: null, entries: [{ name: "/data", path: "/data", folder: true, bytes: null }] }); }
  if (first === "subscriptions") return json(res, { message: "If the address is right, a message with a link to confirm is on its way." }, 202);
  return json(res, { error: "there is no such path in the API" }, 404);
}

const server = createServer((req, res) => {
  const url = new URL(req.url, "http://localhost");
  if (url.pathname.startsWith("/api/v1/")) return void api(req, res, url, url.pathname.slice(8)).catch((e) => json(res, { error: String(e) }, 500));
  if (/^\/(feeds|edition)/.test(url.pathname)) return res.writeHead(200, { "Content-Type": "text/plain" }).end("stand-in");
  let file = join(dist, normalize(decodeURIComponent(url.pathname)));
  if (!file.startsWith(dist) || !existsSync(file) || statSync(file).isDirectory()) file = join(dist, "index.html");
  res.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": CSP });
  res.end(readFileSync(file));
});
server.listen(Number(args.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
