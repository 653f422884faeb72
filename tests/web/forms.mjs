// What scenarios share: a mode opened, its form filled, its result waited for.

/** Opens a mode and fills its prompt and parameters: {width: 128}. */
export async function fill(page, mode, prompt, parameters = {}) {
  await page.goto(`/#${mode}`);
  await page.locator(`#${mode}-prompt`).fill(prompt);
  for (const [name, value] of Object.entries(parameters)) {
    const field = page.locator(`#${mode}-${name}`);
    const options = await field.evaluate((element) => element.tagName === "SELECT");
    await (options ? field.selectOption(String(value)) : field.fill(String(value)));
  }
}

/** What belongs to a mode's panel. */
export const panel = (page, mode) => page.locator(`#panel-${mode}`);

export const press = (page, mode, name) => panel(page, mode).getByRole("button", { name, exact: true }).click();

/** Waits for the seed of a complete result. */
export async function seed(page, mode) {
  return Number(await panel(page, mode).locator("output").textContent());
}

/** Notes each new value of an attribute (or the text) of what a selector finds, from now on. */
export async function note(page, selector, attribute) {
  await page.evaluate(
    ([selector, attribute]) => {
      const noted = (globalThis.noted = []);
      const look = () => {
        const element = document.querySelector(selector);
        const value = element && (attribute ? element.getAttribute(attribute) : element.textContent);
        if (value && value !== noted.at(-1)) noted.push(value);
      };
      const all = { subtree: true, childList: true, attributes: true, characterData: true };
      new MutationObserver(look).observe(document.body, all);
    },
    [selector, attribute],
  );
  return () => page.evaluate(() => globalThis.noted);
}

/** The size of a picture once it is decoded. */
export async function size(picture) {
  return picture.evaluate(async (image) => {
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  });
}

/** The request as both of its copied forms. */
export async function copies(page, mode) {
  const copied = {};
  for (const name of ["curl", "Python"]) {
    await press(page, mode, `Copy as ${name}`);
    await panel(page, mode).getByText(`Copied as ${name}.`).waitFor();
    copied[name] = await page.evaluate(() => navigator.clipboard.readText());
  }
  return copied;
}
