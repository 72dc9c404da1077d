// A job as it runs: where it stands, its progress by claim, its log; cancel and resume.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { post } from "../api/client";
import { over, useJob, type LiveJob } from "../api/events";
import type { Job, JobState, Progress } from "../api/types";
import { duration } from "../format";
import { runUrl } from "../router";
import { sentence } from "./common";
import { VerdictBadge } from "./verdict";

const STATE: Record<JobState, string> = {
  queued: "waiting",
  running: "running",
  finished: "finished",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

export function JobStateBadge({ state }: { state: JobState }) {
  return <span class={`jobstate ${state}`}>{STATE[state] ?? state}</span>;
}

export function ProgressBar({ progress, label }: { progress: Progress | null; label: string }) {
  const known = progress !== null && progress.total > 0;
  const share = known ? Math.min(1, progress.done / progress.total) : 0;
  return (
    <div class="progress">
      <div
        class={`bar ${known ? "" : "unknown"}`}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(known ? { "aria-valuenow": Math.round(share * 100) } : {})}
      >
        <i style={{ transform: `scaleX(${known ? share : 0.3})` }} />
      </div>
      {progress && (
        <span class="small">
          {progress.label}
          {known && ` ${Math.floor(share * 100)} %`}
          {typeof progress.remaining === "number" && progress.remaining > 0.5 && `, about ${duration(progress.remaining)} left`}
        </span>
      )}
    </div>
  );
}

export function jobTitle(job: Job): string {
  if (job.kind === "run") return `run ${job.action ?? ""}`.trim();
  if (job.claims.length === 0) return `check all claims up to tier ${job.tier ?? "quick"}`;
  return `check ${job.claims.join(", ")}`;
}

function JobActions({ job, changed }: { job: Job; changed: (job: Job) => void }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const act = (what: "cancel" | "resume") => {
    setBusy(true);
    setProblem("");
    post<Job>(`/jobs/${job.id}/${what}`, {}).then(
      (now) => {
        setBusy(false);
        changed(now);
      },
      (error: unknown) => {
        setBusy(false);
        setProblem(sentence(error));
      },
    );
  };
  const resumable = job.run !== null && (job.state === "interrupted" || job.state === "cancelled" || job.state === "failed");
  return (
    <span class="actions">
      {!over(job) && <button type="button" disabled={busy} onClick={() => act("cancel")} aria-label={`Cancel job ${job.id}`}>Cancel</button>}
      {resumable && <button type="button" disabled={busy} onClick={() => act("resume")} aria-label={`Resume job ${job.id}`}>Resume</button>}
      {problem !== "" && <span class="problem" role="alert">{problem}</span>}
    </span>
  );
}

function announcement(live: LiveJob): string {
  const { job } = live;
  if (job.state === "queued") return "The job waits in the queue.";
  if (!over(job)) return live.measuring ? `Measuring ${live.measuring}.` : "The job is running.";
  const results = Object.values(live.results);
  if (job.state === "finished" && results.length > 0) return `Finished: ${results.map((r) => `${r.id} ${r.verdict}`).join(", ")}.`;
  return `The job ${job.state === "finished" ? "has finished" : `is ${STATE[job.state]}`}.`;
}

interface Shown {
  job: Job;
  /// Called once when the job has ended, and when it was cancelled or resumed here.
  changed: (job: Job) => void;
  /// Shown with each message of the stream, for what stands elsewhere on the page.
  observe?: (live: LiveJob) => ComponentChildren;
  where?: ComponentChildren;
  /// Whether to open the job's own stream; else `job` is all that is known.
  follow?: boolean;
}

export function JobPanel({ job: given, changed, observe, where, follow = true }: Shown) {
  const live = useJob(given, follow, changed);
  const { job } = live;
  const active = !over(job);
  const current = live.measuring ?? (job.kind === "run" ? "" : null);
  const progress = (current !== null ? live.progress[current] : undefined) ?? job.progress;
  const results = Object.values(live.results);
  return (
    <section class={`job ${job.state}`} aria-label={`Job ${job.id}: ${jobTitle(job)}`}>
      <header>
        <JobStateBadge state={job.state} />
        <strong>{where}{jobTitle(job)}</strong>
        {job.state === "queued" && job.position !== null && job.position > 0 && <span class="small">place {job.position} in the queue</span>}
        {job.run !== null && <a href={runUrl(job.run)}>run {job.run}</a>}
        <JobActions job={job} changed={changed} />
      </header>
      {active && job.state === "running" && <ProgressBar progress={progress} label={`Progress of job ${job.id}`} />}
      {results.length > 0 && (
        <ul class="outcomes">
          {results.map((r) => <li key={r.id}>{r.id} <VerdictBadge verdict={r.verdict} />{r.reason && <span class="small"> {r.reason}</span>}</li>)}
        </ul>
      )}
      {job.error && <p class="problem">{job.error}</p>}
      {!live.connected && active && <p class="small">The connection is lost; it is opened again by itself.</p>}
      {live.log !== "" && (
        <details class="log">
          <summary>Log</summary>
          <pre tabIndex={0} aria-label="Log of the job">{live.log}</pre>
        </details>
      )}
      <p class="unseen" role="status">{announcement(live)}</p>
      {observe?.(live)}
    </section>
  );
}
