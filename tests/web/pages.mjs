// The page as a whole: what it loads, what axe-core says of it, how it fits.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { panel } from "./forms.mjs";

const AXE = readFileSync(createRequire(new URL("../../web/package.json", import.meta.url)).resolve("axe-core/axe.min.js"), "utf8");
const MODES = ["text", "image", "edit", "frames"];

async function open(page, mode) {
  await page.goto(`/#${mode}`);
  await page.locator(`#${mode}-prompt`).waitFor();
}

/** Bytes of bodies, as compressed, until the page can be used. */
export async function loads(page) {
  await open(page, "text");
  return page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((entry) => [
      new URL(entry.name).pathname,
      entry.encodedBodySize,
    ]),
  );
}

/** The faults that axe-core finds in every mode, and how serious they are. */
export async function faults(page) {
  const found = [];
  for (const mode of MODES) {
    await open(page, mode);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const { id, impact, nodes } of violations) found.push([mode, impact, id, nodes[0].html]);
  }
  return found;
}

/** How much wider than the window each mode is. */
export async function overflow(page) {
  const wider = [];
  for (const mode of MODES) {
    await open(page, mode);
    wider.push(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
  }
  return wider;
}

/** Each parameter of a mode: its range as shown, or what can be chosen. */
export async function parameters(page, { mode }) {
  await open(page, mode);
  return panel(page, mode).evaluate((shown) =>
    Object.fromEntries(
      [...shown.querySelectorAll(".field")].map((field) => {
        const input = field.querySelector("input, select, textarea");
        const options = [...(input.options ?? [])].map((option) => option.textContent);
        return [input.id, options.length ? options : field.querySelector(".hint")?.textContent];
      }),
    ),
  );
}
