// Where the reader is: the address is the only state of navigation, so that everything can be shared. Plain <a> links
// inside the site are followed without loading the page anew.
import { useEffect, useState } from "preact/hooks";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();
let headingWanted = false; // the next heading that appears takes the focus: the reader followed a link
const SERVER_PATHS = /^\/(api|feeds|edition|subscriptions|assets)(\/|$)/;

function here(): Place {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

function tell(): void {
  for (const listener of [...listeners]) listener();
}

function rememberScroll(): void {
  window.history.replaceState({ scroll: window.scrollY }, "");
}

export function navigate(to: string, options: { replace?: boolean; keepFocus?: boolean } = {}): void {
  const target = new URL(to, window.location.href);
  const samePage = target.pathname === window.location.pathname;
  if (options.replace) {
    window.history.replaceState(window.history.state, "", target);
  } else {
    rememberScroll();
    window.history.pushState({ scroll: 0 }, "", target);
  }
  headingWanted = !options.keepFocus && !samePage;
  if (headingWanted) window.scrollTo(0, 0);
  tell();
  if (target.hash !== "") document.getElementById(decodeURIComponent(target.hash.slice(1)))?.scrollIntoView();
}

/// True once after a link was followed to another page.
export function takeHeadingFocus(): boolean {
  const wanted = headingWanted;
  headingWanted = false;
  return wanted;
}

function followed(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || link.target !== "" || link.hasAttribute("download")) return;
  if (link.origin !== window.location.origin || SERVER_PATHS.test(link.pathname)) return;
  if (link.pathname === window.location.pathname && link.search === window.location.search && link.hash !== "") return;
  event.preventDefault();
  navigate(link.href);
}

/// Starts listening for clicks on links and for back and forward. Call once.
export function startRouter(): void {
  window.history.scrollRestoration = "manual";
  document.addEventListener("click", followed);
  window.addEventListener("popstate", (event) => {
    const scroll: unknown = (event.state as { scroll?: unknown } | null)?.scroll;
    tell();
    if (event.state === null && window.location.hash !== "") return; // a link to a section: the browser goes there
    // Once what is kept of the page is drawn again.
    requestAnimationFrame(() => requestAnimationFrame(() => window.scrollTo(0, typeof scroll === "number" ? scroll : 0)));
  });
  let timer: number | undefined;
  window.addEventListener("scroll", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(rememberScroll, 200);
  }, { passive: true });
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const listener = () => setPlace(here());
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return place;
}

/// The address of a view with some of its query changed; null or "" takes a value out.
export function withQuery(place: Place, change: Record<string, string | null>): string {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return place.path + (text === "" ? "" : `?${text}`);
}

export const paperUrl = (key: string) => `/papers/${encodeURIComponent(key)}`;
export const runUrl = (id: number) => `/runs/${id}`;
