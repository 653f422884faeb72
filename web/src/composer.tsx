/** The prompt, what starts and cancels a request, and the request as curl and Python. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Bench } from "./bench";
import { Copy } from "./copy";
import { FieldError } from "./field";
import type { Json } from "./request";

interface Props {
  bench: Bench;
  /** What stands on the button that starts. */
  verb?: string;
  start(): void;
  /** The request as it would be sent now. */
  request(): Json;
  /** Fields between the prompt and the buttons. */
  children?: ComponentChildren;
}

export function Composer({ bench, verb, start, request, children }: Props) {
  const { kind, prompt, setPrompt, run, files } = bench;
  const id = `${kind}-prompt`;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (run.failure) form.current?.closest("[role=tabpanel]")?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [run.failure]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!run.running) start();
  }
  return (
    <form ref={form} class="card composer" onSubmit={(event) => event.preventDefault()}>
      {children}
      <label for={id}>Prompt</label>
      <textarea
        id={id}
        rows={3}
        value={prompt}
        aria-invalid={run.failure?.fields["prompt"] ? true : undefined}
        aria-describedby={`${id}-hint ${id}-error`}
        onInput={(event) => setPrompt(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <p class="hint" id={`${id}-hint`}>
        Enter sends, Shift+Enter makes a new line
      </p>
      <FieldError id={id} error={run.failure?.fields["prompt"]} />
      <div class="actions">
        {/* One button, so that the focus stays where it is when a run begins and ends. */}
        <button type="button" class="primary" onClick={run.running ? run.cancel : start}>
          {run.running ? "Cancel" : verb}
        </button>
        <Copy kind={kind} request={request} files={files} />
      </div>
      <p class="error" role="alert">
        {run.failure?.text}
        {run.failure && elsewhere(bench)}
      </p>
      <p class="unseen" role="status">
        {run.news}
      </p>
    </form>
  );
}

/** Violations of fields that the page does not show, so that nothing the service says is lost. */
function elsewhere({ run, fields }: Bench): string {
  const shown = new Set(["prompt", "image_base64", "mask", ...fields.map((field) => field.name)]);
  const others = Object.entries(run.failure?.fields ?? {}).filter(([name]) => !shown.has(name));
  return others.map(([name, description]) => ` ${name}: ${description}.`).join("");
}
