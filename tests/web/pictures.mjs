// Images, edits and frames in the browser.
import { copies, fill, note, panel, press, seed, size } from "./forms.mjs";

const PROMPT = "A cat wearing sunglasses";
const SMALL = { num_inference_steps: 10, width: 128, height: 64, seed: 7 };

export async function paintsAnImage(page) {
  await fill(page, "image", PROMPT, SMALL);
  const previews = await note(page, "#panel-image img.preview", "src");
  await press(page, "image", "Generate");
  const used = await seed(page, "image");
  await page.locator("#image-seed").fill("");
  await press(page, "image", "Use this seed");
  return {
    seed: used,
    reused: await page.locator("#image-seed").inputValue(),
    previews: (await previews()).length,
    size: await size(page.locator("#panel-image .stage img")),
  };
}

/** Hands a picture to the page as a drop or a paste does. */
export async function hand(page, how, base64) {
  await page.evaluate(
    ([how, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], "cat.png", { type: "image/png" }));
      const event =
        how === "drop"
          ? new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: files, bubbles: true });
      document.querySelector("#panel-edit .drop").dispatchEvent(event);
    },
    [how, base64],
  );
  await page.locator("#panel-edit .drop img").waitFor();
}

export async function edits(page, { how, picture }) {
  await fill(page, "edit", "Turn it into a painting", { num_inference_steps: 4, seed: 7 });
  await hand(page, how, picture);
  await press(page, "edit", "Edit");
  const used = await seed(page, "edit");
  const shown = await size(page.locator("#panel-edit .stage img"));
  return { seed: used, size: shown, ...(await copies(page, "edit")) };
}

export async function playsFrames(page) {
  const few = { num_frames: 3, width: 64, height: 64, num_inference_steps: 2, format: "webp", fps: 20, seed: 7 };
  await fill(page, "frames", "A spinning cube", few);
  await press(page, "frames", "Generate");
  await seed(page, "frames");
  const noted = await note(page, "#panel-frames .player img:not([hidden])", "alt");
  await page.waitForFunction(() => globalThis.noted.length > 4);
  await press(page, "frames", "Pause");
  const paused = (await noted()).length;
  await page.waitForTimeout(300);
  const later = (await noted()).length;
  const download = await panel(page, "frames").getByRole("link", { name: "Download WEBP" }).getAttribute("download");
  return { shown: [...new Set(await noted())].length, wentOn: later - paused, download };
}

/** What becomes of a page on which a file is dropped beside the place for it. */
export async function survivesADropBeside(page) {
  await fill(page, "edit", "Turn it into a painting");
  return page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File(["x"], "cat.png", { type: "image/png" }));
    const event = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
    return !document.body.dispatchEvent(event);
  });
}

/** An image that becomes the picture of an edit. */
export async function editsAnImage(page) {
  await fill(page, "image", PROMPT, SMALL);
  await press(page, "image", "Generate");
  await press(page, "image", "Edit this picture");
  return size(page.locator("#panel-edit .drop img"));
}

export async function cancels(page) {
  await fill(page, "image", PROMPT, { num_inference_steps: 150, width: 512, height: 512 });
  await press(page, "image", "Generate");
  await panel(page, "image").getByText(/Step ([3-9]|\d\d+) of 150/).waitFor();
  await press(page, "image", "Cancel");
  await panel(page, "image").getByRole("button", { name: "Generate" }).waitFor();
  return panel(page, "image").locator("form [role=status].unseen").textContent();
}

/** What stands beside each field that the service, or the page itself, did not take. */
export async function marksWrongFields(page, { prompt, parameters }) {
  await fill(page, "image", prompt, parameters);
  await press(page, "image", "Generate");
  await panel(page, "image").locator("[aria-invalid]").first().waitFor();
  return {
    focused: await page.evaluate(() => document.activeElement.id),
    errors: await panel(page, "image").evaluate((shown) =>
      Object.fromEntries(
        [...shown.querySelectorAll("[aria-invalid]")].map((field) => [
          field.id,
          field.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent).at(-1),
        ]),
      ),
    ),
  };
}
