// A headless Chromium that plays scenarios: node browser.mjs CHROMIUM URL. One JSON a line comes in on stdin,
// {"scenario": name, ...}, and one goes out: {"value": what it saw, "requests": [...], "problems": [...]}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import * as pages from "./pages.mjs";
import * as pictures from "./pictures.mjs";
import * as screens from "./screens.mjs";
import * as texts from "./texts.mjs";

const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");
const scenarios = { ...pages, ...pictures, ...screens, ...texts };
const [executablePath, url] = process.argv.slice(2);
// Chromium's own sandbox does not start as root or in most containers; the pages are ours.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });

async function play({ scenario, ...given }) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: given.viewport ?? { width: 1200, height: 900 },
    colorScheme: given.colors ?? "light",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const seen = { requests: [], problems: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && seen.problems.push(message.text()));
  try {
    return { value: await scenarios[scenario](page, given), ...seen };
  } catch (error) {
    return { failed: error.stack, ...seen };
  } finally {
    await context.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await play(JSON.parse(line)))}\n`);
}
await browser.close();
