// Verdicts: the badge of one, and the strip that shows those of a whole card at a glance.
import type { Verdict, Verdicts } from "../api/types";
import { plural } from "../format";

const KIND: Record<Verdict, string> = { holds: "holds", "falls short": "short", inconclusive: "unsure", "not run": "idle" };
const SIGN: Record<Verdict, string> = { holds: "✓", "falls short": "✗", inconclusive: "?", "not run": "–" };

export const verdictKind = (verdict: string): string => KIND[verdict as Verdict] ?? "idle";

export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  return (
    <span class={`badge ${verdictKind(verdict)}`}>
      <span aria-hidden="true">{SIGN[verdict] ?? "–"} </span>
      {verdict}
    </span>
  );
}

/// "5 of 6 claims hold on this machine", and what became of the others.
export function verdictSentence(v: Verdicts): string {
  if (v.total === 0) return "no claims on the card";
  if (v.not_run === v.total) return `${plural(v.total, "claim")}, none checked here yet`;
  const others = [
    v.falls_short > 0 ? `${v.falls_short} ${v.falls_short === 1 ? "falls" : "fall"} short` : "",
    v.inconclusive > 0 ? `${v.inconclusive} inconclusive` : "",
    v.not_run > 0 ? `${v.not_run} not run` : "",
  ].filter((part) => part !== "");
  const main = `${v.holds} of ${plural(v.total, "claim")} ${v.holds === 1 ? "holds" : "hold"} on this machine`;
  return others.length === 0 ? main : `${main}, ${others.join(", ")}`;
}

const MOST_CELLS = 24;

/// One cell a claim, coloured by verdict. Decoration: the sentence beside it says the same.
export function VerdictStrip({ verdicts }: { verdicts: Verdicts }) {
  const cells = [
    ...Array<string>(verdicts.holds).fill("holds"),
    ...Array<string>(verdicts.falls_short).fill("short"),
    ...Array<string>(verdicts.inconclusive).fill("unsure"),
    ...Array<string>(verdicts.not_run).fill("idle"),
  ].slice(0, MOST_CELLS);
  return (
    <span class="strip" aria-hidden="true">
      {cells.map((kind, i) => <i key={i} class={kind} />)}
    </span>
  );
}

export function Tally({ verdicts }: { verdicts: Verdicts }) {
  const parts: [number, string, string][] = [
    [verdicts.holds, verdicts.holds === 1 ? "holds" : "hold", "holds"],
    [verdicts.falls_short, verdicts.falls_short === 1 ? "falls short" : "fall short", "short"],
    [verdicts.inconclusive, "inconclusive", "unsure"],
    [verdicts.not_run, "not run", "idle"],
  ];
  return (
    <ul class="tally">
      {parts.map(([n, label, kind]) => <li key={kind} class={n > 0 ? kind : "none"}><b>{n}</b> {label}</li>)}
    </ul>
  );
}
