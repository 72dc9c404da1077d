// Numbers, times and names as a reader wants them.

/// 5 significant digits; integers whole; powers of ten outside 1e-4..1e7.
export function number(value: number | string | null | undefined, digits = 5): string {
  if (typeof value !== "number") return value === null || value === undefined ? "–" : value;
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped(String(value));
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e7) return grouped(String(Number(value.toPrecision(digits))));
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${String(Number(mantissa)).replace("-", "−")}·10${superscript(Number(exponent))}`;
}

function grouped(text: string): string {
  const [whole = "", fraction] = text.replace("-", "−").split(".");
  const spaced = whole.replace(/^−/, "").length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

function superscript(n: number): string {
  return String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]!));
}

export function interval(lo: number | null | undefined, hi: number | null | undefined): string | null {
  if (typeof lo !== "number" && typeof hi !== "number") return null;
  if (lo === hi) return null;
  return `[${typeof lo === "number" ? number(lo) : "−∞"}, ${typeof hi === "number" ? number(hi) : "∞"}]`;
}

/// A rule of a card ("5.676e-9 +- 0.1%", "<= 0.88") with typographic signs.
export function rule(text: string): string {
  return text
    .replace(/\+-/g, "±")
    .replace(/<=/g, "≤")
    .replace(/>=/g, "≥")
    .replace(/==/g, "=")
    .replace(/(\d)e([+-]?)0*(\d+)/g, (_, digit: string, sign: string, power: string) => `${digit}·10${superscript(Number(`${sign === "-" ? "-" : ""}${power}`))}`)
    .replace(/(^|[\s(=≤≥<>])-(?=[\d.])/g, "$1−");
}

export function duration(seconds: number | null | undefined): string {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "";
  if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 3600) {
    const whole = Math.round(seconds);
    return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(size: number | null | undefined): string {
  if (typeof size !== "number") return "";
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (size >= factor) return `${Number((size / factor).toPrecision(3))} ${unit}`;
  }
  return `${size} bytes`;
}

export const plural = (n: number, one: string, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

/// "Lei Wu and Weijie J. Su"; beyond `most` names "and 12 more".
export function people(names: string[], most = 6): string {
  if (names.length === 0) return "";
  if (names.length === 1) return names[0]!;
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/// 2026-11-26 03:14 in the reader's time zone, the ISO text when it is not a time.
export function moment(iso: string | null | undefined): string {
  if (!iso) return "";
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function ago(iso: string | null | undefined, now = Date.now()): string {
  if (!iso) return "";
  const seconds = (now - new Date(iso).getTime()) / 1000;
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 86400 * 14) return plural(Math.floor(seconds / 86400), "day") + " ago";
  return moment(iso).slice(0, 10);
}

/// A web address that may become a link: http and https only, whatever a feed says.
export function webAddress(url: string | null | undefined): string | null {
  if (!url) return null;
  try {
    const parsed = new URL(url);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
  } catch {
    return null;
  }
}

const CATEGORY_NAMES: Record<string, string> = {
  "cs.LG": "Machine learning",
  "cs.CV": "Computer vision",
  "cs.CL": "Computation and language",
  "cs.AI": "Artificial intelligence",
  "cs.NE": "Neural and evolutionary computing",
  "cs.RO": "Robotics",
  "cs.CR": "Cryptography and security",
  "cs.SY": "Systems and control",
  "eess.SY": "Systems and control",
  "eess.IV": "Image and video processing",
  "stat.ML": "Machine learning (statistics)",
  "stat.ME": "Methodology",
  "stat.TH": "Statistics theory",
  "math.ST": "Statistics theory",
  "math.NA": "Numerical analysis",
  "math.DS": "Dynamical systems",
  "math.OC": "Optimization and control",
  "math.PR": "Probability",
  "math.AP": "Analysis of PDEs",
  "math.AG": "Algebraic geometry",
  "math.SP": "Spectral theory",
  "math.MP": "Mathematical physics",
  "math-ph": "Mathematical physics",
  "hep-th": "High-energy physics",
  "quant-ph": "Quantum physics",
  "q-bio.QM": "Quantitative methods",
  "q-bio.NC": "Neurons and cognition",
  "physics.comp-ph": "Computational physics",
  "cond-mat.stat-mech": "Statistical mechanics",
};

export const categoryName = (category: string): string | null => CATEGORY_NAMES[category] ?? null;
