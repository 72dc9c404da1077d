// Renders one Vega-Lite figure to SVG:
//   node render-figure.mjs [--theme light|dark] [--width PIXELS] < spec.json > figure.svg
// A bad specification or option gets one sentence on stderr and exit code 2.
import { readFileSync } from "node:fs";

import * as vega from "vega";
import * as vegaLite from "vega-lite";

function fail(sentence) {
  process.stderr.write(`render-figure: ${sentence}\n`);
  process.exit(2);
}

function options(args) {
  const out = { theme: "light", width: null };
  for (let i = 0; i < args.length; i += 2) {
    const [name, value] = [args[i], args[i + 1]];
    if (name === "--theme" && (value === "light" || value === "dark")) out.theme = value;
    else if (name === "--theme") fail(`--theme is light or dark, not '${value ?? ""}'`);
    else if (name === "--width" && Number(value) >= 50 && Number(value) <= 10000) out.width = Math.round(Number(value));
    else if (name === "--width") fail(`--width is a number of pixels from 50 to 10000, not '${value ?? ""}'`);
    else fail(`unknown option '${name}'; known: --theme light|dark, --width PIXELS`);
  }
  return out;
}

// A new width keeps the height, or the ratio of both where the figure asks for it (the complex plane, images).
function resized(spec, width) {
  if (width === null) return { ...spec };
  const aspect = spec.usermeta?.offprint?.aspect;
  return { ...spec, width, ...(aspect ? { height: Math.round(width * aspect) } : {}) };
}

// Advance widths of DejaVu Sans for the characters 32..126, in hundredths of the font size. Without them Vega assumes
// 0.8 of the size for each character and leaves out axis labels that would fit.
const WIDTHS = [
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84,
  84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39,
  34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59,
  52, 64, 34, 64, 84,
];

function textWidth(text, size, bold) {
  let sum = 0;
  for (const c of String(text ?? "")) {
    const code = c.codePointAt(0);
    if (code >= 32 && code <= 126) sum += WIDTHS[code - 32];
    else if (code === 0x2212 || code === 0xb1) sum += 84; // minus, plus-minus
    else if ((code >= 0x2070 && code <= 0x208e) || code === 0xb2 || code === 0xb3 || code === 0xb9) sum += 40; // small digits
    else sum += code > 0x2fff ? 100 : 66;
  }
  return ((sum * size) / 100) * (bold ? 1.12 : 1);
}

vega.textMetrics.width = (item, text) => {
  const width = textWidth(text, item.fontSize ?? 11, item.fontWeight === "bold" || item.fontWeight >= 600);
  return item.limit > 0 ? Math.min(width, item.limit) : width;
};

// A long title goes over several lines.
function titleLines(title, width, size) {
  const lines = [""];
  for (const word of title.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (lines.at(-1) !== "" && textWidth(longer, size, true) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// Warnings (an unknown property, say) do not reach stdout; what Vega calls an error fails the rendering.
function logger() {
  const problems = [];
  const self = {
    problems,
    level: () => self,
    error: (...message) => (problems.push(message.join(" ")), self),
    warn: () => self,
    info: () => self,
    debug: () => self,
  };
  return self;
}

// A figure holds its data and its pictures: nothing is fetched from a file or the network.
function closedLoader() {
  const loader = vega.loader();
  const refuse = (uri) => Promise.reject(new Error(`it asks for '${String(uri).slice(0, 80)}', but a figure holds its own data`));
  const sanitize = loader.sanitize.bind(loader);
  loader.sanitize = (uri, opts) => (String(uri).startsWith("data:image/") ? sanitize(uri, opts) : refuse(uri));
  loader.load = refuse;
  return loader;
}

async function main() {
  const { theme, width } = options(process.argv.slice(2));
  let spec;
  try {
    spec = JSON.parse(readFileSync(0, "utf8"));
  } catch (error) {
    fail(`standard input is not JSON: ${error.message}`);
  }
  if (spec === null || typeof spec !== "object" || Array.isArray(spec)) fail("standard input is not a Vega-Lite specification: it must be a JSON object");
  const config = JSON.parse(readFileSync(new URL(`themes/${theme}.json`, import.meta.url), "utf8"));
  const log = logger();
  const sized = resized(spec, width);
  if (typeof sized.title === "string" && sized.width > 0) {
    sized.title = titleLines(sized.title, sized.width, config.title.fontSize);
  }
  const compiled = vegaLite.compile(sized, { config, logger: log }).spec;
  const elsewhere = (compiled.data ?? []).find((data) => data.url !== undefined);
  if (elsewhere) throw new Error(`it asks for '${String(elsewhere.url).slice(0, 80)}', but a figure holds its own data`);
  const view = new vega.View(vega.parse(compiled), { renderer: "none", loader: closedLoader(), logger: log });
  const svg = await view.toSVG();
  if (log.problems.length > 0) throw new Error(log.problems[0]);
  process.stdout.write(`${svg}\n`);
}

main().catch((error) => {
  const reason = error instanceof TypeError ? `Vega-Lite does not understand it (${error.message})` : error.message;
  fail(`the specification cannot be drawn: ${String(reason).split("\n")[0]}`);
});
