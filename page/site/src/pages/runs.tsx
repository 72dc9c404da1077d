// The run record.
import { query, useApi } from "../api/client";
import { useSiteEvents } from "../api/events";
import type { RunSummary } from "../api/types";
import { Empty, Failure, Heading, Loading } from "../components/common";
import { RunsTable } from "../components/runs-table";
import { number, plural } from "../format";
import { withQuery, type Place } from "../router";

const PAGE = 50;
const STATUSES = ["", "running", "finished", "failed", "interrupted"];

export function RunsPage({ place }: { place: Place }) {
  const status = place.query.get("status") ?? "";
  const paper = place.query.get("paper") ?? "";
  const offset = Math.max(0, Number(place.query.get("offset")) || 0);
  const page = useApi<{ runs: RunSummary[]; total: number }>(`/runs${query({ paper, status, offset, limit: PAGE })}`);
  useSiteEvents((name, data) => {
    if (name === "again") page.reload();
    if (name === "job" && (data as { state: string }).state !== "queued" && !(data as { progress: unknown }).progress) page.reload();
  });
  return (
    <div class="narrow wide">
      <Heading title="Runs">Runs on this machine</Heading>
      <div class="filters">
        <nav aria-label="Which runs" class="tabs">
          {STATUSES.map((s) => <a key={s} href={withQuery(place, { status: s, offset: null })} aria-current={s === status ? "true" : undefined}>{s === "" ? "All" : s[0]!.toUpperCase() + s.slice(1)}</a>)}
        </nav>
        {page.data && <p class="small">{plural(page.data.total, "run")}{paper !== "" && <> of {paper} <a href={withQuery(place, { paper: null })}>of all papers</a></>}</p>}
      </div>
      {page.error && <Failure error={page.error} retry={page.reload} what="the runs" />}
      {!page.data && page.loading && <Loading what="the runs" />}
      {page.data && page.data.runs.length === 0 && (
        <Empty title={status === "" ? "Nothing was run here yet." : `No run is ${status}.`}>
          <p>Open <a href="/?status=ready">a paper that runs here</a> and check one of its claims, or write <code>offprint check sgd-stability</code> in a terminal.</p>
        </Empty>
      )}
      {page.data && page.data.runs.length > 0 && <RunsTable runs={page.data.runs} withPaper compare />}
      {page.data && page.data.total > PAGE && (
        <nav class="more" aria-label="Pages of runs">
          {offset > 0 && <a class="button" href={withQuery(place, { offset: String(Math.max(0, offset - PAGE)) })}>Newer</a>}
          <span class="small">{number(offset + 1)} to {number(offset + page.data.runs.length)} of {number(page.data.total)}</span>
          {offset + page.data.runs.length < page.data.total && <a class="button" href={withQuery(place, { offset: String(offset + PAGE) })}>Older</a>}
        </nav>
      )}
    </div>
  );
}
