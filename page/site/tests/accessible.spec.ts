// axe-core finds nothing on any kind of page, in both themes.
import { axe, expect, test } from "./page";

const PAGES: [string, string][] = [
  ["front page", "/"],
  ["titles only", "/?view=compact"],
  ["search", "/search?q=koopman"],
  ["empty search", "/search"],
  ["paper that runs", "/papers/sgd-stability"],
  ["paper with several tables", "/papers/gns"],
  ["planned paper", "/papers/barron-pde"],
  ["runs", "/runs"],
  ["run", "/runs/1"],
  ["comparison", "/compare?a=1&b=2"],
  ["queue", "/jobs"],
  ["subscribe", "/subscribe"],
  ["about", "/about"],
  ["no such page", "/nothing/here"],
];

for (const [name, path] of PAGES) {
  test(`axe-core: ${name}, light and dark`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator(".loading")).toHaveCount(0);
    // Everything that can be opened is opened.
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    expect(await axe(page), "light").toEqual([]);
    // Only colours differ.
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    expect(await axe(page, ["color-contrast", "link-in-text-block"]), "dark").toEqual([]);
  });
}

test("the skip link comes first and leads to the content; every page has its landmarks and one h1", async ({ page }) => {
  for (const [, path] of PAGES) {
    await page.goto(path);
    await expect(page.locator("h1")).toHaveCount(1);
    for (const role of ["banner", "main", "contentinfo", "search"] as const) await expect(page.getByRole(role)).toHaveCount(1);
  }
  await page.goto("/");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
