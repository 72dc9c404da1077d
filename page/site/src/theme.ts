// Light, dark, or as the system says. The first paint is theme-first.js's.
import { useEffect, useState } from "preact/hooks";

export type Choice = "system" | "light" | "dark";

const KEY = "offprint-theme";
const listeners = new Set<() => void>();
const system = window.matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

let choice = stored();

export function choose(next: Choice): void {
  choice = next;
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // no storage: the choice lasts as long as the page
  }
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  for (const listener of [...listeners]) listener();
}

const current = (): "light" | "dark" => (choice === "system" ? (system.matches ? "dark" : "light") : choice);

export function useTheme(): { choice: Choice; theme: "light" | "dark" } {
  const [state, setState] = useState({ choice, theme: current() });
  useEffect(() => {
    const listener = () => setState({ choice, theme: current() });
    listeners.add(listener);
    system.addEventListener("change", listener);
    return () => {
      listeners.delete(listener);
      system.removeEventListener("change", listener);
    };
  }, []);
  return state;
}
