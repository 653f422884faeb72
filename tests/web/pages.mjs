// The page as a whole: what it loads, what axe-core says of it, how it fits.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fill, panel, press, seed } from "./forms.mjs";

const { resolve } = createRequire(new URL("../../web/package.json", import.meta.url));
const AXE = readFileSync(resolve("axe-core/axe.min.js"), "utf8");
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

/** What makes a mode show more than its form: an answer, errors, a player with an explained field. */
const FILLED = {
  async text(page) {
    await fill(page, "text", "Say hi.", { max_tokens: 8 });
    await press(page, "text", "Send");
    await seed(page, "text");
  },
  async image(page) {
    await fill(page, "image", " ", { width: 100 });
    await press(page, "image", "Generate");
    await panel(page, "image").locator("[aria-invalid]").first().waitFor();
  },
  async frames(page) {
    await fill(page, "frames", "A cube", { num_frames: 2, width: 64, height: 64, num_inference_steps: 1 });
    await press(page, "frames", "Generate");
    await seed(page, "frames");
    await press(page, "frames", "About Motion");
  },
};

/** The faults that axe-core finds in every mode, empty and filled, and how serious they are. */
export async function faults(page) {
  const found = [];
  for (const mode of MODES) {
    await open(page, mode);
    for (const state of ["empty", "filled"]) {
      if (state === "filled") await FILLED[mode]?.(page);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      for (const { id, impact, nodes } of violations) found.push([mode, state, impact, id, nodes[0].html]);
    }
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
