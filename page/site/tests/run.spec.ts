// What runs: checking claims with live progress, a method on one's own data, the record.
import { expect, test } from "./page";

test.describe.configure({ mode: "default" });

test("a claim is checked and its verdict appears, with the run it comes from", async ({ page }) => {
  await page.goto("/papers/sgd-stability");
  const claim = page.locator("#claim-S1");
  await claim.getByRole("button", { name: "Check S1" }).click();
  const job = page.getByRole("region", { name: /check S1/ });
  await expect(job.locator(".jobstate")).toHaveText("finished", { timeout: 20_000 });
  await expect(job).toContainText("S1");
  await expect(claim.locator(".badge")).toContainText("holds");
  await expect(claim.getByRole("link", { name: /^run \d+$/ })).toBeVisible();
  await claim.getByRole("button", { name: /All 4 criteria/ }).click();
  await expect(claim.getByRole("table", { name: /Criteria of S1/ })).toContainText("5.676·10⁻⁹ ± 0.1%");
  await page.getByRole("figure").first().scrollIntoViewIfNeeded();
  await expect(page.getByRole("figure").first().locator("svg.marks")).toBeVisible({ timeout: 20_000 });
});

test("a claim of some seconds shows its progress, its log, and can be followed from the queue", async ({ page, context }) => {
  test.setTimeout(180_000);
  const queue = await context.newPage();  // opened before the run, which is not to end meanwhile
  await queue.goto("/jobs");
  await page.bringToFront();
  await page.goto("/papers/sgd-stability");
  const claim = page.locator("#claim-S4");
  await claim.getByRole("button", { name: "Check S4" }).click();
  await expect(claim.getByRole("progressbar")).toBeVisible();
  const job = page.getByRole("region", { name: /check S4/ });
  await expect(job.getByRole("progressbar")).toHaveAttribute("aria-valuenow", /\d+/, { timeout: 20_000 });
  await expect(page.getByRole("navigation", { name: "Main" }).locator(".count")).toHaveText(/1/);
  await expect(job.locator(".jobstate")).toHaveText("running");
  await expect(queue.getByRole("region", { name: /check S4/ })).toBeVisible();
  await queue.close();
  await expect(job.locator(".jobstate")).toHaveText("finished", { timeout: 120_000 });
  await expect(claim.locator(".badge")).toContainText(/holds|falls short|inconclusive/);
  await expect(claim.getByRole("button", { name: "Check S4" })).toBeEnabled();
});

test("a running job is cancelled, resumed, and cancelled again", async ({ page }) => {
  await page.goto("/papers/sgd-stability");
  await page.locator("#claim-S6").getByRole("button", { name: "Check S6" }).click(); // minutes, if it were let
  const job = page.getByRole("region", { name: /check S6/ });
  const state = job.locator(".jobstate");
  await expect(state).toHaveText("running", { timeout: 20_000 });
  await expect(job.getByRole("link", { name: /^run \d+$/ })).toBeVisible();
  await job.getByRole("button", { name: /^Cancel/ }).click();
  await expect(state).toHaveText("cancelled", { timeout: 20_000 });
  await job.getByRole("button", { name: /^Resume/ }).click();
  await expect(state).toHaveText("running", { timeout: 20_000 });
  await job.getByRole("button", { name: /^Cancel/ }).click();
  await expect(state).toHaveText("cancelled", { timeout: 20_000 });
});

// A rotation with two frequencies: eigenvalues on the unit circle.
function trajectory(rows: number): string {
  const lines = ["x,y"];
  for (let t = 0; t < rows; ++t) lines.push(`${Math.cos(0.3 * t).toFixed(9)},${Math.sin(0.71 * t).toFixed(9)}`);
  return `${lines.join("\n")}\n`;
}

test("Koopman runs on an uploaded table: the form checks, the command line follows, the run has a figure", async ({ page }) => {
  await page.goto("/papers/koopman");
  const form = page.getByRole("form", { name: "Run spectrum" });
  await form.getByRole("button", { name: "Run spectrum" }).click();
  await expect(form.getByText("--data is needed.")).toBeVisible();
  await expect(form.getByLabel("data", { exact: false }).first()).toBeFocused();

  await page.locator('input[type="file"][data-option="option-data"]').setInputFiles({ name: "two waves.csv", mimeType: "text/csv", buffer: Buffer.from(trajectory(400)) });
  await expect(form.getByRole("status").first()).toContainText("columns: x, y");
  const delays = form.getByLabel("delays", { exact: true });
  await delays.fill("0");
  await expect(form.getByText("0 is out of range; it must be from 1 to 100 000".replace(" 000", "\u202f000"))).toBeVisible();
  await delays.fill("10");
  const command = form.getByLabel("the command line", { exact: true });
  await expect(command).toHaveText(/^offprint run koopman spectrum --data .*two.waves\.csv'? .*--delays 10/);
  await form.getByRole("button", { name: "Run spectrum" }).click();

  const job = page.getByRole("region", { name: /run spectrum/ }).first();
  await expect(job.locator(".jobstate")).toHaveText("finished", { timeout: 45_000 });
  await job.getByRole("link", { name: /^run \d+$/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("spectrum");
  await expect(page.getByRole("heading", { name: "Results" })).toBeVisible();
  await page.getByRole("figure").first().scrollIntoViewIfNeeded();
  await expect(page.getByRole("figure").first().locator("svg.marks")).toBeVisible({ timeout: 20_000 });
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Data (CSV)" }).first().click();
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
});

test.describe("what the server refuses", () => {
  test.use({ expected: [/400/] });
  test("stands at its field", async ({ page }) => {
    await page.goto("/papers/koopman");
    const form = page.getByRole("form", { name: "Run spectrum" });
    await form.getByLabel("data", { exact: false }).first().fill("/etc/passwd");
    await form.getByRole("button", { name: "Run spectrum" }).click();
    await expect(form.locator("#option-data-problem, .form-foot .problem").filter({ hasText: /folder|allow|upload/i })).toBeVisible();
  });
});

test("two runs are compared, one is read in full", async ({ page }) => {
  await page.goto("/runs");
  await expect(page.getByRole("table")).toBeVisible();
  await page.getByLabel("Compare run 1", { exact: true }).check();
  await page.getByLabel("Compare run 2", { exact: true }).check();
  await page.getByRole("button", { name: "Compare run 1 with run 2" }).click();
  await expect(page).toHaveURL(/\/compare\?a=1&b=2/);
  await expect(page.getByRole("table", { name: "The two runs" })).toContainText("seed");
  await expect(page.getByRole("table", { name: "Claim S1 in both runs" })).toContainText("below");
  await page.goto("/runs/1");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Run 1");
  await expect(page.getByLabel("the command line", { exact: true })).toHaveText(/offprint check sgd-stability/);
  await page.getByText("Where these numbers come from").click();
  await expect(page.getByText("compiler")).toBeVisible();
});

test("a figure is magnified by Ctrl and the wheel, moved by dragging, and goes back on a double click", async ({ page }) => {
  await page.goto("/runs/1");
  const figure = page.getByRole("figure").first();
  await figure.scrollIntoViewIfNeeded();
  const marks = figure.locator("svg.marks");
  await expect(marks).toBeVisible({ timeout: 40_000 });
  // Sorted: new labels are put at the end.
  const ticks = async () => (await marks.locator(".role-axis-label text").allTextContents()).sort();
  const before = await ticks();
  expect(before.length).toBeGreaterThan(0);
  const box = (await marks.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.keyboard.down("Control");
  for (let i = 0; i < 4; ++i) await page.mouse.wheel(0, -200);
  await page.keyboard.up("Control");
  await expect.poll(ticks).not.toEqual(before);
  // What lies outside now is not drawn over the axes.
  expect(await marks.locator("g[clip-path]").count()).toBeGreaterThan(0);
  const magnified = await ticks();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
  await expect.poll(ticks).not.toEqual(magnified);
  await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
  await expect.poll(ticks).toEqual(before);
});
