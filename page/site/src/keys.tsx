// Keyboard shortcuts: one table, which the help dialog shows. They can be switched off, for those who dictate.
import { useEffect, useRef, useState } from "preact/hooks";

const KEY = "offprint-shortcuts";

function enabled(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

let on = enabled();

/// True where a key press writes or chooses something already.
function taken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const at = event.target as HTMLElement | null;
  if (at?.closest("dialog[open]") && event.key !== "?") return true;
  return at !== null && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.getAttribute("role") === "slider");
}

export function useKeys(keys: Record<string, () => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (!on || taken(event)) return;
      const action = latest.current[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}

/// Moves the focus to the next (1) or previous (-1) of the papers listed.
export function focusPaper(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("main .paper .title a")];
  if (links.length === 0) return;
  const at = links.findIndex((link) => link.closest(".paper")?.contains(document.activeElement));
  const next = at < 0 ? (step === 1 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
  links[next]?.focus();
  links[next]?.closest(".paper")?.scrollIntoView({ block: "nearest" });
}

const TABLE: [string, string][] = [
  ["/", "search"],
  ["j and k", "next and previous paper in a list"],
  ["← and →", "earlier and later day, week or month"],
  ["d, w, m", "a day, a week, a month at a time"],
  ["t", "the newest day"],
  ["?", "this list"],
];

export function KeyHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [checked, setChecked] = useState(on);
  useKeys({ "?": () => dialog.current?.showModal() });
  const change = (now: boolean) => {
    on = now;
    setChecked(now);
    try {
      localStorage.setItem(KEY, now ? "on" : "off");
    } catch {
      // no storage: for as long as the page lasts
    }
  };
  return (
    <>
      <button type="button" class="link" onClick={() => dialog.current?.showModal()}>Keyboard shortcuts</button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keyboard shortcuts</h2>
        <dl class="keys">
          {TABLE.map(([key, what]) => <><dt><kbd>{key}</kbd></dt><dd>{what}</dd></>)}
        </dl>
        <label class="tick"><input type="checkbox" checked={checked} onChange={(e) => change(e.currentTarget.checked)} /> Shortcuts are on</label>
        <form method="dialog"><button>Close</button></form>
      </dialog>
    </>
  );
}
