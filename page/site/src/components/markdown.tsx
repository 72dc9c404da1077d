// Markdown as elements: marked reads it into tokens, and each token becomes a node here. What the text holds of HTML is
// shown as text; formulas between dollar signs are typeset by KaTeX, which is fetched when there is one.
import { Lexer, Marked, type Token, type Tokens, type TokenizerAndRendererExtension } from "marked";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { webAddress } from "../format";

const LONGEST = 200_000; // characters of one text that are read

const inlineMath: TokenizerAndRendererExtension = {
  name: "math",
  level: "inline",
  start: (source) => source.indexOf("$"),
  tokenizer(source) {
    const match = /^\$\$([^$]{1,4000})\$\$|^\$(?![\s\d][^$]*\s\d)([^$\s](?:[^$]{0,2000}?[^$\s\\])?)\$(?!\d)/.exec(source);
    if (!match) return undefined;
    return { type: "math", raw: match[0], text: match[1] ?? match[2] ?? "", display: match[1] !== undefined };
  },
};

const reader = new Marked({ gfm: true, extensions: [inlineMath] });

function lex(text: string): Token[] {
  return new Lexer(reader.defaults).lex(text.slice(0, LONGEST));
}

interface Katex {
  render: (tex: string, element: HTMLElement, options: object) => void;
}
let katex: Promise<Katex> | null = null;

function loadKatex(): Promise<Katex> {
  katex ??= Promise.all([import("katex"), import("katex/dist/katex.min.css")]).then(([m]) => m.default as Katex);
  return katex;
}

/// A formula. Its source stays visible until it is typeset, and where it cannot be.
export function Maths({ tex, display = false }: { tex: string; display?: boolean }) {
  const ref = useRef<HTMLSpanElement>(null);
  const [engine, setEngine] = useState<Katex | null>(null);
  useEffect(() => {
    let wanted = true;
    loadKatex().then((k) => wanted && setEngine(() => k), () => {});
    return () => {
      wanted = false;
    };
  }, []);
  useLayoutEffect(() => {
    if (!engine || !ref.current) return;
    try {
      engine.render(tex, ref.current, { displayMode: display, throwOnError: false, strict: "ignore", trust: false, maxSize: 20, maxExpand: 500 });
    } catch {
      ref.current.textContent = tex;
    }
  }, [engine, tex, display]);
  // The key makes a new element once KaTeX owns what is inside.
  return <span key={engine ? "set" : "source"} ref={ref} class={display ? "maths display" : "maths"}>{engine ? null : tex}</span>;
}

export interface MarkdownOptions {
  /// Level of the text's topmost headings on the page, whatever their level in the text.
  level?: number;
  /// Level of the topmost headings in the text.
  top?: number;
  /// Address of an image, null where there is none to show.
  image?: (href: string) => string | null;
}

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name]!);
}

function inline(tokens: Token[] | undefined, options: MarkdownOptions): ComponentChildren {
  return (tokens ?? []).map((token) => {
    switch (token.type) {
      case "strong":
        return <strong>{inline(token.tokens, options)}</strong>;
      case "em":
        return <em>{inline(token.tokens, options)}</em>;
      case "del":
        return <del>{inline(token.tokens, options)}</del>;
      case "codespan":
        return <code>{unescaped((token as Tokens.Codespan).text)}</code>;
      case "br":
        return <br />;
      case "math":
        return <Maths tex={token.text as string} display={token.display as boolean} />;
      case "link": {
        const url = webAddress(token.href as string);
        return url === null ? <span>{inline(token.tokens, options)}</span> : <a href={url} rel="noreferrer">{inline(token.tokens, options)}</a>;
      }
      case "image": {
        const url = options.image?.(token.href as string) ?? null;
        return url === null ? <span class="small">[figure: {token.text}]</span> : <img src={url} alt={token.text as string} loading="lazy" />;
      }
      case "text":
        return "tokens" in token && token.tokens ? inline(token.tokens, options) : unescaped((token as Tokens.Text).text);
      case "escape":
        return (token as Tokens.Escape).text;
      default:
        return token.raw;
    }
  });
}

function block(token: Token, options: MarkdownOptions): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const level = Math.min(6, Math.max(1, (token as Tokens.Heading).depth - (options.top ?? 1) + (options.level ?? 2)));
      const Tag = `h${level}` as "h3";
      return <Tag>{inline(token.tokens, options)}</Tag>;
    }
    case "paragraph":
      return <p>{inline(token.tokens, options)}</p>;
    case "text":
      return <>{"tokens" in token && token.tokens ? inline(token.tokens, options) : unescaped((token as Tokens.Text).text)}</>;
    case "code":
      return <pre tabIndex={0} aria-label="Code"><code>{(token as Tokens.Code).text}</code></pre>;
    case "blockquote":
      return <blockquote>{blocks(token.tokens ?? [], options)}</blockquote>;
    case "hr":
      return <hr />;
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item) => <li>{blocks(item.tokens, options)}</li>);
      return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table": {
      const table = token as Tokens.Table;
      // Regions need names of their own: the columns, and the first row for tables of the same columns.
      const columns = table.header.map((cell) => cell.text).filter((text) => text !== "").join(", ");
      const name = `Table: ${columns}${table.rows[0]?.[0] ? `; from ${table.rows[0][0].text}` : ""}`;
      return (
        <div class="scroll" tabIndex={0} role="region" aria-label={name}>
          <table>
            <thead><tr>{table.header.map((cell) => <th scope="col">{inline(cell.tokens, options)}</th>)}</tr></thead>
            <tbody>{table.rows.map((row) => <tr>{row.map((cell) => <td>{inline(cell.tokens, options)}</td>)}</tr>)}</tbody>
          </table>
        </div>
      );
    }
    default:
      return <p>{token.raw}</p>;
  }
}

function blocks(tokens: Token[], options: MarkdownOptions): ComponentChildren {
  return tokens.map((token) => block(token, options));
}

export function Markdown({ text, level, image }: { text: string } & MarkdownOptions) {
  const tokens = lex(text);
  const depths = tokens.filter((t): t is Tokens.Heading => t.type === "heading").map((t) => t.depth);
  const options: MarkdownOptions = { top: Math.min(6, ...depths), ...(level === undefined ? {} : { level }), ...(image === undefined ? {} : { image }) };
  return <div class="prose" dir="auto">{blocks(tokens, options)}</div>;
}
