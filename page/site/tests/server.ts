// Starts what the browser tests talk to: the offprint command (OFFPRINT_BIN, else the release build) on a temporary
// store with a few papers from a hostile feed, and a mail server that keeps what it is given. Ends both afterwards.
// OFFPRINT_URL names a server that runs already, for work on the tests.
import { spawn, execFile, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const START_MS = 20_000;
const STOP_MS = 15_000;
const root = fileURLToPath(new URL("../../..", import.meta.url));

/// Waits for a line of output that `pattern` matches, and gives its first group.
function line(child: ChildProcess, pattern: RegExp, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const late = setTimeout(() => reject(new Error(`${name} did not start within ${START_MS / 1000} s; it said: ${text}`)), START_MS);
    const read = (piece: Buffer) => {
      text += piece.toString();
      const match = pattern.exec(text);
      if (!match) return;
      clearTimeout(late);
      resolve(match[1]!);
    };
    child.stdout!.on("data", read);
    child.stderr!.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`${name} ended with ${code}; it said: ${text}`));
    });
  });
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    child.once("exit", () => {
      clearTimeout(late);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

export const HOSTILE = "<img src=x onerror=alert(1)> & <script>alert(2)</script>";
export const LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis".repeat(5);

// A saved page of daily papers: a title, an empty line, an abstract.
const FEED = `Daily Papers

Jul 31

${HOSTILE}

The abstract holds <b>markup</b>, a formula $x^2 \\ge 0$, a lone dollar of $5, and "quotes" & entities such as &lt;.

${LONG}

${"An abstract with one very long word: " + "x".repeat(3000)}

\u0627\u0644\u062a\u0639\u0644\u0645 \u0627\u0644\u0639\u0645\u064a\u0642 with right-to-left words

A short abstract about deep learning in two directions of writing.
`;

export default async function start(): Promise<(() => Promise<void>) | void> {
  if (process.env.OFFPRINT_URL) return;
  const command = process.env.OFFPRINT_BIN ?? join(root, "build/release/bin/offprint");
  if (!existsSync(command)) throw new Error(`there is no ${command}: build the target offprint, or name the command with OFFPRINT_BIN`);
  const folder = mkdtempSync(join(tmpdir(), "offprint-site-"));
  const env = { ...process.env, OFFPRINT_STORE: join(folder, "store") };
  writeFileSync(join(folder, "feed.txt"), FEED);
  const run = promisify(execFile);
  await run(command, ["feed", "pull", "file", join(folder, "feed.txt"), "--date", "2025-07-31"], { env });
  // Two runs of one claim: something to read and compare.
  await run(command, ["check", "sgd-stability", "--claim", "S1", "--quiet"], { env });
  await run(command, ["check", "sgd-stability", "--claim", "S1", "--seed", "1", "--quiet"], { env });

  const inbox = join(folder, "inbox.jsonl");
  writeFileSync(inbox, "");
  const sink = spawn("/usr/bin/python3", [join(root, "page/site/tests/mail_sink.py"), inbox], { stdio: ["pipe", "pipe", "pipe"] });
  const mailPort = await line(sink, /port (\d+)/, "the mail sink");

  const server = spawn(command, ["serve", "--port", "0", "--smtp", `smtp://127.0.0.1:${mailPort}`, "--mail-plain", "--mail-from", "Offprint <papers@example.org>"], { env, stdio: ["ignore", "pipe", "pipe"] });
  process.env.OFFPRINT_URL = (await line(server, /(http:\/\/[^\s/]+:\d+)/, "offprint serve")).replace("localhost", "127.0.0.1");
  process.env.OFFPRINT_TEST_INBOX = inbox;
  return async () => {
    await stopped(server);
    await stopped(sink);
    rmSync(folder, { recursive: true, force: true });
  };
}
