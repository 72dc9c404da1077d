// What the server answers (page/server/openapi.json), as far as the page reads it.

export type Verdict = "holds" | "falls short" | "inconclusive" | "not run";
export type Tier = "quick" | "full" | "gpu";

export interface Verdicts {
  total: number;
  holds: number;
  falls_short: number;
  inconclusive: number;
  not_run: number;
}

export interface PaperSummary {
  key: string;
  slug: string | null;
  status: "ready" | "planned" | "feed";
  title: string;
  authors: string[];
  year: number | null;
  listed: string;
  published: string | null;
  arxiv: string | null;
  version: number | string | null;
  venue: string | null;
  categories: string[];
  keywords: string[];
  code: string | null;
  summary: string;
  upvotes: number;
  voted: boolean;
  verdicts: Verdicts | null;
  thumbnail: string | null;
}

export interface CriterionSpec {
  name: string;
  says: string;
  rule: string;
}

export interface CriterionResult extends CriterionSpec {
  measured: number | string | null;
  lo: number | null;
  hi: number | null;
  verdict: Verdict;
}

export interface ClaimResult {
  id: string;
  verdict: Verdict;
  reason: string | null;
  seconds: number | null;
  criteria: CriterionResult[];
}

export interface DatedResult extends ClaimResult {
  run: number;
  when: string;
  commit: string;
  seed: number;
}

export interface Claim {
  id: string;
  says: string;
  paper: string;
  tier: Tier;
  data: string[];
  data_here: boolean;
  seconds: number | null;
  criteria: CriterionSpec[];
  headline: string[];
  result: DatedResult | null;
}

export type OptionType = "int" | "real" | "string" | "choice" | "flag" | "path" | "paths" | "ints" | "reals";
export type OptionValue = number | string | boolean | (number | string)[] | null;

export interface OptionSpec {
  name: string;
  type: OptionType;
  help: string;
  unit?: string | null;
  default: OptionValue;
  min?: number | null;
  max?: number | null;
  choices?: string[] | null;
  required: boolean;
}

export interface Action {
  name: string;
  help: string;
  default: boolean;
  examples: string[];
  options: OptionSpec[];
}

export type RunStatus = "running" | "finished" | "failed" | "interrupted";

export interface RunSummary {
  id: number;
  paper: string;
  kind: "check" | "run";
  action: string | null;
  claims: string[];
  status: RunStatus;
  started: string;
  seconds: number | null;
  seed: number;
  tier: Tier | null;
  verdicts: Verdicts | null;
  error: string | null;
  commit: string | null;
}

export interface Paper extends PaperSummary {
  summary_markdown: string | null;
  abstract: string | null;
  doi: string | null;
  bibtex: string;
  links: { label: string; url: string }[];
  claims: Claim[];
  actions: Action[];
  cpp: string | null;
  install: string | null;
  readme: string | null;
  runs: RunSummary[];
}

export interface FigureRef {
  name: string;
  claim: string | null;
  title: string;
  caption: string;
  spec_url: string;
  svg_url: string;
  csv_url: string;
}

export interface RunTable {
  name: string;
  title: string;
  columns: string[];
  rows: (number | string | boolean | null)[][];
}

export interface Metric {
  scope: string;
  name: string;
  value: number | string | null;
  lo: number | null;
  hi: number | null;
  confidence: number | null;
  unit: string;
}

export interface Run {
  id: number;
  paper: string;
  kind: "check" | "run";
  action: string | null;
  status: RunStatus;
  started: string;
  seconds: number | null;
  attempts: number;
  error: string | null;
  options: Record<string, unknown>;
  seed: number;
  threads: number;
  ranks: number;
  device: string;
  inputs: { path: string; bytes: number; modified?: string }[];
  build: Record<string, unknown>;
  libraries: Record<string, unknown>;
  machine: Record<string, unknown>;
  claims: ClaimResult[];
  metrics: Metric[];
  tables: RunTable[];
  figures: FigureRef[];
  notes: string[];
  artifacts: { name: string; bytes: number; url: string }[];
  job: Job | null;
}

export interface Progress {
  claim: string | null;
  label: string;
  done: number;
  total: number;
  seconds: number | null;
  remaining: number | null;
  finished?: boolean;
}

export type JobState = "queued" | "running" | "finished" | "failed" | "cancelled" | "interrupted";

export interface Job {
  id: number;
  kind: "check" | "run";
  paper: string;
  action: string | null;
  claims: string[];
  tier: Tier | null;
  seed: number | null;
  options: Record<string, OptionValue>;
  state: JobState;
  position: number | null;
  run: number | null;
  created: string;
  started: string | null;
  ended: string | null;
  exit_code: number | null;
  error: string | null;
  progress: Progress | null;
  results: ClaimResult[];
}

export type Span = "day" | "week" | "month" | "all";

export interface PaperPage {
  papers: PaperSummary[];
  total: number;
  date: string | null;
  from: string | null;
  to: string | null;
  previous: string | null;
  next: string | null;
}

export interface Fragment {
  text: string;
  hit: boolean;
}

export interface SearchPage {
  query: string;
  total: number;
  milliseconds: number;
  hits: { paper: PaperSummary; title: Fragment[]; snippet: Fragment[]; by_keyword: boolean | number | null; by_meaning: boolean | number | null }[];
}

export interface Trend {
  paper: PaperSummary;
  score: number;
  from_votes: number;
  from_verdicts: number;
}

export interface Health {
  status: string;
  version: string;
  commit: string;
  build_type: string;
  machine: Record<string, unknown>;
  papers: number;
  runnable: number;
  mail: boolean;
  token_needed: boolean;
  uploads_limit_bytes: number;
  allowed_folders: string[];
}

export interface Upload {
  id: string;
  name: string;
  bytes: number;
  value: string;
  columns: string[] | null;
}

export interface FolderPage {
  folder: string | null;
  parent: string | null;
  entries: { name: string; path: string; folder: boolean; bytes: number | null }[];
}

export interface Comparison {
  a: RunSummary;
  b: RunSummary;
  claims: {
    id: string;
    says: string;
    a: ClaimResult | null;
    b: ClaimResult | null;
    criteria: { name: string; rule: string; a: number | null; b: number | null; difference: number | null; relative: number | null }[];
  }[];
  metrics: { scope: string; name: string; unit: string; a: MetricValue | null; b: MetricValue | null }[];
  options: { name: string; a: unknown; b: unknown }[];
  origin: { name: string; a: unknown; b: unknown }[];
}

export interface MetricValue {
  value: number | null;
  lo: number | null;
  hi: number | null;
}
