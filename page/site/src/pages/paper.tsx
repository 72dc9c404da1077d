// A paper: what it says, which of its claims hold here, its figures, its method on one's own data, its history.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { get, post, useApi } from "../api/client";
import { activeJobs, over, type LiveJob, useSiteEvents } from "../api/events";
import type { Claim, DatedResult, FigureRef, Health, Job, Paper, PaperSummary, Run, Tier, Verdicts } from "../api/types";
import { checkCommand } from "../command-line";
import { ClaimsTable, type LiveClaim } from "../components/claims";
import { CodeBlock, CopyButton, Empty, Failure, Heading, Loading, sentence } from "../components/common";
import { Figure } from "../components/figure";
import { JobPanel } from "../components/job-panel";
import { Markdown } from "../components/markdown";
import { ArxivLink, StatusBadge, Vote } from "../components/paper-item";
import { RunForm } from "../components/run-form";
import { RunsTable } from "../components/runs-table";
import { Tally } from "../components/verdict";
import { categoryName, duration, people, plural, webAddress } from "../format";
import { shortDay } from "../dates";
import { paperUrl } from "../router";
import { seedError } from "../validate";
import { NotFound } from "./not-found";

const MOST_FIGURES = 24;

export function PaperPage({ paperKey, health }: { paperKey: string; health: Health | null }) {
  const path = `/papers/${encodeURIComponent(paperKey)}`;
  const paper = useApi<Paper>(path);
  // From another page's link to a section of this one.
  useEffect(() => {
    if (paper.data && window.location.hash !== "") document.getElementById(decodeURIComponent(window.location.hash.slice(1)))?.scrollIntoView();
  }, [paper.data === null]);
  if (paper.error?.status === 404) return <NotFound what="There is no such paper" />;
  if (!paper.data) return <div class="narrow">{paper.error ? <><Heading title="Paper" /><Failure error={paper.error} retry={paper.reload} what="the paper" /></> : <Loading what="the paper" />}</div>;
  return <Content paper={paper.data} reload={paper.reload} health={health} />;
}

interface Shown {
  paper: Paper;
  reload: () => void;
  health: Health | null;
}

function tally(claims: Claim[]): Verdicts {
  const count = (verdict: string) => claims.filter((c) => c.result?.verdict === verdict).length;
  const [holds, short, unsure] = [count("holds"), count("falls short"), count("inconclusive")];
  return { total: claims.length, holds, falls_short: short, inconclusive: unsure, not_run: claims.length - holds - short - unsure };
}

function Content({ paper, reload, health }: Shown) {
  const slug = paper.slug;
  const jobs = useJobsOf(paper);
  const active = jobs.list.filter((job) => !over(job));
  const checks = jobs.list.filter((job) => job.kind === "check");
  const runs = jobs.list.filter((job) => job.kind === "run");
  const [live, setLive] = useState<Record<number, LiveJob>>({});
  const [seed, setSeed] = useState("0");
  const sections: [string, string][] = [
    ...(paper.claims.length > 0 ? [["claims", "Claims"] as [string, string]] : []),
    ...(paper.claims.some((c) => c.result) || paper.runs.length > 0 ? [["figures", "Figures"] as [string, string]] : []),
    ...(paper.actions.length > 0 ? [["your-data", "Your data"] as [string, string]] : []),
    ...(paper.cpp ? [["cpp", "C++"] as [string, string]] : []),
    ...(paper.readme ? [["reading", "How to read it"] as [string, string]] : []),
    ...(paper.runs.length > 0 ? [["history", "History"] as [string, string]] : []),
    ["related", "Related"],
  ];

  const liveClaims = useMemo(() => {
    const out: Record<string, LiveClaim> = {};
    for (const job of checks.filter((j) => !over(j))) {
      const seen = live[job.id];
      const asked = job.claims.length > 0 ? job.claims : paper.claims.filter((c) => upTo(c.tier, job.tier ?? "quick")).map((c) => c.id);
      for (const id of asked) {
        if (seen?.results[id]) continue;
        const measuring = seen?.measuring === id;
        out[id] = { state: measuring ? "measuring" : "waiting", progress: seen?.progress[id] ?? null };
      }
    }
    return out;
  }, [checks, live, paper.claims]);

  const ended = (job: Job) => {
    jobs.update(job);
    if (over(job)) reload();
  };
  const observe = (now: LiveJob) => <Observer live={now} tell={(value) => setLive((old) => ({ ...old, [value.job.id]: value }))} />;
  // A claim that was just measured shows its verdict at once, before the paper is fetched anew.
  const claims = paper.claims.map((claim) => {
    const fresh = active.map((job) => ({ job, result: live[job.id]?.results[claim.id] })).find((f) => f.result);
    if (!fresh?.result) return claim;
    const result: DatedResult = { ...fresh.result, run: fresh.job.run ?? live[fresh.job.id]?.job.run ?? 0, when: new Date().toISOString(), commit: "", seed: fresh.job.seed ?? 0 };
    return result.run === 0 ? claim : { ...claim, result };
  });

  return (
    <article class="paper-page">
      <header class="paper-head">
        <div class="paper-title">
          <p class="kicker"><StatusBadge status={paper.status} /> {paper.categories.map((c) => <a key={c} class="category" href={`/?category=${encodeURIComponent(c)}`} title={categoryName(c) ?? undefined}>{c}</a>)}</p>
          <Heading title={paper.title} dir="auto" />
          <p class="authors" dir="auto">{people(paper.authors, 30)}</p>
          <p class="small">
            {paper.year !== null && paper.year > 0 && paper.year}
            {paper.venue && <>, {paper.venue}</>}
            {paper.listed && <>, listed <a href={`/day/${paper.listed}`}>{shortDay(paper.listed)}</a></>}
          </p>
        </div>
        <Vote paper={paper} large />
      </header>
      <nav class="sections" aria-label="On this page"><ul>{sections.map(([id, label]) => <li key={id}><a href={`#${id}`}>{label}</a></li>)}</ul></nav>
      <div class="paper-columns">
        <div class="paper-main">
          <section aria-label="Summary" class="lead">
            {paper.summary_markdown ? <Markdown text={paper.summary_markdown} level={3} /> : <p class="prose" dir="auto">{paper.summary}</p>}
            {paper.abstract && <details class="abstract" open={!paper.summary_markdown}><summary>Abstract of the authors</summary><Markdown text={paper.abstract} level={4} /></details>}
            {paper.status === "planned" && <p class="notice quiet">Its method is not implemented yet. It is planned as a part of Offprint; vote for it to say that you are waiting.</p>}
            {paper.status === "feed" && <p class="notice quiet">This paper comes from a feed. Offprint has no implementation of its method. The related papers below may run here.</p>}
          </section>

          {paper.claims.length > 0 && slug !== null && (
            <section aria-labelledby="claims" class="claims-section">
              <h2 id="claims">Which claims hold on this machine</h2>
              <Tally verdicts={tally(claims)} />
              <CheckAll slug={slug} claims={claims} seed={seed} setSeed={setSeed} busy={checks.some((j) => !over(j))} started={jobs.update} />
              {checks.map((job) => <JobPanel key={job.id} job={job} changed={ended} observe={observe} />)}
              <ClaimsTable claims={claims} live={liveClaims} busy={false} check={(claim) => void jobs.start({ kind: "check", paper: slug, claims: [claim.id], tier: claim.tier, seed: seedError(seed) === null ? Number(seed) : 0 })} />
              {jobs.problem !== "" && <p class="problem" role="alert">{jobs.problem}</p>}
              <p class="small">Each rule is written before the run, in the paper's card. <a href="/about">What the verdicts mean</a>.</p>
            </section>
          )}

          <Figures paper={paper} />

          {paper.actions.length > 0 && slug !== null && (
            <section aria-labelledby="your-data">
              <h2 id="your-data">Run it on your own data</h2>
              <Actions slug={slug} paper={paper} health={health} started={jobs.update} />
              {runs.map((job) => <JobPanel key={job.id} job={job} changed={ended} />)}
            </section>
          )}

          {paper.cpp && (
            <section aria-labelledby="cpp">
              <h2 id="cpp">The same from C++</h2>
              <CodeBlock code={paper.cpp} what="the C++ code" />
              {paper.install && <div class="install"><p class="label">In your CMakeLists.txt</p><CodeBlock code={paper.install} what="the CMake lines" /></div>}
            </section>
          )}

          {paper.readme && (
            <section aria-labelledby="reading">
              <h2 id="reading">How to read the results</h2>
              <Readme paper={paper} />
            </section>
          )}

          {paper.runs.length > 0 && (
            <section aria-labelledby="history">
              <h2 id="history">History on this machine</h2>
              <RunsTable runs={paper.runs} compare />
            </section>
          )}
        </div>
        <aside class="paper-side" aria-label="Links and related papers">
          <Links paper={paper} />
          <Related paper={paper} />
        </aside>
      </div>
    </article>
  );
}

// Tells the page what a panel's stream said, after it was drawn.
function Observer({ live, tell }: { live: LiveJob; tell: (live: LiveJob) => void }) {
  useEffect(() => tell(live), [live.measuring, live.results, live.progress, live.job]);
  return null;
}

const TIERS: Tier[] = ["quick", "full", "gpu"];
const upTo = (tier: Tier, most: Tier) => TIERS.indexOf(tier) <= TIERS.indexOf(most);

/// The jobs of a paper: those under way when the page was opened, and those started since.
function useJobsOf(paper: Paper) {
  const [list, setList] = useState<Job[]>([]);
  const [problem, setProblem] = useState("");
  const update = (job: Job) => setList((old) => (old.some((j) => j.id === job.id) ? old.map((j) => (j.id === job.id ? job : j)) : [job, ...old]));
  useEffect(() => {
    let wanted = true;
    activeJobs().then((jobs) => wanted && jobs.filter((j) => j.paper === paper.slug && !over(j)).forEach(update), () => {});
    return () => {
      wanted = false;
    };
  }, [paper.slug]);
  // Started in another tab, or on the command line of the same server.
  useSiteEvents((name, data) => {
    if (name !== "job") return;
    const job = data as Job;
    if (job.paper === paper.slug && !over(job)) setList((old) => (old.some((j) => j.id === job.id) ? old : [job, ...old]));
  });
  const start = async (body: object) => {
    setProblem("");
    try {
      update(await post<Job>("/jobs", body));
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  return { list, update, start, problem };
}

interface CheckShown {
  slug: string;
  claims: Claim[];
  seed: string;
  setSeed: (seed: string) => void;
  busy: boolean;
  started: (job: Job) => void;
}

function CheckAll({ slug, claims, seed, setSeed, busy, started }: CheckShown) {
  const tiers = TIERS.filter((tier) => claims.some((c) => c.tier === tier));
  const [tier, setTier] = useState<Tier>(tiers[0] ?? "quick");
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState(false);
  const within = (most: Tier) => claims.filter((c) => upTo(c.tier, most));
  const wrong = seedError(seed);
  const start = (event: Event) => {
    event.preventDefault();
    if (wrong !== null) return setProblem(wrong);
    setProblem("");
    setSending(true);
    post<Job>("/jobs", { kind: "check", paper: slug, claims: [], tier, seed: Number(seed) }).then(
      (job) => {
        setSending(false);
        started(job);
      },
      (error: unknown) => {
        setSending(false);
        setProblem(sentence(error));
      },
    );
  };
  const time = (most: Tier) => duration(within(most).reduce((sum, c) => sum + (c.seconds ?? 0), 0));
  return (
    <form class="check-all" onSubmit={start} aria-label="Check all claims">
      <fieldset>
        <legend class="unseen">Up to which tier</legend>
        {tiers.map((name) => (
          <label key={name} class="tick"><input type="radio" name="tier" value={name} checked={tier === name} onChange={() => setTier(name)} /> {name} <span class="small">{plural(within(name).length, "claim")}, about {time(name)}</span></label>
        ))}
      </fieldset>
      <label class="inline">seed <input value={seed} inputMode="numeric" size={5} aria-invalid={wrong !== null} onInput={(e) => setSeed(e.currentTarget.value.trim())} /></label>
      <button class="primary" disabled={busy || sending}>{busy ? "Being checked" : `Check all ${tier} claims`}</button>
      <CopyButton text={checkCommand(slug, [], tier, wrong === null ? seed : "0")} what="the command line" label="Copy command" />
      {problem !== "" && <span class="problem" role="alert">{problem}</span>}
    </form>
  );
}

function Actions({ slug, paper, health, started }: { slug: string; paper: Paper; health: Health | null; started: (job: Job) => void }) {
  const first = paper.actions.find((a) => a.default) ?? paper.actions[0]!;
  const [name, setName] = useState(first.name);
  const action = paper.actions.find((a) => a.name === name) ?? first;
  return (
    <>
      {paper.actions.length > 1 && (
        <fieldset class="segments choice">
          <legend class="unseen">What to do</legend>
          {paper.actions.map((a) => (
            <label key={a.name}><input type="radio" name="action" value={a.name} checked={a.name === action.name} onChange={() => setName(a.name)} /><span>{a.name}</span></label>
          ))}
        </fieldset>
      )}
      <RunForm key={action.name} slug={slug} action={action} single={paper.actions.length === 1} health={health} started={started} />
    </>
  );
}

/// The newest figure of each name: of the runs that the verdicts come from, and the newest run of each action.
function useFigures(paper: Paper): { figures: { figure: FigureRef; run: number }[] | null; failed: boolean } {
  const ids = useMemo(() => {
    const wanted = new Set(paper.claims.map((c) => c.result?.run).filter((r): r is number => typeof r === "number"));
    const actions = new Set<string>();
    for (const run of paper.runs) {
      if (run.kind !== "run" || run.status !== "finished" || actions.has(run.action ?? "")) continue;
      actions.add(run.action ?? "");
      wanted.add(run.id);
    }
    return [...wanted].sort((a, b) => b - a).slice(0, 12);
  }, [paper]);
  const key = ids.join(",");
  const [state, setState] = useState<{ key: string; figures: { figure: FigureRef; run: number }[] | null; failed: boolean }>({ key: "", figures: null, failed: false });
  useEffect(() => {
    const controller = new AbortController();
    Promise.all(ids.map((id) => get<Run>(`/runs/${id}`, controller.signal))).then(
      (runs) => {
        const names = new Set<string>();
        const figures: { figure: FigureRef; run: number }[] = [];
        for (const run of runs) {
          for (const figure of run.figures) {
            // A figure belongs to the verdict that is shown: to the run of that claim.
            const claim = paper.claims.find((c) => c.id === figure.claim);
            if (names.has(figure.name) || (claim?.result && claim.result.run !== run.id)) continue;
            names.add(figure.name);
            figures.push({ figure, run: run.id });
          }
        }
        figures.sort((a, b) => a.figure.name.localeCompare(b.figure.name, "en", { numeric: true }));
        setState({ key, figures, failed: false });
      },
      () => {
        if (!controller.signal.aborted) setState({ key, figures: null, failed: true });
      },
    );
    return () => controller.abort();
  }, [key]);
  return { figures: state.figures, failed: state.failed };
}

function Figures({ paper }: { paper: Paper }): ComponentChildren {
  const { figures, failed } = useFigures(paper);
  const [all, setAll] = useState(false);
  if (paper.claims.length === 0 && paper.runs.length === 0) return null;
  const shown = all ? figures : figures?.slice(0, MOST_FIGURES);
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">Figures</h2>
      {failed && <p class="problem">The figures could not be loaded.</p>}
      {figures === null && !failed && <Loading what="the figures" />}
      {figures?.length === 0 && <Empty title="No figures yet."><p>Check a claim above: its figures appear here.</p></Empty>}
      <div class="figures">
        {shown?.map(({ figure, run }) => <Figure key={`${run}/${figure.name}`} figure={figure} />)}
      </div>
      {figures && figures.length > MOST_FIGURES && !all && <button type="button" onClick={() => setAll(true)}>Show all {figures.length} figures</button>}
    </section>
  );
}

// The room's figures are files of the source tree; here the same figures come from the newest runs.
function Readme({ paper }: { paper: Paper }) {
  const image = (href: string): string | null => {
    const name = /^figures\/([A-Za-z0-9._-]+)\.(?:png|svg)$/.exec(href)?.[1];
    const claim = paper.claims.find((c) => c.id === name?.split(".")[0]);
    return name && claim?.result && claim.result.verdict !== "not run" ? `/api/v1/runs/${claim.result.run}/figures/${encodeURIComponent(name)}.svg` : null;
  };
  // Its first heading repeats the section's.
  const text = (paper.readme ?? "").replace(/^\s*# [^\n]*\n/, "");
  return <details class="readme"><summary>The room's guide to claims, figures and options</summary><Markdown text={text} level={3} image={image} /></details>;
}

function Links({ paper }: { paper: Paper }) {
  const links = paper.links.map((l) => ({ ...l, url: webAddress(l.url) })).filter((l) => l.url !== null);
  const code = webAddress(paper.code);
  return (
    <section>
      <h2>Links</h2>
      <ul class="links">
        {paper.arxiv && !links.some((l) => l.url!.includes("arxiv.org/abs")) && <li><ArxivLink arxiv={paper.arxiv} version={paper.version} /></li>}
        {links.map((l) => <li key={l.url}><a href={l.url!} rel="noreferrer">{l.label}</a></li>)}
        {code && !links.some((l) => l.url === code) && <li><a href={code} rel="noreferrer">The authors' code</a></li>}
        {paper.doi && !links.some((l) => l.url!.includes("doi.org")) && webAddress(`https://doi.org/${paper.doi}`) && <li><a href={webAddress(`https://doi.org/${paper.doi}`)!} rel="noreferrer">doi:{paper.doi}</a></li>}
      </ul>
      {paper.keywords.length > 0 && <p class="keywords">{paper.keywords.slice(0, 12).map((k) => <a key={k} href={`/search?q=${encodeURIComponent(k)}`}>{k}</a>)}</p>}
      {paper.bibtex && (
        <details class="bibtex">
          <summary>BibTeX</summary>
          <CodeBlock code={paper.bibtex} what="the BibTeX entry" />
        </details>
      )}
    </section>
  );
}

function Related({ paper }: { paper: Paper }) {
  const related = useApi<PaperSummary[]>(`/papers/${encodeURIComponent(paper.key)}/related?n=6`);
  return (
    <section>
      <h2 id="related">Related papers</h2>
      {related.error && <p class="small">They could not be loaded.</p>}
      {!related.data && related.loading && <Loading what="related papers" />}
      {related.data && related.data.length === 0 && <p class="small">None found.</p>}
      <ul class="related">
        {related.data?.map((p) => (
          <li key={p.key}><a href={paperUrl(p.key)} dir="auto">{p.title}</a><span class="small"><StatusBadge status={p.status} /> {p.verdicts && `${p.verdicts.holds} of ${p.verdicts.total} claims hold`}</span></li>
        ))}
      </ul>
    </section>
  );
}

