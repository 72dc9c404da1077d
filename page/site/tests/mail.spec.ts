// Subscribing by e-mail, up to the confirmed address.
import { readFileSync } from "node:fs";

import { expect, test } from "./page";

test("a reader subscribes and confirms by the link in the message", async ({ page }) => {
  const inbox = process.env.OFFPRINT_TEST_INBOX;
  test.skip(inbox === undefined, "the server was started elsewhere: its mail is not kept here");
  await page.goto("/subscribe");
  await page.getByLabel("E-mail address").fill("not an address");
  await page.getByRole("button", { name: "Subscribe" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "name@example.org" })).toBeVisible();
  await page.getByLabel("E-mail address").fill("reader@example.org");
  await page.getByLabel("once a week").check();
  await page.getByLabel(/Only papers that fit/).fill("koopman");
  await page.getByRole("button", { name: "Subscribe" }).click();
  await expect(page.getByText("Nearly done.")).toBeVisible();

  let link = "";
  await expect(() => {
    const lines = readFileSync(inbox!, "utf8").trim().split("\n").filter((l) => l !== "");
    const message = lines.map((l) => JSON.parse(l) as { to: string[]; text: string }).find((m) => m.to.includes("reader@example.org"));
    // Quoted-printable: soft line ends and "=3D" undone.
    link = /https?:\/\/\S*\/subscriptions\/confirm\?token=[\w.~-]+/.exec((message?.text ?? "").replace(/=\r?\n/g, "").replace(/=3D/g, "="))?.[0] ?? "";
    expect(link).not.toBe("");
  }).toPass({ timeout: 15_000 });
  const url = new URL(link);
  await page.goto(url.pathname + url.search);
  await page.getByRole("button").first().click();
  await expect(page.locator("body")).toContainText(/confirmed|subscribed/i);
});
