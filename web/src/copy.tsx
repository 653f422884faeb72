/** Buttons that copy the request, as it would be sent now, as curl or as Python. */
import { useState } from "preact/hooks";
import type { Kind } from "./contract";
import type { Files, Json } from "./request";
import { curl, python } from "./snippets";

const FORMS = { curl, Python: python };

export function Copy({ kind, request, files }: { kind: Kind; request(): Json; files: Files }) {
  const [said, setSaid] = useState("");
  async function copy(name: keyof typeof FORMS) {
    try {
      await write(FORMS[name](kind, request(), files));
      setSaid(`Copied as ${name}.`);
    } catch (error) {
      setSaid(`Not copied: ${error instanceof Error ? error.message : error}.`);
    }
  }
  return (
    <>
      <button type="button" onClick={() => copy("curl")}>
        Copy as curl
      </button>
      <button type="button" onClick={() => copy("Python")}>
        Copy as Python
      </button>
      <span class="hint" role="status">
        {said}
      </span>
    </>
  );
}

/** Puts a text on the clipboard. Pages from a plain http address that is not this machine have the old way only. */
async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser does not allow it here");
}
