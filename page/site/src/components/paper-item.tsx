// One paper in a list: vote, title, authors, summary, what is known of it here, and a figure of the newest run.
import { useState } from "preact/hooks";

import { post } from "../api/client";
import type { Fragment, PaperSummary } from "../api/types";
import { categoryName, people, plural, webAddress } from "../format";
import { shortDay } from "../dates";
import { paperUrl } from "../router";
import { useTheme } from "../theme";
import { sentence } from "./common";
import { Up } from "./icons";
import { VerdictStrip, verdictSentence } from "./verdict";

export function StatusBadge({ status }: { status: PaperSummary["status"] }) {
  if (status === "ready") return <span class="state ready">runs here</span>;
  if (status === "planned") return <span class="state planned">planned</span>;
  return <span class="state feed">from a feed</span>;
}

export function Vote({ paper, large = false }: { paper: PaperSummary; large?: boolean }) {
  const [votes, setVotes] = useState({ key: paper.key, upvotes: paper.upvotes, voted: paper.voted });
  const [problem, setProblem] = useState("");
  const shown = votes.key === paper.key ? votes : { key: paper.key, upvotes: paper.upvotes, voted: paper.voted };
  const vote = () => {
    const up = !shown.voted;
    setProblem("");
    setVotes({ key: paper.key, upvotes: Math.max(0, shown.upvotes + (up ? 1 : -1)), voted: up });
    post<{ upvotes: number; voted: boolean }>(`/papers/${encodeURIComponent(paper.key)}/vote`, { up }, true).then(
      (answer) => setVotes({ key: paper.key, ...answer }),
      (error: unknown) => {
        setVotes(shown);
        setProblem(sentence(error));
      },
    );
  };
  return (
    <div class={`vote ${large ? "large" : ""}`}>
      <button type="button" aria-pressed={shown.voted} aria-label={`Upvote ${paper.title}, ${plural(shown.upvotes, "vote")}`} title={shown.voted ? "Take the vote back" : "Upvote"} onClick={vote}>
        <Up />
        <span>{shown.upvotes}</span>
      </button>
      {problem !== "" && <span class="problem" role="alert">{problem}</span>}
    </div>
  );
}

export function Marked({ fragments }: { fragments: Fragment[] }) {
  return <>{fragments.map((f, i) => (f.hit ? <mark key={i}>{f.text}</mark> : f.text))}</>;
}

export function ArxivLink({ arxiv, version }: { arxiv: string; version?: PaperSummary["version"] }) {
  const url = webAddress(`https://arxiv.org/abs/${arxiv}`);
  return url === null ? <span>{arxiv}</span> : <a href={url} rel="noreferrer">arXiv {arxiv}{version ? `v${String(version).replace(/^v/, "")}` : ""}</a>;
}

interface Shown {
  paper: PaperSummary;
  level?: 2 | 3;
  title?: Fragment[] | undefined;
  snippet?: Fragment[] | undefined;
  note?: string;
  showDay?: boolean;
  compact?: boolean;
}

export function PaperItem({ paper, level = 2, title, snippet, note, showDay = false, compact = false }: Shown) {
  const { theme } = useTheme();
  const Title = `h${level}` as "h2";
  const venue = paper.venue?.replace(/\s*\(.*\)\s*$/, "") ?? null;
  const withThumbnail = paper.thumbnail !== null && !compact;
  return (
    <article class={`paper ${compact ? "compact" : ""} ${withThumbnail ? "pictured" : ""}`} data-key={paper.key}>
      <Vote paper={paper} />
      <div class="about">
        <Title class="title">
          <a href={paperUrl(paper.key)} dir="auto">{title && title.length > 0 ? <Marked fragments={title} /> : paper.title}</a>
        </Title>
        <p class="authors" dir="auto">
          {people(paper.authors)}
          {paper.year !== null && paper.year > 0 && <span class="year">, {paper.year}</span>}
          {venue && <span class="venue">, {venue}</span>}
        </p>
        {!compact && (
          <p class="summary" dir="auto">{snippet && snippet.length > 0 ? <Marked fragments={snippet} /> : paper.summary}</p>
        )}
        <p class="facts">
          <StatusBadge status={paper.status} />
          {paper.verdicts && (
            <span class="verdicts-short"><VerdictStrip verdicts={paper.verdicts} /> {compact ? `${paper.verdicts.holds} of ${paper.verdicts.total} hold` : verdictSentence(paper.verdicts)}</span>
          )}
          {paper.categories.slice(0, compact ? 1 : 3).map((c) => (
            <a key={c} class="category" href={`/?category=${encodeURIComponent(c)}`} title={categoryName(c) ?? undefined}>{c}</a>
          ))}
          {paper.arxiv && <ArxivLink arxiv={paper.arxiv} />}
          {showDay && <span>listed {shortDay(paper.listed)}</span>}
          {note && <span>{note}</span>}
        </p>
      </div>
      {withThumbnail && (
        <a class="thumbnail" href={`${paperUrl(paper.key)}#figures`} tabIndex={-1} aria-hidden="true">
          <img src={`${paper.thumbnail}?theme=${theme}`} alt="" loading="lazy" decoding="async" width="176" height="118" />
        </a>
      )}
    </article>
  );
}

export function PaperList({ papers, level = 2, compact = false, showDay = false }: { papers: PaperSummary[]; level?: 2 | 3; compact?: boolean; showDay?: boolean }) {
  return (
    <ol class={`papers ${compact ? "compact" : ""}`}>
      {papers.map((paper) => <li key={paper.key}><PaperItem paper={paper} level={level} compact={compact} showDay={showDay} /></li>)}
    </ol>
  );
}
