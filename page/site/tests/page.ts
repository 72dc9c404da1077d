// The page under test: every test fails on a console message of the browser that is an error, on an exception, and on a
// request to any other host. And axe-core.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { expect, test as base, type Page } from "@playwright/test";

interface Fixtures {
  /// Patterns of console errors that a test provokes on purpose.
  expected: RegExp[];
  watched: void;
}

export const test = base.extend<Fixtures>({
  expected: [[], { option: true }],
  watched: [
    async ({ page, expected, baseURL }, use) => {
      const problems: string[] = [];
      page.on("console", (message) => {
        if (message.type() !== "error" && message.type() !== "warning") return;
        const text = `${message.text()} (${message.location().url})`;
        if (!expected.some((pattern) => pattern.test(text))) problems.push(text);
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(baseURL!) && !url.startsWith("data:") && !url.startsWith("blob:")) problems.push(`request to ${url}`);
      });
      await use();
      expect(problems, "console errors, exceptions and requests to other hosts").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/// What axe-core finds wrong with the page as it is: rule, and where. `rules`: only these.
export async function axe(page: Page, rules: string[] | null = null): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (only) => {
    const { axe } = window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }> } };
    const { violations } = await axe.run(document, { resultTypes: ["violations"], ...(only ? { runOnly: only } : {}) });
    return violations.flatMap((v) => v.nodes.slice(0, 5).map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary.replace(/\s+/g, " ").slice(0, 200)}`));
  }, rules);
}

/// How far the page reaches over the right edge of the window: 0 where nothing must be scrolled sideways.
export const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
