// A list of runs; two of a paper can be chosen and compared.
import { useState } from "preact/hooks";

import type { RunSummary } from "../api/types";
import { duration } from "../format";
import { navigate, paperUrl, runUrl } from "../router";
import { When } from "./common";
import { VerdictStrip, verdictSentence } from "./verdict";

export function RunStatusBadge({ status }: { status: RunSummary["status"] }) {
  return <span class={`jobstate ${status}`}>{status}</span>;
}

export function runTitle(run: { kind: string; action: string | null; tier?: string | null; claims?: string[] }): string {
  if (run.kind === "run") return run.action ?? "run";
  if (run.claims && run.claims.length > 0 && run.claims.length <= 4) return `check ${run.claims.join(", ")}`;
  return `check${run.tier ? ` (${run.tier})` : ""}`;
}

export function RunsTable({ runs, withPaper = false, compare = false }: { runs: RunSummary[]; withPaper?: boolean; compare?: boolean }) {
  const [chosen, setChosen] = useState<number[]>([]);
  const toggle = (id: number) => setChosen((old) => (old.includes(id) ? old.filter((x) => x !== id) : [...old, id].slice(-2)));
  const both = [...chosen].sort((a, b) => a - b);
  const comparable = compare && runs.length > 1;
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Runs">
        <table class="runs">
          <caption class="unseen">Runs on this machine, newest first</caption>
          <thead>
            <tr>
              {comparable && <th scope="col"><span class="unseen">compare</span></th>}
              <th scope="col">run</th>
              {withPaper && <th scope="col">paper</th>}
              <th scope="col">what</th><th scope="col">result</th><th scope="col">started</th><th scope="col" class="num">took</th><th scope="col" class="num">seed</th><th scope="col">build</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                {comparable && <td><input type="checkbox" aria-label={`Compare run ${run.id}`} checked={chosen.includes(run.id)} onChange={() => toggle(run.id)} /></td>}
                <th scope="row"><a href={runUrl(run.id)}>{run.id}</a></th>
                {withPaper && <td><a href={paperUrl(run.paper)}>{run.paper}</a></td>}
                <td>{runTitle(run)}</td>
                <td>
                  {run.status !== "finished" && <RunStatusBadge status={run.status} />}
                  {run.status === "finished" && (run.verdicts && run.verdicts.total > 0 ? <span class="verdicts-short" title={verdictSentence(run.verdicts)}><VerdictStrip verdicts={run.verdicts} /> {run.verdicts.holds} of {run.verdicts.total} hold</span> : "finished")}
                  {run.error && <span class="reason">{run.error}</span>}
                </td>
                <td class="nowrap"><When iso={run.started} /></td>
                <td class="num">{duration(run.seconds)}</td>
                <td class="num">{run.seed}</td>
                <td><code>{run.commit?.slice(0, 12) ?? ""}</code></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {comparable && (
        <p class="compare-bar">
          <button type="button" disabled={both.length !== 2} onClick={() => navigate(`/compare?a=${both[0]}&b=${both[1]}`)}>
            {both.length === 2 ? `Compare run ${both[0]} with run ${both[1]}` : "Choose two runs to compare"}
          </button>
        </p>
      )}
    </>
  );
}
