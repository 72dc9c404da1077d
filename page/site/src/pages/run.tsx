// One run: its verdicts, figures, tables and numbers, and everything about where they come from. Live while it runs.
import { useRef, useState } from "preact/hooks";

import { request, useApi } from "../api/client";
import { over, useSiteEvents } from "../api/events";
import type { Job, Metric, Paper, Run, RunTable } from "../api/types";
import { quoted } from "../command-line";
import { CriteriaTable } from "../components/claims";
import { CodeBlock, Empty, Failure, Heading, Loading, sentence, When } from "../components/common";
import { Figure } from "../components/figure";
import { JobPanel } from "../components/job-panel";
import { RunStatusBadge, runTitle } from "../components/runs-table";
import { VerdictBadge } from "../components/verdict";
import { bytes, duration, interval, number, plural } from "../format";
import { navigate, paperUrl } from "../router";
import { NotFound } from "./not-found";

export function RunPage({ id }: { id: number }) {
  const run = useApi<Run>(`/runs/${id}`);
  if (run.error?.status === 404) return <NotFound what={`There is no run ${id}`} />;
  if (!run.data) return <div class="narrow">{run.error ? <><Heading title={`Run ${id}`} /><Failure error={run.error} retry={run.reload} what={`run ${id}`} /></> : <Loading what={`run ${id}`} />}</div>;
  return <Content run={run.data} reload={run.reload} />;
}

function command(run: Run): string {
  const words = run.kind === "check" ? ["offprint", "check", run.paper] : ["offprint", "run", run.paper, ...(run.action ? [run.action] : [])];
  if (run.kind === "check") {
    if (run.claims.length > 0) words.push("--claim", run.claims.map((c) => c.id).join(","));
    if (run.options.tier && run.options.tier !== "quick") words.push("--tier", String(run.options.tier));
  } else {
    for (const [name, value] of Object.entries(run.options)) {
      if (value === false || value === null) continue;
      words.push(`--${name}`);
      if (value !== true) words.push(quoted(Array.isArray(value) ? value.join(",") : String(value)));
    }
  }
  if (run.seed !== 0) words.push("--seed", String(run.seed));
  return words.join(" ");
}

function Content({ run, reload }: { run: Run; reload: () => void }) {
  const paper = useApi<Paper>(`/papers/${encodeURIComponent(run.paper)}`);
  const title = paper.data?.title ?? run.paper;
  // While it runs, each verdict brings its figures and tables.
  const known = useRef(run.job?.results.length ?? 0);
  useSiteEvents((name, data) => {
    const job = data as Job;
    if (name === "again") reload();
    if (name !== "job" || job.run !== run.id || job.results.length === known.current) return;
    known.current = job.results.length;
    reload();
  });
  const own = run.metrics.filter((m) => m.scope === "");
  const ofClaims = run.metrics.filter((m) => m.scope !== "");
  const others = paper.data?.runs.filter((r) => r.id !== run.id) ?? [];
  return (
    <article class="narrow wide run-page">
      <header>
        <p class="kicker"><a href={paperUrl(run.paper)} dir="auto">{title}</a></p>
        <Heading title={`Run ${run.id}`}>Run {run.id}: {runTitle({ ...run, claims: run.claims.map((c) => c.id), tier: (run.options.tier as string | undefined) ?? null })}</Heading>
        <p class="small facts"><RunStatusBadge status={run.status} /> <span>started <When iso={run.started} /></span>{run.seconds !== null && <span>took {duration(run.seconds)}</span>}<span>seed {run.seed}</span>{run.attempts > 1 && <span>{run.attempts} attempts</span>}<span>build <code>{String(run.build.commit ?? "").slice(0, 12)}</code></span></p>
      </header>
      {run.job && (!over(run.job) || run.job.state !== "finished") && <JobPanel job={run.job} changed={reload} />}
      {run.error && <p class="notice error"><strong>It failed.</strong> {run.error}</p>}
      {run.claims.length > 0 && (
        <section aria-labelledby="verdicts">
          <h2 id="verdicts">Verdicts</h2>
          {run.claims.map((claim) => (
            <div key={claim.id} class="claim-block">
              <h3>{claim.id} <VerdictBadge verdict={claim.verdict} /></h3>
              <p class="small">{paper.data?.claims.find((c) => c.id === claim.id)?.says}{claim.seconds !== null && claim.seconds > 0 && ` (${duration(claim.seconds)})`}</p>
              {claim.reason && <p class="reason">{claim.reason}</p>}
              {claim.criteria.length > 0 && <CriteriaTable criteria={claim.criteria} result={claim} caption={`Criteria of ${claim.id}`} />}
            </div>
          ))}
        </section>
      )}
      {own.length > 0 && <section aria-labelledby="results"><h2 id="results">Results</h2><Metrics metrics={own} caption="Results of the run" /></section>}
      {run.notes.length > 0 && <section aria-labelledby="notes"><h2 id="notes">Notes</h2><ul class="notes">{run.notes.map((n) => <li key={n} dir="auto">{n}</li>)}</ul></section>}
      {run.figures.length > 0 && <section aria-labelledby="figures"><h2 id="figures">Figures</h2><div class="figures">{run.figures.map((f) => <Figure key={f.name} figure={f} />)}</div></section>}
      {run.tables.length > 0 && <section aria-labelledby="tables"><h2 id="tables">Tables</h2>{run.tables.map((t) => <DataTable key={t.name} run={run.id} table={t} />)}</section>}
      {ofClaims.length > 0 && <section aria-labelledby="numbers"><h2 id="numbers">Further numbers</h2><Metrics metrics={ofClaims} scoped caption="Numbers measured along with the claims" /></section>}
      {run.artifacts.length > 0 && (
        <section aria-labelledby="files">
          <h2 id="files">Files</h2>
          <ul class="links">{run.artifacts.map((a) => <li key={a.name}><a href={a.url} download>{a.name}</a> <span class="small">{bytes(a.bytes)}</span></li>)}</ul>
        </section>
      )}
      {run.status === "running" && run.claims.length === 0 && own.length === 0 && <Empty title="Nothing is measured yet." />}
      <section aria-labelledby="again">
        <h2 id="again">Again, and elsewhere</h2>
        <CodeBlock code={command(run)} what="the command line" />
        <p class="buttons">
          <a class="button" href={`/api/v1/runs/${run.id}/export.json`} download={`offprint-run-${run.id}.json`}>Everything as JSON</a>
          {others.length > 0 && <CompareWith run={run.id} others={others.map((r) => ({ id: r.id, label: `run ${r.id}: ${runTitle(r)}, ${r.started.slice(0, 10)}` }))} />}
          <Remove run={run} />
        </p>
      </section>
      <Origin run={run} />
    </article>
  );
}

function Metrics({ metrics, scoped = false, caption }: { metrics: Metric[]; scoped?: boolean; caption: string }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="numbers">
        <caption class="unseen">{caption}</caption>
        <thead><tr>{scoped && <th scope="col">claim</th>}<th scope="col">name</th><th scope="col" class="num">value</th><th scope="col" class="num">interval</th><th scope="col">unit</th></tr></thead>
        <tbody>{metrics.map((m) => <tr key={`${m.scope}/${m.name}`}>{scoped && <td>{m.scope}</td>}<th scope="row"><code>{m.name}</code></th><td class="num" title={String(m.value)}>{number(m.value)}</td><td class="num soft">{interval(m.lo, m.hi) ?? ""}</td><td>{m.unit}</td></tr>)}</tbody>
      </table>
    </div>
  );
}

const MOST_ROWS = 200;

function DataTable({ run, table }: { run: number; table: RunTable }) {
  const rows = table.rows.slice(0, MOST_ROWS);
  return (
    <div class="data-table">
      <h3>{table.title || table.name}</h3>
      <div class="scroll long" tabIndex={0} role="region" aria-label={`${table.title} (${table.name})`}>
        <table class="numbers">
          <thead><tr>{table.columns.map((c) => <th key={c} scope="col" class="num">{c}</th>)}</tr></thead>
          <tbody>{rows.map((row, i) => <tr key={i}>{row.map((value, j) => <td key={j} class={typeof value === "number" ? "num" : ""} title={typeof value === "number" ? String(value) : undefined}>{typeof value === "boolean" ? (value ? "yes" : "no") : number(value)}</td>)}</tr>)}</tbody>
        </table>
      </div>
      <p class="small">{table.rows.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${number(table.rows.length)} rows. ` : ""}<a href={`/api/v1/runs/${run}/tables/${encodeURIComponent(table.name)}.csv`} download={`${table.name}.csv`}>All {plural(table.rows.length, "row")} as CSV</a></p>
    </div>
  );
}

function CompareWith({ run, others }: { run: number; others: { id: number; label: string }[] }) {
  return (
    <label class="inline">compare with{" "}
      <select onChange={(e) => e.currentTarget.value !== "" && navigate(`/compare?a=${Math.min(run, Number(e.currentTarget.value))}&b=${Math.max(run, Number(e.currentTarget.value))}`)}>
        <option value="">choose a run</option>
        {others.map((o) => <option key={o.id} value={o.id}>{o.label}</option>)}
      </select>
    </label>
  );
}

function Remove({ run }: { run: Run }) {
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState("");
  if (run.status === "running") return null;
  const remove = () =>
    request<undefined>("DELETE", `/runs/${run.id}`).then(
      () => navigate("/runs", { replace: true }),
      (error: unknown) => setProblem(sentence(error)),
    );
  return (
    <span class="actions">
      {!asked && <button type="button" class="danger" onClick={() => setAsked(true)}>Delete this run</button>}
      {asked && <><span role="status">Its results and files are lost for good.</span> <button type="button" class="danger" onClick={() => void remove()}>Delete run {run.id}</button> <button type="button" onClick={() => setAsked(false)}>Keep it</button></>}
      {problem !== "" && <span class="problem" role="alert">{problem}</span>}
    </span>
  );
}

function entries(record: Record<string, unknown>): [string, string][] {
  return Object.entries(record).filter(([, v]) => v !== null && v !== "").map(([k, v]) => [k.replace(/_/g, " "), typeof v === "number" ? number(v) : typeof v === "string" ? v : JSON.stringify(v)]);
}

function Origin({ run }: { run: Run }) {
  const groups: [string, [string, string][]][] = [
    ["Options", entries(run.options)],
    ["Run", [["seed", String(run.seed)], ["threads", run.threads === 0 ? "all" : String(run.threads)], ["ranks", String(run.ranks)], ["device", run.device], ["attempts", String(run.attempts)]]],
    ["Build", entries(run.build)],
    ["Machine", entries(run.machine)],
    ["Libraries", entries(run.libraries)],
    ["Inputs", run.inputs.map((i) => [i.path, bytes(i.bytes)])],
  ];
  return (
    <details class="origin">
      <summary>Where these numbers come from</summary>
      {groups.filter(([, rows]) => rows.length > 0).map(([name, rows]) => (
        <div key={name}><h3>{name}</h3><dl>{rows.map(([k, v]) => <><dt>{k}</dt><dd>{v}</dd></>)}</dl></div>
      ))}
    </details>
  );
}

