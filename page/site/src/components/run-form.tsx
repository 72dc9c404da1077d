// The form of an action, made from the card: a field an option, checked as the command line checks it, and the command
// line that does the same.
import { useMemo, useRef, useState } from "preact/hooks";

import { ApiError, post } from "../api/client";
import type { Action, Health, Job, OptionSpec, OptionValue } from "../api/types";
import { defaultText, runCommand } from "../command-line";
import { plural } from "../format";
import { problemOf, rangeText, seedError, valueOf } from "../validate";
import { CodeBlock, sentence } from "./common";
import { FileField } from "./file-field";


// Shown at once: what must be given, and what the card's own examples use. Everything else is one click away.
function shownFirst(action: Action): Set<string> {
  const used = new Set(action.examples.flatMap((example) => [...example.matchAll(/--([a-z][a-z0-9-]*)/g)].map((m) => m[1]!)));
  const first = action.options.filter((o) => o.required || used.has(o.name));
  return new Set((first.length > 0 ? first : action.options).map((o) => o.name));
}

interface Shown {
  slug: string;
  action: Action;
  single: boolean;
  health: Health | null;
  started: (job: Job) => void;
}

export function RunForm({ slug, action, single, health, started }: Shown) {
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(action.options.map((o) => [o.name, defaultText(o)])));
  const [touched, setTouched] = useState<Set<string>>(new Set());
  const [names, setNames] = useState<Record<string, string>>({});
  const [seed, setSeed] = useState("0");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<{ option: string | null; message: string } | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const more = useRef<HTMLDetailsElement>(null);
  const first = useMemo(() => shownFirst(action), [action]);

  const change = (name: string, value: string) => {
    setValues((old) => ({ ...old, [name]: value }));
    setTouched((old) => new Set(old).add(name));
    if (refused?.option === name || refused?.option === null) setRefused(null);
  };
  const problem = (option: OptionSpec): string | null =>
    refused?.option === option.name ? refused.message : touched.has(option.name) ? problemOf(option, values[option.name] ?? "") : null;
  const seedProblem = seedError(seed);

  const focusField = (name: string) => {
    if (!first.has(name) && more.current) more.current.open = true;
    requestAnimationFrame(() => document.getElementById(`option-${name}`)?.focus());
  };

  const submit = (event: Event) => {
    event.preventDefault();
    setTouched(new Set(action.options.map((o) => o.name)));
    const wrong = action.options.find((o) => problemOf(o, values[o.name] ?? "") !== null);
    if (wrong) return focusField(wrong.name);
    if (seedProblem !== null) return document.getElementById("run-seed")?.focus();
    const options: Record<string, OptionValue> = {};
    for (const option of action.options) {
      const text = (values[option.name] ?? "").trim();
      if (text === defaultText(option)) continue;
      const value = valueOf(option, text);
      if (value !== undefined) options[option.name] = value;
    }
    setBusy(true);
    setRefused(null);
    post<Job>("/jobs", { kind: "run", paper: slug, action: action.name, options, seed: Number(seed) }).then(
      (job) => {
        setBusy(false);
        started(job);
      },
      (error: unknown) => {
        setBusy(false);
        const message = sentence(error);
        // "option --delays: ..." belongs to its field.
        const named = error instanceof ApiError && error.status === 400 ? /--([a-z][a-z0-9-]*)/.exec(message)?.[1] : undefined;
        const option = named !== undefined && action.options.some((o) => o.name === named) ? named : null;
        setRefused({ option, message });
        if (option !== null) focusField(option);
      },
    );
  };

  const field = (option: OptionSpec) => {
    const wrong = problem(option);
    return (
      <Field key={option.name} option={option} value={values[option.name] ?? ""} problem={wrong} health={health} change={(v) => change(option.name, v)} uploaded={(u) => setNames((old) => ({ ...old, [u.value]: u.name }))} />
    );
  };
  const upFront = action.options.filter((o) => first.has(o.name));
  const others = action.options.filter((o) => !first.has(o.name));
  const command = runCommand(slug, action, single, values, names, seed);

  return (
    <form ref={form} class="fields run-form" noValidate onSubmit={submit} aria-label={`Run ${action.name}`}>
      <p class="help">{action.help}</p>
      <div class="field-grid">{upFront.map(field)}</div>
      {others.length > 0 && (
        <details ref={more} class="more-options">
          <summary>{plural(others.length, "more option")}</summary>
          <div class="field-grid">{others.map(field)}</div>
        </details>
      )}
      <div class="form-foot">
        <div class="field seed">
          <label for="run-seed">seed</label>
          <input id="run-seed" inputMode="numeric" value={seed} aria-invalid={seedProblem !== null} onInput={(e) => setSeed(e.currentTarget.value.trim())} />
        </div>
        <button class="primary" disabled={busy}>{busy ? "Starting" : `Run ${action.name}`}</button>
        {refused && refused.option === null && <p class="problem" role="alert">{refused.message}</p>}
        {seedProblem && <p class="problem" role="alert">{seedProblem}</p>}
      </div>
      <div>
        <p class="label">The same in a terminal</p>
        <CodeBlock code={command} what="the command line" />
      </div>
      {action.examples.length > 0 && (
        <details class="examples">
          <summary>Examples from the card</summary>
          {action.examples.map((example) => <CodeBlock key={example} code={example} what="an example" />)}
        </details>
      )}
    </form>
  );
}

interface FieldShown {
  option: OptionSpec;
  value: string;
  problem: string | null;
  health: Health | null;
  change: (value: string) => void;
  uploaded: (upload: { value: string; name: string }) => void;
}

function Field({ option, value, problem, health, change, uploaded }: FieldShown) {
  const id = `option-${option.name}`;
  const describedBy = `${id}-help ${id}-problem`;
  const range = rangeText(option);
  const hints = [range, option.type === "ints" || option.type === "reals" ? "several: separated by commas" : ""].filter((h) => h !== "").join("; ");
  const common = { id, "aria-describedby": describedBy, "aria-invalid": problem !== null, "aria-required": option.required };
  const input = () => {
    switch (option.type) {
      case "choice":
        return (
          <select {...common} value={value} onChange={(e) => change(e.currentTarget.value)}>
            {(option.default === null || option.default === undefined) && <option value="">{option.required ? "choose" : "not set"}</option>}
            {option.choices?.map((c) => <option key={c} value={c}>{c}</option>)}
          </select>
        );
      case "flag":
        return null;
      case "path":
      case "paths":
        return <FileField id={id} many={option.type === "paths"} value={value} describedBy={describedBy} invalid={problem !== null} required={option.required} health={health} change={change} uploaded={uploaded} />;
      default:
        return <input {...common} type="text" inputMode={option.type === "int" ? "numeric" : option.type === "real" ? "decimal" : "text"} spellcheck={false} autocomplete="off" value={value} placeholder={option.default === null || option.default === undefined ? "" : `default ${defaultText(option)}`} onInput={(e) => change(e.currentTarget.value)} />;
    }
  };
  const wide = option.type === "path" || option.type === "paths";
  return (
    <div class={`field ${wide ? "wide" : ""}`}>
      {option.type === "flag" ? (
        <label class="tick"><input {...common} type="checkbox" checked={value === "true"} onChange={(e) => change(e.currentTarget.checked ? "true" : "false")} /> {option.name}</label>
      ) : (
        <label for={id}>{option.name}{option.required && <span class="needed"> needed</span>}</label>
      )}
      {input()}
      <p id={`${id}-help`} class="small">{option.help}{hints !== "" && <span class="range"> ({hints})</span>}</p>
      <p id={`${id}-problem`} class="problem" role={problem !== null ? "alert" : undefined}>{problem}</p>
    </div>
  );
}
