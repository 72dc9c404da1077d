// Vega and the themes of the figures: a chunk of its own, fetched with the first figure.
import embed from "vega-embed";

import dark from "../themes/dark.json";
import light from "../themes/light.json";

/// Draws `spec` into `node`. Expressions are interpreted (`ast`), never compiled: the page's policy has no unsafe-eval.
export async function draw(node: HTMLElement, spec: object, theme: "light" | "dark") {
  const config = { ...(theme === "dark" ? dark : light), background: "transparent" };
  return embed(node, spec as never, {
    config: config as never,
    renderer: "svg",
    actions: false,
    ast: true,
    mode: "vega-lite",
    loader: { http: { credentials: "omit" } },
  });
}
