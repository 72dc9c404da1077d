// Pieces that several views use: headings that take the focus, copy buttons, states of loading, error and emptiness.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { moment, ago } from "../format";
import { takeHeadingFocus } from "../router";
import { Check, Copy } from "./icons";

/// The page's one h1. Sets the document's title, and takes the focus when the reader came here by a link.
export function Heading({ title, children, class: name, dir }: { title: string; children?: ComponentChildren; class?: string; dir?: "auto" }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = title === "" ? "Offprint" : `${title} · Offprint`;
  }, [title]);
  useEffect(() => {
    if (takeHeadingFocus()) ref.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={ref} tabIndex={-1} class={name} dir={dir}>
      {children ?? title}
    </h1>
  );
}

/// Names the feed of what is shown in <head>, and takes it out again.
export function useFeed(title: string, query: string): void {
  useEffect(() => {
    const links = (["atom", "json"] as const).map((kind) => {
      const link = document.createElement("link");
      link.rel = "alternate";
      link.type = kind === "atom" ? "application/atom+xml" : "application/feed+json";
      link.title = title;
      link.href = `/feeds/papers.${kind}${query}`;
      document.head.append(link);
      return link;
    });
    return () => links.forEach((link) => link.remove());
  }, [title, query]);
}

export function FeedLinks({ query }: { query: string }) {
  return (
    <>
      <a href={`/feeds/papers.atom${query}`}>Atom</a>
      {" and "}
      <a href={`/feeds/papers.json${query}`}>JSON feed</a>
    </>
  );
}

export function CopyButton({ text, what, label = "Copy" }: { text: string; what: string; label?: string }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = window.setTimeout(() => setState("idle"), 2500);
    return () => window.clearTimeout(timer);
  }, [state]);
  const copy = () =>
    copied(text).then(
      () => setState("done"),
      () => setState("failed"),
    );
  return (
    <button type="button" class="quiet copy" onClick={copy} aria-label={`${label} ${what}`}>
      {state === "done" ? <Check /> : <Copy />}
      <span>{state === "done" ? "Copied" : state === "failed" ? "Select and copy it" : label}</span>
      <span class="unseen" role="status">{state === "done" ? `${what} copied` : ""}</span>
    </button>
  );
}

// The clipboard API wants a secure context; a page served over plain HTTP to another machine has the older way.
async function copied(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

export function CodeBlock({ code, what, children }: { code: string; what: string; children?: ComponentChildren }) {
  return (
    <div class="code-block">
      <pre tabIndex={0} aria-label={what}><code>{children ?? code}</code></pre>
      <CopyButton text={code} what={what} />
    </div>
  );
}

export function When({ iso, relative = false }: { iso: string | null | undefined; relative?: boolean }) {
  if (!iso) return null;
  return <time dateTime={iso} title={iso}>{relative ? ago(iso) : moment(iso)}</time>;
}

export function Loading({ what }: { what: string }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading {what}</span>
      <div class="bone wide" /><div class="bone" /><div class="bone short" />
    </div>
  );
}

/// What a failed request means and what to do about it.
export function Failure({ error, retry, what }: { error: ApiError; retry?: () => void; what: string }) {
  return (
    <div class="notice error" role="alert">
      <p><strong>{error.status === 0 ? `No answer for ${what}.` : `Could not load ${what}.`}</strong> {error.message}</p>
      {error.status === 0 && <p class="small">It is asked again as soon as the server answers. Start it with <code>offprint serve</code>.</p>}
      {error.status === 429 && error.retryAfter !== null && <p class="small">Try again in {error.retryAfter} s.</p>}
      {retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice empty">
      <p><strong>{title}</strong></p>
      {children}
    </div>
  );
}

export function sentence(error: unknown): string {
  return error instanceof ApiError ? error.message : "That did not work; the reason is in the browser's console.";
}
