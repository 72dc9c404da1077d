// Server-sent events. A stream is open only while the page can be seen: browsers allow six connections to a host over
// HTTP/1.1, all tabs together.
import { useEffect, useReducer, useRef, useState } from "preact/hooks";

import { BASE, get } from "./client";
import type { ClaimResult, Job, Progress } from "./types";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/// Opens `path` and calls `listen` for each of the events named; reconnects when the connection breaks, with growing
/// pauses where the browser gives up. Returns what ends it.
function stream(path: string, events: string[], listen: (name: string, data: unknown) => void, connection: (up: boolean) => void): () => void {
  let source: EventSource | null = null;
  let timer: number | undefined;
  let pause = FIRST_RETRY_MS;
  let over = false;

  const close = () => {
    window.clearTimeout(timer);
    source?.close();
    source = null;
  };
  const open = () => {
    close();
    if (over || document.visibilityState === "hidden") return;
    const current = new EventSource(BASE + path);
    source = current;
    let fresh = true;
    current.onopen = () => {
      pause = FIRST_RETRY_MS;
      connection(true);
      if (fresh) listen("open", null); // reconnected by the browser, it goes on after the last event
      fresh = false;
    };
    current.onerror = () => {
      connection(false);
      if (current.readyState !== EventSource.CLOSED || over) return; // the browser tries again by itself
      timer = window.setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_RETRY_MS);
    };
    for (const name of events) {
      current.addEventListener(name, (event) => {
        let data: unknown;
        try {
          data = JSON.parse((event as MessageEvent<string>).data);
        } catch {
          return; // a line cut off by a broken connection
        }
        listen(name, data);
      });
    }
  };
  const visibility = () => (document.visibilityState === "hidden" ? close() : source === null && open());
  document.addEventListener("visibilitychange", visibility);
  open();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", visibility);
    close();
  };
}

export interface LiveJob {
  job: Job;
  /// By claim ("" for an action): the newest progress.
  progress: Record<string, Progress>;
  results: Record<string, ClaimResult>;
  measuring: string | null;
  log: string;
  ended: boolean;
}

const LOG_LIMIT = 200_000; // characters kept: a page must not grow with a run of days

type Happening = { name: string; data: unknown };

function begin(job: Job): LiveJob {
  return { job, progress: {}, results: Object.fromEntries(job.results.map((r) => [r.id, r])), measuring: null, log: "", ended: over(job) };
}

export function over(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

function next(live: LiveJob, { name, data }: Happening): LiveJob {
  switch (name) {
    case "reset":
      return begin(data as Job);
    case "open": // the server tells everything from the start
      return { ...live, log: "" };
    case "state":
      return { ...live, job: data as Job };
    case "measuring":
      return { ...live, measuring: (data as { claim: string }).claim };
    case "progress": {
      const progress = data as Progress;
      return { ...live, progress: { ...live.progress, [progress.claim ?? ""]: progress } };
    }
    case "claim": {
      const { result } = data as { result: ClaimResult };
      return { ...live, results: { ...live.results, [result.id]: result }, measuring: live.measuring === result.id ? null : live.measuring };
    }
    case "log": {
      const log = live.log + (data as { text: string }).text;
      return { ...live, log: log.length > LOG_LIMIT ? log.slice(-LOG_LIMIT) : log };
    }
    case "end":
      return { ...live, job: data as Job, measuring: null, ended: true };
    default:
      return live;
  }
}

/// Follows a job until it ends, where `follow` says so. `connected` is false while the stream is broken.
export function useJob(job: Job, follow: boolean, ended?: (job: Job) => void): LiveJob & { connected: boolean } {
  const [live, dispatch] = useReducer(next, job, begin);
  const [connected, setConnected] = useState(true);
  const whenEnded = useRef(ended);
  whenEnded.current = ended;

  useEffect(() => {
    dispatch({ name: "reset", data: job });
    if (over(job) || !follow) return;
    let stop = () => {};
    const finish = (final: Job) => {
      dispatch({ name: "end", data: final });
      whenEnded.current?.(final);
      stop();
    };
    stop = stream(
      `/jobs/${job.id}/events`,
      ["state", "measuring", "progress", "claim", "log", "end"],
      (name, data) => (name === "end" ? finish(data as Job) : dispatch({ name, data })),
      (up) => {
        setConnected(up);
        // A job may have ended, and even been forgotten, while nobody listened.
        if (!up) get<Job>(`/jobs/${job.id}`).then((now) => over(now) && finish(now), () => {});
      },
    );
    return () => stop();
  }, [job.id, over(job), follow]);

  return { ...live, job: follow && live.job.id === job.id ? live.job : job, connected };
}

/// Jobs that run or wait.
export async function activeJobs(): Promise<Job[]> {
  const [running, queued] = await Promise.all([get<Job[]>("/jobs?state=running"), get<Job[]>("/jobs?state=queued")]);
  return [...running, ...queued];
}

/// Calls `listen` for the events of the whole site while the component is mounted: "job", "catalogue", and "again" when
/// the stream was away for a while (a hidden tab, a broken connection), so that something may have been missed.
const siteListeners = new Set<(name: string, data: unknown) => void>();
let closeSite: (() => void) | null = null;

function openSite(): () => void {
  let opened = false;
  return stream(
    "/events",
    ["job", "catalogue"],
    (name, data) => {
      if (name === "open" && !opened) {
        opened = true;
        return;
      }
      siteListeners.forEach((each) => each(name === "open" ? "again" : name, data));
    },
    () => {},
  );
}

export function useSiteEvents(listen: (name: string, data: unknown) => void): void {
  const latest = useRef(listen);
  latest.current = listen;
  useEffect(() => {
    const mine = (name: string, data: unknown) => latest.current(name, data);
    siteListeners.add(mine);
    closeSite ??= openSite();
    return () => {
      siteListeners.delete(mine);
      if (siteListeners.size === 0) {
        closeSite?.();
        closeSite = null;
      }
    };
  }, []);
}
