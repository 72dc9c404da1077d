// The front page: the papers of a day, week or month, what is trending, the categories.
import { useEffect, useState } from "preact/hooks";

import { get, query, useApi } from "../api/client";
import { useSiteEvents } from "../api/events";
import type { Health, PaperPage, PaperSummary, Span, Trend } from "../api/types";
import { Empty, Failure, FeedLinks, Heading, Loading, sentence, useFeed } from "../components/common";
import { Left, Right } from "../components/icons";
import { PaperList } from "../components/paper-item";
import { VerdictStrip } from "../components/verdict";
import { isDay, shortDay, spanTitle } from "../dates";
import { categoryName, number, plural } from "../format";
import { focusPaper, useKeys } from "../keys";
import { navigate, paperUrl, withQuery, type Place } from "../router";
import { NotFound } from "./not-found";

const PAGE = 60;
const SPANS: [Span, string][] = [["day", "Day"], ["week", "Week"], ["month", "Month"]];
const STATUSES: [string, string][] = [["", "All"], ["ready", "Run here"], ["planned", "Planned"], ["feed", "From feeds"]];

interface Shown {
  place: Place;
  span: Span;
  date: string | null;
  health: Health | null;
}

export function FrontPage(props: Shown) {
  return props.date !== null && !isDay(props.date) ? <NotFound /> : <Day {...props} />;
}

function Day({ place, span, date, health }: Shown) {
  const category = place.query.get("category") ?? "";
  const status = place.query.get("status") ?? "";
  const order = place.query.get("order") ?? "";
  const compact = place.query.get("view") === "compact";
  const path = `/papers${query({ date, span, category, status, order, limit: PAGE })}`;
  const page = useApi<PaperPage>(path);
  const [more, setMore] = useState<{ path: string; papers: PaperSummary[]; state: "idle" | "loading"; problem: string }>({ path, papers: [], state: "idle", problem: "" });
  const extra = more.path === path ? more : { path, papers: [], state: "idle" as const, problem: "" };
  useSiteEvents((name) => {
    if (name === "catalogue" || name === "again") page.reload();
  });

  const day = page.data?.date ?? date;
  const target = (to: string | null, newSpan: Span = span) =>
    withQuery({ path: to === null ? "/" : `/${newSpan}/${to}`, query: place.query }, {});
  const step = (to: string | null | undefined) => to && navigate(target(to), { keepFocus: true });
  useKeys({
    ArrowLeft: () => step(page.data?.previous),
    ArrowRight: () => step(page.data?.next),
    d: () => day && navigate(target(day, "day"), { keepFocus: true }),
    w: () => day && navigate(target(day, "week"), { keepFocus: true }),
    m: () => day && navigate(target(day, "month"), { keepFocus: true }),
    t: () => navigate("/", { keepFocus: true }),
    j: () => focusPaper(1),
    k: () => focusPaper(-1),
  });

  const feed = query({ category, status });
  useFeed(category === "" && status === "" ? "" : `Offprint: ${category || status}`, feed);

  const title = day ? spanTitle(span, day, page.data?.from ?? null) : "Today's papers";
  const listed = page.data ? [...page.data.papers, ...extra.papers] : [];
  const left = page.data ? page.data.total - listed.length : 0;
  const loadMore = () => {
    setMore({ ...extra, state: "loading", problem: "" });
    get<PaperPage>(`/papers${query({ date: day, span, category, status, order, limit: PAGE, offset: listed.length })}`).then(
      (next) => setMore({ path, papers: [...extra.papers, ...next.papers], state: "idle", problem: "" }),
      (error: unknown) => setMore({ ...extra, state: "idle", problem: sentence(error) }),
    );
  };

  return (
    <div class="front">
      <div class="front-main">
        <div class="day-head">
          <div>
            <p class="kicker">{span === "day" ? "Papers of the day" : span === "week" ? "Papers of the week" : "Papers of the month"}</p>
            <Heading title={title} />
          </div>
          <div class="day-nav">
            <nav aria-label="Earlier and later" class="pager">
              <DateLink to={page.data?.previous ?? null} href={target(page.data?.previous ?? null)} label={`Earlier: ${span} with papers`}><Left /></DateLink>
              <DatePicker day={day} go={(to) => navigate(target(to), { keepFocus: true })} />
              <DateLink to={page.data?.next ?? null} href={target(page.data?.next ?? null)} label={`Later: ${span} with papers`}><Right /></DateLink>
            </nav>
            <nav aria-label="Span" class="segments">
              {SPANS.map(([name, label]) => (
                <a key={name} href={day ? target(day, name) : "/"} aria-current={name === span ? "true" : undefined}>{label}</a>
              ))}
            </nav>
          </div>
        </div>
        {span === "day" && day && <Days day={day} href={(to) => target(to)} />}
        <div class="filters">
          <nav aria-label="Which papers" class="tabs">
            {STATUSES.map(([value, label]) => (
              <a key={value} href={withQuery(place, { status: value })} aria-current={value === status ? "true" : undefined}>{label}</a>
            ))}
          </nav>
          <p class="small" role="status">
            {page.data && plural(page.data.total, "paper")}
            {category !== "" && <> in <strong>{categoryName(category) ?? category}</strong> <a href={withQuery(place, { category: null })}>all categories</a></>}
          </p>
          <p class="small options">
            <a href={withQuery(place, { order: order === "upvotes" ? null : "upvotes" })}>{order === "upvotes" ? "In listed order" : "Most upvoted first"}</a>
            <a href={withQuery(place, { view: compact ? null : "compact" })}>{compact ? "With summaries" : "Titles only"}</a>
          </p>
        </div>
        {page.error && <Failure error={page.error} retry={page.reload} what="the papers" />}
        {!page.data && page.loading && <Loading what="the papers" />}
        {page.data && listed.length === 0 && <NoPapers filtered={category !== "" || status !== ""} place={place} page={page.data} span={span} />}
        {listed.length > 0 && <PaperList papers={listed} compact={compact} showDay={span !== "day"} />}
        {left > 0 && (
          <p class="more">
            <button type="button" disabled={extra.state === "loading"} onClick={loadMore}>
              {extra.state === "loading" ? "Loading" : `Show ${number(Math.min(PAGE, left))} more of ${number(left)}`}
            </button>
            {extra.problem !== "" && <span class="problem" role="alert">{extra.problem}</span>}
          </p>
        )}
      </div>
      <aside class="front-side" aria-label="Trending and categories">
        <OnThisMachine health={health} />
        <Trending />
        <Categories place={place} selected={category} />
        <section>
          <h2>Follow</h2>
          <p class="small">
            {category || status ? "This view as " : "All papers as "}<FeedLinks query={feed} />
            {health?.mail !== false && <>, or <a href={`/subscribe${query({ category })}`}>by e-mail</a></>}.
            {" "}<a href="/edition">Today's edition</a> has everything checked on this machine on one page.
          </p>
        </section>
      </aside>
    </div>
  );
}

const DAYS_SHOWN = 16;

/// The days around the one that is shown, a bar as high as the day has papers.
function Days({ day, href }: { day: string; href: (day: string) => string }) {
  const days = useApi<{ date: string; papers: number }[]>("/days");
  if (!days.data || days.data.length < 3) return null;
  const sorted = [...days.data].sort((a, b) => a.date.localeCompare(b.date));
  const at = sorted.findLastIndex((d) => d.date <= day);
  const end = Math.min(sorted.length, Math.max(DAYS_SHOWN, at + 4));
  const shown = sorted.slice(Math.max(0, end - DAYS_SHOWN), end);
  const most = Math.max(...shown.map((d) => d.papers));
  return (
    <nav aria-label="Days around it" class="days">
      <ul>
        {shown.map((d) => (
          <li key={d.date}>
            <a href={href(d.date)} aria-current={d.date === day ? "date" : undefined} aria-label={`${shortDay(d.date)}, ${plural(d.papers, "paper")}`} title={`${shortDay(d.date)}: ${plural(d.papers, "paper")}`}>
              <i style={{ height: `${Math.max(8, Math.round(100 * Math.sqrt(d.papers / most)))}%` }} />
              <span aria-hidden="true">{Number(d.date.slice(8))}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function DateLink({ to, href, label, children }: { to: string | null; href: string; label: string; children: preact.ComponentChildren }) {
  if (to === null) return <span class="button off" aria-hidden="true">{children}</span>;
  return <a class="button" href={href} aria-label={`${label} (${shortDay(to)})`} title={shortDay(to)}>{children}</a>;
}

function DatePicker({ day, go }: { day: string | null; go: (day: string) => void }) {
  return (
    <>
      <label class="unseen" for="day">Go to the day</label>
      <input id="day" type="date" value={day ?? ""} onChange={(event) => isDay(event.currentTarget.value) && go(event.currentTarget.value)} />
    </>
  );
}

function NoPapers({ filtered, place, page, span }: { filtered: boolean; place: Place; page: PaperPage; span: Span }) {
  if (filtered) {
    return (
      <Empty title="No paper of this kind here.">
        <p><a href={withQuery(place, { category: null, status: null })}>Show all papers of this {span}</a></p>
      </Empty>
    );
  }
  const near = [page.previous, page.next].filter((d): d is string => d !== null);
  return (
    <Empty title={`No papers were listed on this ${span}.`}>
      {near.length > 0 && <p>The nearest: {near.map((d, i) => <>{i > 0 && " and "}<a href={`/${span}/${d}`}>{shortDay(d)}</a></>)}.</p>}
      <p class="small">New papers come with <code>offprint feed pull</code>.</p>
    </Empty>
  );
}

function OnThisMachine({ health }: { health: Health | null }) {
  const ready = useApi<PaperPage>(`/papers${query({ span: "all", status: "ready", limit: 100 })}`);
  useSiteEvents((name, data) => {
    if (name === "catalogue" || (name === "job" && (data as { state: string }).state === "finished")) ready.reload();
  });
  if (!ready.data || ready.data.papers.length === 0) return null;
  const sum = ready.data.papers.reduce(
    (all, { verdicts: v }) => (v === null ? all : { total: all.total + v.total, holds: all.holds + v.holds, falls_short: all.falls_short + v.falls_short, inconclusive: all.inconclusive + v.inconclusive, not_run: all.not_run + v.not_run }),
    { total: 0, holds: 0, falls_short: 0, inconclusive: 0, not_run: 0 },
  );
  return (
    <section class="machine">
      <h2>On this machine</h2>
      <p class="figure-line"><b>{sum.holds}</b> of {plural(sum.total, "claim")} {sum.holds === 1 ? "holds" : "hold"}</p>
      <div class="ratio" aria-hidden="true">
        {([["holds", sum.holds], ["short", sum.falls_short], ["unsure", sum.inconclusive], ["idle", sum.not_run]] as const).map(([kind, n]) => n > 0 && <i key={kind} class={kind} style={{ flexGrow: n }} />)}
      </div>
      <p class="small">
        {sum.falls_short} fall short, {sum.inconclusive} inconclusive, {sum.not_run} not run; {plural(ready.data.total, "paper")} of {number(health?.papers ?? null)} run here.
      </p>
      <ul class="machine-papers">
        {ready.data.papers.slice(0, 8).map((p) => (
          <li key={p.key}><a href={`${paperUrl(p.key)}#claims`} dir="auto">{p.slug ?? p.title}</a>{p.verdicts && <><VerdictStrip verdicts={p.verdicts} /><span class="unseen">{p.verdicts.holds} of {p.verdicts.total} hold</span></>}</li>
        ))}
      </ul>
    </section>
  );
}

function Trending() {
  const trending = useApi<Trend[]>("/trending?limit=7");
  if (trending.error || (trending.data && trending.data.length === 0)) return null;
  return (
    <section>
      <h2>Trending</h2>
      {!trending.data ? <Loading what="what is trending" /> : (
        <ol class="trending">
          {trending.data.map(({ paper, from_votes, from_verdicts }) => (
            <li key={paper.key}>
              <a href={paperUrl(paper.key)} dir="auto">{paper.title}</a>
              <span class="small">
                {plural(paper.upvotes, "vote")}
                {from_verdicts > from_votes && ", fresh verdicts"}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

const FEW = 14;

function Categories({ place, selected }: { place: Place; selected: string }) {
  const categories = useApi<{ name: string; papers: number }[]>("/categories");
  const [all, setAll] = useState(false);
  useEffect(() => setAll(false), [selected]);
  if (categories.error || (categories.data && categories.data.length === 0)) return null;
  const shown = categories.data ? (all ? categories.data : categories.data.slice(0, FEW)) : [];
  return (
    <section>
      <h2>Categories</h2>
      <ul class="categories">
        {shown.map(({ name, papers }) => (
          <li key={name}>
            <a href={withQuery(place, { category: name === selected ? null : name })} aria-current={name === selected ? "true" : undefined} title={categoryName(name) ?? undefined}>
              <span dir="auto">{name}</span> <span class="n">{number(papers)}</span>
            </a>
          </li>
        ))}
      </ul>
      {categories.data && categories.data.length > FEW && <button type="button" class="link" onClick={() => setAll(!all)} aria-expanded={all}>{all ? "Fewer" : `All ${categories.data.length}`}</button>}
    </section>
  );
}
