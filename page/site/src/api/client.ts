// Requests to the server: JSON in and out, one kind of error, and hooks that fetch what a view shows.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { server } from "./server";

export const BASE = "/api/v1";

/// An answer that is not a success, or none at all (status 0). `message` is a sentence for the reader.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  let message = "";
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "error" in body && typeof body.error === "string") message = body.error;
  } catch {
    // not JSON: a proxy between us and the server, say
  }
  const retry = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    message || `The server answered ${response.status} ${response.statusText}`.trim() + ".",
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
}

/// One request. `path` starts below /api/v1. Throws ApiError; an aborted request throws what fetch throws.
/// `keepalive`: it reaches the server even if the reader leaves the page at once (bodies up to 64 kB).
export async function request<T>(method: string, path: string, options: { body?: unknown; raw?: Blob; signal?: AbortSignal; keepalive?: boolean } = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  let body: BodyInit | undefined;
  if (options.raw) {
    headers["Content-Type"] = "application/octet-stream";
    body = options.raw;
  } else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(BASE + path, { method, headers, body, signal: options.signal, keepalive: options.keepalive ?? false, credentials: "same-origin" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    server.lost();
    throw new ApiError(0, "The server does not answer; it may have been stopped.");
  }
  server.reached();
  if (response.status === 401 && !path.startsWith("/session")) server.askForToken();
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => request<T>("GET", path, { signal });
export const post = <T>(path: string, body: unknown, keepalive = false) => request<T>("POST", path, { body, keepalive });

/// Query string of the values that are set, "" when none is.
export function query(values: Record<string, string | number | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") out.set(name, String(value));
  }
  const text = out.toString();
  return text === "" ? "" : `?${text}`;
}

// The last answers, so that going back shows a page at once while it is fetched anew.
const KEPT = 40;
const answers = new Map<string, unknown>();

function keep(path: string, value: unknown): void {
  answers.delete(path);
  answers.set(path, value);
  const oldest = answers.keys().next();
  if (answers.size > KEPT && !oldest.done) answers.delete(oldest.value);
}

export interface Answer<T> {
  data: T | null;
  error: ApiError | null;
  /// A request is under way; `data` may be the previous answer.
  loading: boolean;
  reload: () => void;
  /// Changes what is shown without asking the server.
  set: (change: (data: T) => T) => void;
}

/// Fetches `path` (null: nothing), again whenever it changes, and cancels a request that is no longer wanted.
export function useApi<T>(path: string | null): Answer<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null; loading: boolean }>(() => ({
    path,
    data: path === null ? null : ((answers.get(path) as T | undefined) ?? null),
    error: null,
    loading: path !== null,
  }));
  const latest = useRef(path);
  latest.current = path;

  useEffect(() => server.onReturn(() => setRound((n) => n + 1)), []);

  useEffect(() => {
    if (path === null) {
      setState({ path, data: null, error: null, loading: false });
      return;
    }
    const controller = new AbortController();
    setState((old) => ({
      path,
      data: (answers.get(path) as T | undefined) ?? (old.path === path ? old.data : null),
      error: null,
      loading: true,
    }));
    get<T>(path, controller.signal).then(
      (data) => {
        keep(path, data);
        setState({ path, data, error: null, loading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, "The server's answer cannot be read.");
        setState((old) => ({ path, data: old.path === path ? old.data : null, error: known, loading: false }));
      },
    );
    return () => controller.abort();
  }, [path, round]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  const set = useCallback((change: (data: T) => T) => {
    setState((old) => {
      if (old.data === null) return old;
      const data = change(old.data);
      if (old.path !== null) keep(old.path, data);
      return { ...old, data };
    });
  }, []);

  // Between a change of `path` and its effect the old answer must not be shown as the new one's.
  if (state.path !== path) {
    const data = path === null ? null : ((answers.get(path) as T | undefined) ?? null);
    return { data, error: null, loading: path !== null, reload, set };
  }
  return { data: state.data, error: state.error, loading: state.loading, reload, set };
}
