// A figure of a run: drawn by Vega when it comes into view, without eval, in the theme of the page.
import { useEffect, useRef, useState } from "preact/hooks";

import { server } from "../api/server";
import type { FigureRef } from "../api/types";
import { useTheme } from "../theme";

type Spec = Record<string, unknown> & { width?: number; height?: number; description?: string; usermeta?: { offprint?: { aspect?: number | null; kind?: string } } };

// The figure in its place's width, the ratio kept where the figure asks for it (the complex plane, images).
function fitted(spec: Spec, available: number): Spec {
  const out: Spec = { ...spec };
  const { aspect, kind } = spec.usermeta?.offprint ?? {};
  if (aspect) {
    const margin = kind === "images" ? 16 : 165; // axes and colour legend
    out.width = Math.max(140, Math.min(spec.width ?? 560, available - margin));
    if (available < 480 && kind !== "images") out.width = Math.max(140, Math.min(spec.width ?? 560, available - 75));
    out.height = Math.round(out.width * aspect);
  } else {
    out.width = Math.max(160, Math.min(available, 760));
    out.height = Math.min(spec.height ?? 340, Math.round(out.width * 0.75));
    out.autosize = { type: "fit", contains: "padding" };
  }
  delete out.title; // the page's own heading says it
  return out;
}

interface Layer { mark?: unknown; encoding?: Record<string, { type?: string }>; params?: unknown[] }

type Mark = string | { type: string; clip?: boolean };
// What is moved out of the frame is not drawn over the axes.
const clipped = (mark: unknown) => ({ ...(typeof mark === "string" ? { type: mark } : (mark as Exclude<Mark, string>)), clip: true });

// Dragging and the wheel (with Ctrl) move and magnify a plot whose two axes are quantitative; twice clicking goes back.
function zoomable(spec: Spec): Spec {
  const kind = spec.usermeta?.offprint?.kind ?? "";
  if (/heat|image|bar|histogram/.test(kind)) return spec;
  const layers = spec.layer as Layer[] | undefined;
  const first = layers?.find((l) => l.encoding?.x?.type === "quantitative" && l.encoding?.y?.type === "quantitative");
  const param = { name: "zoom", select: { type: "interval", zoom: "wheel![event.ctrlKey]" }, bind: "scales" };
  if (layers && first) {
    return { ...spec, layer: layers.map((l) => ({ ...l, ...(l.mark ? { mark: clipped(l.mark) } : {}), ...(l === first ? { params: [...(l.params ?? []), param] } : {}) })) };
  }
  const encoding = spec.encoding as Layer["encoding"];
  if (!layers && encoding?.x?.type === "quantitative" && encoding?.y?.type === "quantitative") return { ...spec, mark: clipped(spec.mark), params: [param] };
  return spec;
}

interface Drawn {
  view: { finalize: () => void };
  finalize: () => void;
}

export function Figure({ figure, level = 3 }: { figure: FigureRef; level?: 3 | 4 }) {
  const { theme } = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  const [width, setWidth] = useState(0);
  const [spec, setSpec] = useState<Spec | null>(null);
  const [problem, setProblem] = useState("");
  const Title = `h${level}` as "h3";

  useEffect(() => {
    const node = place.current!;
    const eye = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && setSeen(true), { rootMargin: "300px" });
    eye.observe(node);
    let timer: number | undefined;
    const ruler = new ResizeObserver(() => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => setWidth(node.clientWidth), 120);
    });
    ruler.observe(node);
    setWidth(node.clientWidth);
    return () => {
      window.clearTimeout(timer);
      eye.disconnect();
      ruler.disconnect();
    };
  }, []);

  useEffect(() => {
    if (!seen) return;
    const controller = new AbortController();
    fetch(figure.spec_url, { signal: controller.signal }).then(
      async (response) => {
        if (response.status === 401) server.askForToken();
        if (!response.ok) throw new Error();
        setSpec((await response.json()) as Spec);
      },
    ).catch(() => {
      if (!controller.signal.aborted) setProblem("The figure could not be loaded.");
    });
    return () => controller.abort();
  }, [seen, figure.spec_url]);

  useEffect(() => {
    const node = place.current;
    if (!spec || !node || width === 0) return;
    let drawn: Drawn | null = null;
    let wanted = true;
    void import("../vega").then(({ draw }) => draw(node, zoomable(fitted(spec, width)), theme)).then(
      (result) => {
        if (wanted) drawn = result;
        else result.finalize();
      },
      () => wanted && setProblem("The figure cannot be drawn here; its data can be downloaded."),
    );
    return () => {
      wanted = false;
      drawn?.finalize();
    };
  }, [spec, width, theme]);

  const name = figure.name;
  return (
    <figure id={`figure-${name}`}>
      <Title class="title">{figure.title || name}</Title>
      <div class={`plot ${spec ? "" : "waiting"}`} ref={place} role="img" aria-label={spec?.description ?? figure.title} />
      {problem !== "" && <p class="problem">{problem}</p>}
      <figcaption>
        {figure.caption && <p>{figure.caption}</p>}
        <p class="downloads" role="group" aria-label={`Downloads of ${figure.title || name}`}>
          <a href={`${figure.svg_url}?theme=${theme}`} download={`${name}.svg`}>SVG</a>
          <a href={`${figure.svg_url.replace(/\.svg$/, ".png")}?theme=${theme}`} download={`${name}.png`}>PNG</a>
          <a href={figure.csv_url} download={`${name}.csv`}>Data (CSV)</a>
          <a href={figure.spec_url} download={`${name}.vl.json`}>Vega-Lite</a>
          <span class="hint">drag to move, Ctrl and wheel to magnify, double click for the whole</span>
        </p>
      </figcaption>
    </figure>
  );
}
