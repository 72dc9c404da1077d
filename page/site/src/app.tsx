// The frame of every view: header, navigation, search box, the view of the address, footer.
import type { ComponentChildren } from "preact";
import { lazy } from "./lazy";
import { useEffect, useRef, useState } from "preact/hooks";

import { request, useApi } from "./api/client";
import { activeJobs, useSiteEvents } from "./api/events";
import { server, useServer } from "./api/server";
import type { Health, Job } from "./api/types";
import { Half, Moon, Search, Sun } from "./components/icons";
import { KeyHelp, useKeys } from "./keys";
import { FrontPage } from "./pages/front";
import { NotFound } from "./pages/not-found";
import { SearchPage } from "./pages/search";
import { SignIn } from "./pages/sign-in";
import { navigate, usePlace, type Place } from "./router";
import { choose, useTheme, type Choice } from "./theme";

const PaperPage = lazy(() => import("./pages/paper").then((m) => m.PaperPage), "the paper");
const RunsPage = lazy(() => import("./pages/runs").then((m) => m.RunsPage), "the runs");
const RunPage = lazy(() => import("./pages/run").then((m) => m.RunPage), "the run");
const ComparePage = lazy(() => import("./pages/compare").then((m) => m.ComparePage), "the comparison");
const JobsPage = lazy(() => import("./pages/jobs").then((m) => m.JobsPage), "the queue");
const SubscribePage = lazy(() => import("./pages/subscribe").then((m) => m.SubscribePage), "the form");
const AboutPage = lazy(() => import("./pages/about").then((m) => m.AboutPage), "the page");

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function view(place: Place, health: Health | null): ComponentChildren {
  const [, first = "", ...others] = place.path.split("/");
  const rest = others.join("/").replace(/\/$/, "");
  switch (first) {
    case "":
      return <FrontPage place={place} span="day" date={null} health={health} />;
    case "day":
    case "week":
    case "month":
      return <FrontPage place={place} span={first} date={rest} health={health} />;
    case "search":
      return rest === "" ? <SearchPage place={place} /> : null;
    case "papers": {
      const key = decoded(rest);
      return key === null || key === "" ? null : <PaperPage key={key} paperKey={key} health={health} />;
    }
    case "runs":
      if (rest === "") return <RunsPage place={place} />;
      return /^\d{1,15}$/.test(rest) ? <RunPage key={rest} id={Number(rest)} /> : null;
    case "compare":
      return rest === "" ? <ComparePage place={place} /> : null;
    case "jobs":
      return rest === "" ? <JobsPage /> : null;
    case "subscribe":
      return rest === "" ? <SubscribePage place={place} health={health} /> : null;
    case "about":
      return rest === "" ? <AboutPage health={health} /> : null;
    default:
      return null;
  }
}

const THEMES: [Choice, string, () => ComponentChildren][] = [
  ["system", "as the system says", Half],
  ["light", "light", Sun],
  ["dark", "dark", Moon],
];

function ThemeSwitch() {
  const { choice } = useTheme();
  const at = THEMES.findIndex(([name]) => name === choice);
  const [, label, Icon] = THEMES[at]!;
  const following = THEMES[(at + 1) % THEMES.length]!;
  return (
    <button type="button" class="quiet theme" onClick={() => choose(following[0])} aria-label={`Theme: ${label}. Change to ${following[1]}`} title={`Theme: ${label}`}>
      <Icon />
    </button>
  );
}

// Writing searches at once, after a short pause; on other pages Enter goes to the results.
const PAUSE_MS = 120;

function SearchBox({ place }: { place: Place }) {
  const input = useRef<HTMLInputElement>(null);
  const onSearchPage = place.path === "/search";
  const asked = onSearchPage ? (place.query.get("q") ?? "") : "";
  const [text, setText] = useState(asked);
  const timer = useRef<number | undefined>(undefined);
  useKeys({
    "/": () => {
      input.current?.focus();
      input.current?.select();
    },
  });
  // The address changed by other means than this box: back, a link.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(asked);
  }, [asked, onSearchPage]);
  const go = (now: string, enter: boolean) => {
    window.clearTimeout(timer.current);
    const to = `/search${now.trim() === "" ? "" : `?q=${encodeURIComponent(now)}`}`;
    if (window.location.pathname === "/search") {
      const kept = new URLSearchParams(window.location.search);
      kept.delete("offset");
      if (now.trim() === "") kept.delete("q");
      else kept.set("q", now);
      const query = kept.toString();
      navigate(`/search${query === "" ? "" : `?${query}`}`, { replace: true, keepFocus: true });
    } else if (enter || now.trim().length > 1) {
      navigate(to, { keepFocus: true });
    }
  };
  return (
    <form
      role="search"
      class="search-box"
      action="/search"
      onSubmit={(event) => {
        event.preventDefault();
        go(text, true);
      }}
    >
      <Search />
      <label class="unseen" for="q">Search the papers</label>
      <input
        ref={input}
        id="q"
        name="q"
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder="Search papers"
        value={text}
        maxLength={400}
        onInput={(event) => {
          const now = event.currentTarget.value;
          setText(now);
          window.clearTimeout(timer.current);
          timer.current = window.setTimeout(() => go(now, false), PAUSE_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") {
            const first = document.querySelector<HTMLAnchorElement>("main .paper .title a");
            if (first) {
              event.preventDefault();
              first.focus();
            }
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

function Navigation({ place, active }: { place: Place; active: number }) {
  const links: [string, ComponentChildren, RegExp][] = [
    ["/", "Papers", /^\/($|day|week|month|papers|search)/],
    ["/runs", "Runs", /^\/(runs|compare)/],
    ["/jobs", <>Queue{active > 0 && <span class="count" title={`${active} running or waiting`}>{active}<span class="unseen"> running or waiting</span></span>}</>, /^\/jobs/],
    ["/subscribe", "Subscribe", /^\/subscribe/],
    ["/about", "About", /^\/about/],
  ];
  return (
    <nav aria-label="Main" class="main-nav">
      <ul>
        {links.map(([href, label, at]) => (
          <li key={href}><a href={href} aria-current={at.test(place.path) ? (place.path === href ? "page" : "true") : undefined}>{label}</a></li>
        ))}
      </ul>
    </nav>
  );
}

function SignedFrame({ place }: { place: Place }) {
  const health = useApi<Health>("/health");
  const active = useRef(new Set<number>());
  const [count, setCount] = useState(0);
  const ask = () =>
    void activeJobs().then(
      (jobs) => {
        active.current = new Set(jobs.map((j) => j.id));
        setCount(active.current.size);
      },
      () => {}, // the view says what is wrong with the server
    );
  useEffect(() => {
    ask();
    return server.onReturn(ask);
  }, []);
  useSiteEvents((name, data) => {
    if (name === "again") ask();
    if (name !== "job") return;
    const job = data as Job;
    if (job.state === "queued" || job.state === "running") active.current.add(job.id);
    else active.current.delete(job.id);
    setCount(active.current.size);
  });
  return (
    <>
      <Header place={place} active={count} />
      <main id="main">{view(place, health.data) ?? <NotFound />}</main>
      <Footer health={health.data} />
    </>
  );
}

function Header({ place, active, plain = false }: { place: Place; active: number; plain?: boolean }) {
  return (
    <header class="site">
      <div class="row">
        <a class="brand" href="/" aria-label="Offprint, front page"><span aria-hidden="true" class="mark" />Offprint</a>
        {!plain && <Navigation place={place} active={active} />}
        {!plain && <SearchBox place={place} />}
        <ThemeSwitch />
      </div>
    </header>
  );
}

function Footer({ health }: { health: Health | null }) {
  return (
    <footer class="site">
      <p>
        {health && <span>Offprint {health.version}, build {health.commit.slice(0, 12)}</span>}
        <a href="/edition">Today's edition</a>
        <a href="/feeds/papers.atom">Atom</a>
        <a href="/feeds/papers.json">JSON feed</a>
        <a href="/api/v1/openapi.json">API</a>
        <KeyHelp />
        {health?.token_needed && <button type="button" class="link" onClick={() => void request("DELETE", "/session").catch(() => {}).then(() => server.askForToken())}>Sign out</button>}
      </p>
    </footer>
  );
}

export function App() {
  const place = usePlace();
  const { answers, tokenNeeded } = useServer();
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        const main = document.getElementById("main");
        main?.setAttribute("tabindex", "-1");
        main?.focus();
      }}>Skip to the content</a>
      {!answers && <p class="banner" role="status">The page's server does not answer. Trying again every few seconds; what is shown may be old.</p>}
      {tokenNeeded ? (
        <>
          <Header place={place} active={0} plain />
          <main id="main"><SignIn /></main>
        </>
      ) : (
        <SignedFrame place={place} />
      )}
    </>
  );
}
