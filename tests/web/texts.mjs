// Text in the browser.
import { copies, fill, note, press, seed } from "./forms.mjs";

const GREEDY = { temperature: 0, seed: 7, max_tokens: 24 };
const ANSWER = "#panel-text .turn.assistant p";
const CAPITAL = "What is the capital of France?";

export async function streamsText(page) {
  await fill(page, "text", CAPITAL, GREEDY);
  const noted = await note(page, ANSWER);
  await press(page, "text", "Send");
  return { seed: await seed(page, "text"), texts: await noted() };
}

/** Two questions, then both copied forms of the second. */
export async function converses(page) {
  await fill(page, "text", CAPITAL, GREEDY);
  await press(page, "text", "Send");
  await seed(page, "text");
  await page.locator("#text-prompt").fill("And of Italy?");
  await page.keyboard.press("Enter");
  await page.locator("#panel-text .turn").nth(3).waitFor();
  const answer = await seed(page, "text").then(() => page.locator("#panel-text .turn p").nth(3).textContent());
  return { answer, ...(await copies(page, "text")) };
}

/** A request by keyboard alone, from the tabs on. */
export async function worksByKeyboard(page) {
  await page.goto("/");
  await page.locator("#text-prompt").waitFor();
  await page.locator("#tab-text").focus();
  for (const key of ["ArrowRight", "ArrowLeft"]) await page.keyboard.press(key);
  for (let tabs = 0; tabs < 8; tabs++) {
    if (await page.evaluate(() => document.activeElement.id === "text-prompt")) break;
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("Say hi.");
  await page.keyboard.press("Enter");
  return seed(page, "text");
}

/** An answer is there after a reload, can be opened, and is gone once the history is cleared. */
export async function remembers(page) {
  await fill(page, "text", CAPITAL, GREEDY);
  await press(page, "text", "Send");
  await seed(page, "text");
  await page.reload();
  await page.locator(".entry").click();
  const opened = await page.locator(ANSWER).textContent();
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Clear history" }).click();
  await page.locator(".entry").waitFor({ state: "detached" });
  await page.reload();
  await page.locator("#text-prompt").waitFor();
  return { opened, left: await page.locator(".entry").count() };
}

/** How many of many earlier results are left after one more. */
export async function forgetsTheOldest(page) {
  await page.goto("/");
  await page.locator("#text-prompt").waitFor();
  await page.evaluate(async () => {
    const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const store = (await done(indexedDB.open("generation"))).transaction("results", "readwrite").objectStore("results");
    for (let id = 1; id <= 60; id++) {
      await done(store.put({ id, kind: "text", prompt: `old ${id}`, values: {}, files: {}, turns: [], pictures: [] }));
    }
  });
  await fill(page, "text", "Say hi.", GREEDY);
  await press(page, "text", "Send");
  await page.locator(".entry").first().getByText("Say hi.").waitFor();
  const prompts = await page.locator(".entry span").allTextContents();
  return { count: prompts.length, newest: prompts[0], oldest: prompts.at(-1) };
}
