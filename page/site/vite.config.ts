// Builds the page into dist/: hashed files under assets/, index.html beside them. No inline script or data: URI font
// anywhere, so that it runs under `script-src 'self'; font-src 'self'`.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { defineConfig, type Plugin } from "vite";

// The reader's theme is set before the first paint, by a script of its own that does not wait for the others.
function themeFirst(): Plugin {
  const source = readFileSync(new URL("./src/theme-first.js", import.meta.url), "utf8");
  const name = `assets/theme-first-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.js`;
  return {
    name: "offprint-theme-first",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: name, source });
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [{ tag: "script", attrs: { src: `/${name}` }, injectTo: "head-prepend" }],
    },
  };
}

// Every browser of the last ten years reads WOFF2: KaTeX's two older formats stay out of the bundle.
function fontsAsWoff2(): Plugin {
  return {
    name: "offprint-fonts-as-woff2",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("katex") || !id.split("?")[0]!.endsWith(".css")) return null;
      return code.replace(/,url\([^)]*\.(?:woff|ttf)\)\s*format\("(?:woff|truetype)"\)/g, "");
    },
  };
}

// The server sends FILE.gz where it lies beside FILE: packed once, here.
function packed(): Plugin {
  return {
    name: "offprint-packed",
    apply: "build",
    writeBundle(options) {
      for (const entry of readdirSync(options.dir!, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|svg|html|json)$/.test(entry)) continue;
        const file = `${options.dir}/${entry}`;
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [themeFirst(), fontsAsWoff2(), packed()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200, // Vega, loaded with the first figure
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/feeds": "http://127.0.0.1:8080", "/edition": "http://127.0.0.1:8080" } },
});
