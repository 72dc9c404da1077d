// Search: the box is in the header; here are the results of the address, as they come.
import { useEffect, useRef, useState } from "preact/hooks";

import { query, useApi } from "../api/client";
import type { SearchPage as Answer } from "../api/types";
import { Empty, Failure, FeedLinks, Heading, useFeed } from "../components/common";
import { PaperItem } from "../components/paper-item";
import { number, plural } from "../format";
import { focusPaper, useKeys } from "../keys";
import { navigate, withQuery, type Place } from "../router";

const PAGE = 20;
const STATUSES: [string, string][] = [["", "All"], ["ready", "Run here"], ["planned", "Planned"], ["feed", "From feeds"]];
const EXAMPLES = ["koopman operator", "hessian spectrum", "diffusion model", "flat minima", "spectral measures with error bounds"];

function found(by_keyword: unknown, by_meaning: unknown): string {
  const words = by_keyword !== null && by_keyword !== false && by_keyword !== undefined;
  const meaning = by_meaning !== null && by_meaning !== false && by_meaning !== undefined;
  return words && meaning ? "" : words ? "by words" : meaning ? "by meaning" : "";
}

export function SearchPage({ place }: { place: Place }) {
  const q = place.query.get("q") ?? "";
  const category = place.query.get("category") ?? "";
  const status = place.query.get("status") ?? "";
  const offset = Math.max(0, Number(place.query.get("offset")) || 0);
  const search = useApi<Answer>(q.trim() === "" ? null : `/search${query({ q, category, status, offset, limit: PAGE })}`);
  const last = useRef<Answer | null>(null);
  if (search.data) last.current = search.data;
  if (q.trim() === "") last.current = null;
  // While a new query is under way the previous results stay, dimmed, instead of a flash of nothing.
  const shown = search.data ?? (search.loading ? last.current : null);
  const stale = search.data === null && search.loading;
  useKeys({ j: () => focusPaper(1), k: () => focusPaper(-1), ArrowDown: () => focusPaper(1), ArrowUp: () => focusPaper(-1) });
  const feed = query({ q, category, status });
  useFeed(`Offprint: search for ${q}`, q === "" ? "" : feed);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    if (!search.data) return;
    const timer = window.setTimeout(() => setSpoken(`${plural(search.data!.total, "paper")} found`), 600);
    return () => window.clearTimeout(timer);
  }, [search.data]);

  return (
    <div class="narrow wide results">
      <Heading title={q === "" ? "Search" : `Search: ${q}`}>{q === "" ? "Search" : <>Papers on <q dir="auto">{q}</q></>}</Heading>
      <p class="unseen" role="status">{spoken}</p>
      {q.trim() === "" ? (
        <Empty title="Write a few words into the box above.">
          <p>Papers are found by the words in them and by what they are about. For example: {EXAMPLES.map((e, i) => <>{i > 0 && ", "}<a href={`/search?q=${encodeURIComponent(e)}`}>{e}</a></>)}.</p>
          <p class="small"><kbd>/</kbd> goes to the box, <kbd>↓</kbd> and <kbd>↑</kbd> through the results.</p>
        </Empty>
      ) : (
        <>
          <div class="filters">
            <nav aria-label="Which papers" class="tabs">
              {STATUSES.map(([value, label]) => (
                <a key={value} href={withQuery(place, { status: value, offset: null })} aria-current={value === status ? "true" : undefined}>{label}</a>
              ))}
            </nav>
            {shown && <p class="small">{plural(shown.total, "paper")}, {shown.milliseconds < 1 ? "under 1" : number(Math.round(shown.milliseconds))} ms{category !== "" && <> in {category} <a href={withQuery(place, { category: null })}>all categories</a></>}</p>}
            <p class="small options"><span>This search as <FeedLinks query={feed} />, or <a href={`/subscribe${query({ search: q, category })}`}>by e-mail</a></span></p>
          </div>
          {search.error && <Failure error={search.error} retry={search.reload} what="the results" />}
          {shown && shown.hits.length === 0 && !stale && (
            <Empty title="No paper fits.">
              <p>Try fewer or more general words{status !== "" || category !== "" ? <>, or <a href={withQuery(place, { status: null, category: null })}>search all papers</a></> : null}. More papers come with <code>offprint feed pull</code>.</p>
            </Empty>
          )}
          {shown && shown.hits.length > 0 && (
            <ol class={`papers ${stale ? "stale" : ""}`} start={offset + 1}>
              {shown.hits.map((hit) => (
                <li key={hit.paper.key}><PaperItem paper={hit.paper} title={hit.title} snippet={hit.snippet} note={found(hit.by_keyword, hit.by_meaning)} showDay /></li>
              ))}
            </ol>
          )}
          {shown && shown.total > PAGE && (
            <nav class="more" aria-label="Pages of results">
              {offset > 0 && <button type="button" onClick={() => { navigate(withQuery(place, { offset: String(Math.max(0, offset - PAGE)) })); window.scrollTo(0, 0); }}>Previous {PAGE}</button>}
              <span class="small">{number(offset + 1)} to {number(Math.min(shown.total, offset + shown.hits.length))} of {number(shown.total)}</span>
              {offset + shown.hits.length < shown.total && <button type="button" onClick={() => { navigate(withQuery(place, { offset: String(offset + PAGE) })); window.scrollTo(0, 0); }}>Next {PAGE}</button>}
            </nav>
          )}
        </>
      )}
    </div>
  );
}
