// The command that does in a terminal what a form or a button does here.
import type { Action, OptionSpec } from "./api/types";

/// A word as a POSIX shell reads it.
export function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}

/// What a field shows for the default of its option.
export function defaultText(option: OptionSpec): string {
  const { default: value } = option;
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.join(",") : String(value);
}

/// `offprint run ...` for the values of a form; those that equal the default are left out, uploads go by their own names.
export function runCommand(slug: string, action: Action, single: boolean, values: Record<string, string>, names: Record<string, string>, seed: string): string {
  const words = ["offprint", "run", slug];
  if (!single) words.push(action.name);
  for (const option of action.options) {
    const value = (values[option.name] ?? "").trim();
    if (value === "" || value === defaultText(option)) continue;
    if (option.type === "flag") {
      words.push(value === "true" ? `--${option.name}` : `--${option.name}=false`);
      continue;
    }
    const shown = option.type === "path" || option.type === "paths" ? value.split(",").map((part) => shownPath(part.trim(), names)).join(",") : value;
    words.push(`--${option.name}`, quoted(shown));
  }
  if (seed !== "" && seed !== "0") words.push("--seed", seed);
  return words.join(" ");
}

// upload:ID/FILE becomes FILE, with what follows of a data set's name.
function shownPath(value: string, names: Record<string, string>): string {
  for (const [upload, name] of Object.entries(names)) {
    if (value === upload || value.startsWith(`${upload}:`)) return name + value.slice(upload.length);
  }
  return value;
}

export function checkCommand(slug: string, claims: string[], tier: string, seed: string): string {
  const words = ["offprint", "check", slug];
  if (claims.length > 0) words.push("--claim", claims.join(","));
  if (tier !== "quick") words.push("--tier", tier);
  if (seed !== "" && seed !== "0") words.push("--seed", seed);
  return words.join(" ");
}
