// Two runs side by side: verdicts, what was measured, and in what they differ.
import { query, useApi } from "../api/client";
import type { ClaimResult, Comparison, MetricValue, RunSummary } from "../api/types";
import { Empty, Failure, Heading, Loading, When } from "../components/common";
import { runTitle } from "../components/runs-table";
import { VerdictBadge } from "../components/verdict";
import { interval, number, rule } from "../format";
import { paperUrl, runUrl, type Place } from "../router";

function text(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? number(value) : typeof value === "string" ? value : JSON.stringify(value);
}

export function ComparePage({ place }: { place: Place }) {
  const [a, b] = [place.query.get("a") ?? "", place.query.get("b") ?? ""];
  const valid = /^\d+$/.test(a) && /^\d+$/.test(b);
  const page = useApi<Comparison>(valid ? `/runs/compare${query({ a, b })}` : null);
  return (
    <div class="narrow wide">
      <Heading title={valid ? `Runs ${a} and ${b}` : "Compare two runs"}>{valid ? <>Run {a} beside run {b}</> : "Compare two runs"}</Heading>
      {!valid && <Empty title="Choose two runs."><p>In <a href="/runs">the list of runs</a>, or in the history of a paper.</p></Empty>}
      {page.error && <Failure error={page.error} retry={page.reload} what="the comparison" />}
      {!page.data && page.loading && <Loading what="the comparison" />}
      {page.data && <Content data={page.data} />}
    </div>
  );
}

const Shift = ({ value, relative }: { value: number | null; relative: number | null }) => (
  <>{value === null ? "–" : value === 0 ? "same" : `${value > 0 ? "+" : ""}${number(value, 3)}`}{relative !== null && value !== 0 && <span class="soft"> ({relative > 0 ? "+" : ""}{number(relative * 100, 2)} %)</span>}</>
);

function Content({ data }: { data: Comparison }) {
  const { a, b } = data;
  return (
    <>
      {a.paper === b.paper && <p><a href={paperUrl(a.paper)}>{a.paper}</a></p>}
      <div class="scroll" tabIndex={0} role="region" aria-label="The two runs">
        <table>
          <caption class="unseen">The two runs</caption>
          <thead><tr><th scope="col"><span class="unseen">property</span></th><RunHead run={a} /><RunHead run={b} /></tr></thead>
          <tbody>
            {([["what", runTitle(a), runTitle(b)], ["status", a.status, b.status], ["seed", String(a.seed), String(b.seed)]] as const).map(([name, x, y]) => <tr key={name}><th scope="row">{name}</th><td>{x}</td><td>{y}</td></tr>)}
            <tr><th scope="row">started</th><td><When iso={a.started} /></td><td><When iso={b.started} /></td></tr>
            {[...data.options, ...data.origin].map((d) => <tr key={d.name}><th scope="row">{d.name}</th><td>{text(d.a)}</td><td>{text(d.b)}</td></tr>)}
          </tbody>
        </table>
      </div>
      <p class="small">Options and origin are shown where they differ.</p>
      {data.claims.map((claim) => (
        <section key={claim.id} class="claim-block">
          <h2>{claim.id} <span class="small">{claim.says}</span></h2>
          <div class="scroll" tabIndex={0} role="region" aria-label={`Claim ${claim.id} in both runs`}>
            <table class="criteria">
              <caption class="unseen">Claim {claim.id} in both runs</caption>
              <thead><tr><th scope="col">criterion</th><th scope="col">rule</th><th scope="col" class="num">run {a.id}</th><th scope="col" class="num">run {b.id}</th><th scope="col" class="num">difference</th></tr></thead>
              <tbody>
                {claim.criteria.map((c) => <tr key={c.name}><th scope="row"><code>{c.name}</code></th><td class="num">{rule(c.rule)}</td><td class="num">{number(c.a)}</td><td class="num">{number(c.b)}</td><td class="num"><Shift value={c.difference} relative={c.relative} /></td></tr>)}
                <tr><th scope="row">verdict</th><td /><td><Verdict of={claim.a} /></td><td><Verdict of={claim.b} /></td><td>{claim.a && claim.b && (claim.a.verdict === claim.b.verdict ? "same" : <strong>changed</strong>)}</td></tr>
              </tbody>
            </table>
          </div>
        </section>
      ))}
      {data.metrics.length > 0 && (
        <section aria-labelledby="numbers">
          <h2 id="numbers">Numbers</h2>
          <div class="scroll" tabIndex={0} role="region" aria-label="Numbers of both runs">
            <table class="numbers">
              <caption class="unseen">Numbers of both runs</caption>
              <thead><tr><th scope="col">name</th><th scope="col" class="num">run {a.id}</th><th scope="col" class="num">run {b.id}</th><th scope="col">unit</th></tr></thead>
              <tbody>{data.metrics.map((m) => <tr key={`${m.scope}/${m.name}`}><th scope="row">{m.scope !== "" && `${m.scope} `}<code>{m.name}</code></th><Value of={m.a} /><Value of={m.b} /><td>{m.unit}</td></tr>)}</tbody>
            </table>
          </div>
        </section>
      )}
      {data.claims.length === 0 && data.metrics.length === 0 && <Empty title="The two runs have nothing in common to compare." />}
    </>
  );
}

const RunHead = ({ run }: { run: RunSummary }) => <th scope="col"><a href={runUrl(run.id)}>run {run.id}</a></th>;
const Verdict = ({ of }: { of: ClaimResult | null }) => (of ? <VerdictBadge verdict={of.verdict} /> : <>not in this run</>);
const Value = ({ of }: { of: MetricValue | null }) => <td class="num">{of ? <>{number(of.value)} <span class="soft">{interval(of.lo, of.hi)}</span></> : "–"}</td>;
