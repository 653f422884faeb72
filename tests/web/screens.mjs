// Pictures of the page for the documentation.
import { fill, press, seed } from "./forms.mjs";
import { hand } from "./pictures.mjs";

const VERBS = { text: "Send", image: "Generate", edit: "Edit", frames: "Generate" };

/** A mode with a result, as a PNG file. */
export async function shows(page, { mode, prompt, parameters, picture, path }) {
  await fill(page, mode, prompt, parameters);
  if (picture) await hand(page, "drop", picture);
  await press(page, mode, VERBS[mode]);
  await seed(page, mode);
  await page.locator(".entry").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path });
}

/** Fields that the service did not take. */
export async function showsErrors(page, { path }) {
  await fill(page, "image", " ", { width: 100, guidance_scale: 31 });
  await press(page, "image", "Generate");
  await page.locator("[aria-invalid]").first().waitFor();
  await page.screenshot({ path });
}
