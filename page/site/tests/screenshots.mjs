// The pictures of docs/images, taken from a server that runs: node tests/screenshots.mjs http://127.0.0.1:8710 FOLDER
import { chromium } from "@playwright/test";

const [base, folder] = process.argv.slice(2);
if (!base || !folder) {
  process.stderr.write("screenshots: give the page's address and the folder to write to\n");
  process.exit(2);
}

const PICTURES = [
  { name: "page-front-light", path: "/", width: 1280, height: 900, theme: "light" },
  { name: "page-front-dark", path: "/", width: 1280, height: 900, theme: "dark" },
  { name: "page-paper", path: "/papers/sgd-stability", width: 1280, height: 900, theme: "light", at: "#claims" },
  { name: "page-figures", path: "/papers/sgd-stability", width: 1280, height: 900, theme: "light", at: "#figures", figures: true },
  { name: "page-search", path: "/search?q=spectrum", width: 1280, height: 800, theme: "light" },
  { name: "page-phone", path: "/", width: 390, height: 780, theme: "light", scale: 2 },
];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
for (const { name, path, width, height, theme, at, figures, scale } of PICTURES) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, deviceScaleFactor: scale ?? 1, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(base + path);
  await page.locator("h1").waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".loading").length === 0);
  if (at) await page.locator(at).evaluate((node) => node.scrollIntoView());
  if (figures) await page.locator("figure svg.marks").nth(1).waitFor({ timeout: 120_000 });
  if (at) await page.locator(at).evaluate((node) => node.scrollIntoView());
  // Thumbnails in view: the server draws them when they are first asked for.
  await page.waitForFunction(() => [...document.images].every((i) => i.getBoundingClientRect().top > innerHeight || i.naturalWidth > 0), undefined, { timeout: 60_000 });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await context.close();
}
await browser.close();
