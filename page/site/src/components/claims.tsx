// The claims of a paper and what was measured of them here.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import type { Claim, ClaimResult, CriterionResult, CriterionSpec, DatedResult, Progress } from "../api/types";
import { ago, duration, interval, number, plural, rule } from "../format";
import { runUrl } from "../router";
import { ProgressBar } from "./job-panel";
import { VerdictBadge } from "./verdict";

export function Measured({ criterion }: { criterion: CriterionResult | undefined }) {
  if (!criterion || criterion.measured === null || criterion.measured === undefined) return <>–</>;
  const range = interval(criterion.lo, criterion.hi);
  return (
    <>
      <span class="num" title={String(criterion.measured)}>{number(criterion.measured)}</span>
      {range && <span class="interval"> {range}</span>}
    </>
  );
}

export function CriteriaTable({ criteria, result, caption }: { criteria: CriterionSpec[]; result: ClaimResult | null; caption: string }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="criteria">
        <caption class="unseen">{caption}</caption>
        <thead><tr><th scope="col">criterion</th><th scope="col">rule</th><th scope="col">measured</th><th scope="col">interval</th><th scope="col">verdict</th></tr></thead>
        <tbody>
          {criteria.map((spec) => {
            const got = result?.criteria.find((c) => c.name === spec.name);
            return (
              <tr key={spec.name}>
                <th scope="row"><code>{spec.name}</code><span class="says">{spec.says}</span></th>
                <td class="num">{rule(spec.rule)}</td>
                <td class="num">{got?.measured === null || got?.measured === undefined ? "–" : number(got.measured)}</td>
                <td class="num soft">{got ? (interval(got.lo, got.hi) ?? "–") : "–"}</td>
                <td>{got ? <VerdictBadge verdict={got.verdict} /> : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

// A card names the criteria to show first; else the first two.
function headline(claim: Claim): CriterionSpec[] {
  const named = claim.headline.map((name) => claim.criteria.find((c) => c.name === name)).filter((c): c is CriterionSpec => c !== undefined);
  return (named.length > 0 ? named : claim.criteria).slice(0, named.length > 0 ? 4 : 2);
}

export interface LiveClaim {
  state: "waiting" | "measuring";
  progress: Progress | null;
}

interface Shown {
  claims: Claim[];
  live: Record<string, LiveClaim>;
  check: (claim: Claim) => void;
  busy: boolean;
}

export function ClaimsTable({ claims, live, check, busy }: Shown) {
  return (
    <div class="claims-wrap">
    <table class="claims">
      <caption class="unseen">Claims of the paper, what it reports, and what was measured on this machine</caption>
      <thead>
        <tr>
          <th scope="col">claim</th>
          <th scope="col">in the paper</th>
          <th scope="col">measured here</th>
          <th scope="col">verdict</th>
          <th scope="col"><span class="unseen">check</span></th>
        </tr>
      </thead>
      {claims.map((claim) => <ClaimRows key={claim.id} claim={claim} live={live[claim.id] ?? null} check={() => check(claim)} busy={busy} />)}
    </table>
    </div>
  );
}

function ClaimRows({ claim, live, check, busy }: { claim: Claim; live: LiveClaim | null; check: () => void; busy: boolean }) {
  const [open, setOpen] = useState(false);
  const { result } = claim;
  const first = headline(claim);
  const more = claim.criteria.length - first.length;
  const id = `criteria-${claim.id}`;
  return (
    <tbody class={open ? "open" : ""} id={`claim-${claim.id}`}>
      <tr>
        <th scope="row" data-head="claim">
          <span class="claim-id">{claim.id}</span>
          <span class="claim-says">{claim.says}</span>
          <span class="small">{claim.tier}{claim.seconds !== null && `, about ${duration(claim.seconds)}`}{claim.data.length > 0 && !claim.data_here && <>, needs <code>{claim.data.join(", ")}</code></>}</span>
        </th>
        <td data-head="in the paper">{rule(claim.paper)}</td>
        <td data-head="measured here">
          {first.map((spec) => {
            const got = result?.criteria.find((c) => c.name === spec.name);
            return (
              <div key={spec.name} class="headline">
                <code>{spec.name}</code>
                <span class="value">{got && <Measured criterion={got} />} <span class="rule">{rule(spec.rule)}</span></span>
              </div>
            );
          })}
          {(more > 0 || claim.criteria.length > 0) && (
            <button type="button" class="link" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              {open ? "Hide the criteria" : `All ${plural(claim.criteria.length, "criterion", "criteria")}`}<span class="unseen"> of {claim.id}</span>
            </button>
          )}
        </td>
        <td data-head="verdict" class="verdict">
          {live ? <LiveState claim={claim} live={live} /> : <Outcome result={result} claim={claim} />}
        </td>
        <td class="act">
          <button type="button" disabled={busy || live !== null} onClick={check} aria-label={`Check ${claim.id}`}>{result && result.verdict !== "not run" ? "Check again" : "Check"}</button>
        </td>
      </tr>
      <tr class="details" id={id} hidden={!open}>
        <td colSpan={5}>{open && <CriteriaTable criteria={claim.criteria} result={result} caption={`Criteria of ${claim.id}`} />}</td>
      </tr>
    </tbody>
  );
}

function LiveState({ claim, live }: { claim: Claim; live: LiveClaim }) {
  return live.state === "waiting" ? <span class="jobstate queued">waiting</span> : <ProgressBar progress={live.progress} label={`Progress of ${claim.id}`} />;
}

function Outcome({ result, claim }: { result: DatedResult | null; claim: Claim }): ComponentChildren {
  if (!result) {
    return (
      <>
        <span class="badge idle">not checked here</span>
        {claim.data.length > 0 && !claim.data_here && <span class="reason">first: <code>offprint data fetch {claim.data[0]}</code></span>}
      </>
    );
  }
  return (
    <>
      <VerdictBadge verdict={result.verdict} />
      {result.reason && <span class="reason">{result.reason}</span>}
      <span class="from"><a href={runUrl(result.run)}>run {result.run}</a>, <time dateTime={result.when} title={result.when}>{ago(result.when)}</time>{result.seed !== 0 && `, seed ${result.seed}`}</span>
    </>
  );
}
