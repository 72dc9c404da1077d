// Papers by e-mail, and as feeds.
import { useRef, useState } from "preact/hooks";

import { ApiError, post, query, useApi } from "../api/client";
import type { Health } from "../api/types";
import { FeedLinks, Heading, sentence } from "../components/common";
import { categoryName, number } from "../format";
import type { Place } from "../router";

export function SubscribePage({ place, health }: { place: Place; health: Health | null }) {
  const categories = useApi<{ name: string; papers: number }[]>("/categories");
  const asked = place.query.get("category");
  const [chosen, setChosen] = useState<string[]>(asked ? [asked] : []);
  const [search, setSearch] = useState(place.query.get("search") ?? "");
  const [frequency, setFrequency] = useState<"daily" | "weekly">("daily");
  const [state, setState] = useState<{ busy: boolean; done: string; problem: string }>({ busy: false, done: "", problem: "" });
  const email = useRef<HTMLInputElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const address = email.current?.value.trim() ?? "";
    if (!/^[^\s@]+@[^\s@]+$/.test(address)) {
      setState({ busy: false, done: "", problem: "Write an address such as name@example.org." });
      email.current?.focus();
      return;
    }
    setState({ busy: true, done: "", problem: "" });
    post<{ message: string }>("/subscriptions", { email: address, frequency, categories: chosen, search: search.trim() }).then(
      ({ message }) => setState({ busy: false, done: message, problem: "" }),
      (error: unknown) => {
        const wait = error instanceof ApiError && error.retryAfter !== null ? ` Try again in ${error.retryAfter} s.` : "";
        setState({ busy: false, done: "", problem: sentence(error) + wait });
        email.current?.focus();
      },
    );
  };
  const off = health?.mail === false;
  return (
    <div class="narrow">
      <Heading title="Subscribe">The papers in your inbox</Heading>
      <p>Each edition holds the papers listed since the last one, and every verdict that changed on this machine.</p>
      {off && (
        <div class="notice">
          <p><strong>Mail is not set up on this server.</strong> Start it with a mail server, for example</p>
          <pre tabIndex={0} aria-label="Example"><code>offprint serve --smtp smtp://mail.example.org:587 --mail-from 'Offprint &lt;papers@example.org&gt;'</code></pre>
          <p>The feeds below need none.</p>
        </div>
      )}
      {state.done !== "" ? (
        <div class="notice good" role="status"><p><strong>Nearly done.</strong> {state.done}</p></div>
      ) : (
        <form class="fields" onSubmit={submit} noValidate aria-label="Subscribe by e-mail">
          <div class="field">
            <label for="email">E-mail address</label>
            <input ref={email} id="email" type="email" autocomplete="email" disabled={off} aria-invalid={state.problem !== ""} aria-describedby="email-help email-problem" required />
            <p id="email-help" class="small">A message asks you to confirm; without that, nothing more is sent. Each edition has a link that ends it.</p>
            <p id="email-problem" class="problem" role="alert">{state.problem}</p>
          </div>
          <fieldset class="field">
            <legend>How often</legend>
            <label class="tick"><input type="radio" name="frequency" checked={frequency === "daily"} onChange={() => setFrequency("daily")} disabled={off} /> every day that has papers</label>
            <label class="tick"><input type="radio" name="frequency" checked={frequency === "weekly"} onChange={() => setFrequency("weekly")} disabled={off} /> once a week</label>
          </fieldset>
          {categories.data && categories.data.length > 0 && (
            <fieldset class="field">
              <legend>Categories <span class="small">none chosen: all</span></legend>
              <div class="ticks">
                {categories.data.slice(0, 40).map(({ name, papers }) => (
                  <label key={name} class="tick" title={categoryName(name) ?? undefined}>
                    <input type="checkbox" disabled={off} checked={chosen.includes(name)} onChange={() => setChosen((old) => (old.includes(name) ? old.filter((c) => c !== name) : [...old, name]))} /> {name} <span class="small">{number(papers)}</span>
                  </label>
                ))}
              </div>
            </fieldset>
          )}
          <div class="field">
            <label for="search-words">Only papers that fit this search <span class="small">optional</span></label>
            <input id="search-words" value={search} disabled={off} maxLength={400} onInput={(e) => setSearch(e.currentTarget.value)} placeholder="e.g. koopman operator" />
          </div>
          <button class="primary" disabled={off || state.busy}>{state.busy ? "Sending" : "Subscribe"}</button>
        </form>
      )}
      <section aria-labelledby="feeds">
        <h2 id="feeds">Feeds</h2>
        <p>All papers as <FeedLinks query="" />.{" "}
          {(chosen.length === 1 || search.trim() !== "") && <>Your choice above as <FeedLinks query={query({ category: chosen.length === 1 ? chosen[0] : null, q: search.trim() })} />.</>}
        </p>
        <p class="small">Every category and every search has its own: the links stand with the results.</p>
      </section>
    </div>
  );
}
