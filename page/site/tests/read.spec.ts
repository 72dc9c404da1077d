// What a reader does: leaf through the days, find a paper, read it, vote; by mouse, keyboard and on a phone.
import { expect, overflow, test } from "./page";

test("the front page shows the newest day, says what runs here, and goes to other spans", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\d{4}/);
  await expect(page).toHaveTitle(/\d{4} · Offprint/);
  const paper = page.locator("article.paper", { hasText: "Implicit Regularization of Dynamical Stability" }).first();
  await expect(paper.getByText("runs here")).toBeVisible();
  await expect(paper).toContainText(/of 8 claims? holds? on this machine/);
  await expect(page.locator("article.paper .state.planned").first()).toBeVisible();
  await page.getByRole("navigation", { name: "Span" }).getByRole("link", { name: "Month" }).click();
  await expect(page).toHaveURL(/\/month\/\d{4}-\d{2}-\d{2}/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^[A-Z][a-z]+ \d{4}$/);
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/day, /);
});

test("views are filtered by kind and category, the address keeps it, and the feed of the view is named", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("navigation", { name: "Which papers" }).getByRole("link", { name: "Run here" }).click();
  await expect(page).toHaveURL(/status=ready/);
  await expect(page.locator("article.paper").first()).toBeVisible();
  await expect(page.locator("article.paper .state.planned")).toHaveCount(0);
  await expect(page.locator('head link[type="application/atom+xml"][href*="status=ready"]')).toHaveCount(1);
  await page.reload();
  await expect(page.locator("article.paper .state.ready").first()).toBeVisible();
});

test("a paper is found by search, opened, and its summary, links and BibTeX are there", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("koopman");
  await expect(page).toHaveURL(/\/search\?q=koopman/);
  const first = page.locator("main article.paper").first();
  await expect(first.locator(".title")).toContainText("Koopman");
  await expect(page.locator("main mark").first()).toHaveText(/koopman/i);
  await page.keyboard.press("ArrowDown");
  await expect(first.getByRole("link", { name: /Koopman/ }).first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Limits and Powers of Koopman Learning");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(page).toHaveTitle(/Koopman Learning · Offprint/);
  await expect(page.getByRole("link", { name: /arXiv/ }).first()).toHaveAttribute("href", /arxiv\.org\/abs\/2407\.06312/);
  await page.getByText("BibTeX", { exact: true }).click();
  await expect(page.getByLabel("the BibTeX entry", { exact: true })).toContainText("2407.06312");
  await expect(page.getByRole("heading", { name: "Related papers" })).toBeVisible();
});

test("search cancels what is no longer wanted and shows the last words typed", async ({ page }) => {
  await page.goto("/search");
  await page.getByRole("searchbox").pressSequentially("hessian spectrum", { delay: 40 });
  await expect(page).toHaveURL(/q=hessian\+spectrum|q=hessian%20spectrum/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/hessian spectrum/);
  await expect(page.locator("main article.paper .title").first()).toContainText(/Hessian/i);
  await page.getByRole("searchbox").fill("zzzzqqqq-nothing");
  await expect(page.locator("main")).toContainText(/No paper fits|about/);
});

test("a vote counts once, can be taken back, and survives a reload", async ({ page }) => {
  await page.goto("/papers/gns");
  const button = page.getByRole("button", { name: /^Upvote/ });
  const before = Number(await button.innerText());
  await expect(button).toHaveAttribute("aria-pressed", "false");
  const counted = page.waitForResponse((r) => r.url().endsWith("/vote") && r.ok());
  await button.click();
  await expect(button).toHaveText(String(before + 1));
  await counted;
  await page.reload();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await button.click();
  await expect(button).toHaveText(String(before));
});

test("arrow keys leaf through the days, letters change the span, j goes to the first paper", async ({ page }) => {
  await page.goto("/");
  await expect(page.locator("article.paper").first()).toBeVisible();
  const newest = await page.getByRole("heading", { level: 1 }).innerText();
  await page.keyboard.press("w");
  await expect(page).toHaveURL(/\/week\//);
  await page.keyboard.press("d");
  await expect(page).toHaveURL(/\/day\//);
  if (await page.getByRole("link", { name: /^Earlier/ }).count()) {
    await page.keyboard.press("ArrowLeft");
    await expect(page.getByRole("heading", { level: 1 })).not.toHaveText(newest);
    await page.keyboard.press("ArrowRight");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(newest);
  }
  await expect(page.locator("article.paper").first()).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.locator("article.paper .title a").first()).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.getByLabel("Shortcuts are on").uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("w");
  await expect(page).toHaveURL(/\/day\//);
});

test("a title with markup, a very long word and right-to-left text stay text, inside their place", async ({ page }) => {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 780 });
    await page.goto("/day/2025-07-31?status=feed");
    await expect(page.getByText("<script>alert(2)</script>").first()).toBeVisible();
    expect(await page.locator("main script, main img[src=x]").count()).toBe(0);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }
  await page.getByRole("link", { name: /<script>/ }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("<script>alert(2)</script>");
  await expect(page.locator("main")).toContainText("<b>markup</b>");
  await expect(page.locator("main .katex").first()).toBeVisible();
  await expect(page.locator("main")).toContainText("a lone dollar of $5");
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});

test("what is not there says so and leads back", async ({ page }) => {
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no such page");
  await page.getByRole("main").getByRole("link", { name: "The papers" }).click();
  await expect(page.locator("article.paper").first()).toBeVisible();
});

test.describe("answers of 404", () => {
  test.use({ expected: [/404/] });
  test("an unknown paper and an unknown run", async ({ page }) => {
    await page.goto("/papers/no-such-paper");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no such paper");
    await page.goto("/runs/999999");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no run 999999");
  });
});

test.describe("a server that stops", () => {
  test.use({ expected: [/ERR_CONNECTION_REFUSED|ERR_FAILED|Failed to load resource/] });
  test("is said so, and the page comes back with it", async ({ page, context }) => {
    await page.goto("/about");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await context.route("**/api/**", (route) => route.abort());
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Papers" }).click();
    await expect(page.locator(".banner")).toContainText("does not answer");
    await context.unroute("**/api/**");
    await expect(page.locator("article.paper").first()).toBeVisible();
    await expect(page.locator(".banner")).toHaveCount(0);
  });
});

test.describe("a server that wants a token", () => {
  test.use({ expected: [/401/] });
  test("asks for it where the reader is, refuses a wrong one, and goes on with the right one", async ({ page, context }) => {
    let signedIn = false;
    await context.route("**/api/v1/**", async (route) => {
      if (signedIn) return route.continue();
      if (route.request().url().endsWith("/session")) {
        signedIn = (route.request().postDataJSON() as { token: string }).token === "the right token";
        return signedIn ? route.fulfill({ status: 204 }) : route.fulfill({ status: 401, json: { error: "this is not the access token" } });
      }
      return route.fulfill({ status: 401, json: { error: "this page asks for its access token" } });
    });
    await page.goto("/runs");
    await page.getByLabel("Access token").fill("a wrong token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText("This is not the token of this server.");
    await page.getByLabel("Access token").fill("the right token");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Runs on this machine");
    await expect(page).toHaveURL(/\/runs$/);
  });
});

test("dark mode follows the system, and the switch overrides it and is remembered", async ({ page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/");
  expect(await background()).toBe("rgb(21, 24, 28)");
  const button = page.getByRole("button", { name: /^Theme/ });
  await button.click();
  expect(await background()).toBe("rgb(255, 255, 255)");
  await page.reload();
  expect(await background()).toBe("rgb(255, 255, 255)");
  await button.click();
  await page.emulateMedia({ colorScheme: "light" });
  expect(await background()).toBe("rgb(21, 24, 28)");
  await button.click();
  expect(await background()).toBe("rgb(255, 255, 255)");
});

test("nothing is scrolled sideways on a phone", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  for (const path of ["/", "/?view=compact", "/search?q=learning", "/papers/koopman", "/papers/sgd-stability", "/runs", "/runs/1", "/compare?a=1&b=2", "/jobs", "/subscribe", "/about"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator(".loading")).toHaveCount(0);
    expect(await overflow(page), path).toBeLessThanOrEqual(0);
  }
});

test("the front page loads neither Vega nor KaTeX, and little else", async ({ page }) => {
  const scripts: string[] = [];
  page.on("response", (response) => {
    if (/\.js(\?|$)/.test(response.url())) scripts.push(response.url());
  });
  await page.goto("/");
  await expect(page.locator("article.paper").first()).toBeVisible();
  expect(scripts.filter((url) => /vega|katex/.test(url))).toEqual([]);
  expect(scripts.length).toBeLessThanOrEqual(3);
});
