/** Text: a prompt, or a conversation once there was an answer; tokens appear as they are drawn. */
import { fromJson } from "@bufbuild/protobuf";
import { useEffect, useRef, useState } from "preact/hooks";
import { GenerateTextRequestSchema } from "../../gen/generation/v1/generation_pb";
import { type ModeProps, useBench } from "../bench";
import { Composer } from "../composer";
import type { Turn } from "../history";
import { Parameters } from "../parameters";
import { ResultBar } from "../picture";
import { type Json, parameters } from "../request";
import { service } from "../service";

export function TextMode(props: ModeProps) {
  const bench = useBench(props);
  const { prompt, setPrompt, values, setValues, fields, run, opened, open } = bench;
  const [id] = useState(opened?.id ?? Date.now());
  const [turns, setTurns] = useState<Turn[]>(opened?.turns ?? []);
  const sent = useRef<Json | undefined>(undefined);
  const system = values["system"] ?? "";

  function request(): Json {
    const given = parameters(values, fields);
    if (!turns.length && !system.trim()) return { prompt, ...given };
    const said = [...turns.map(({ role, content }) => ({ role, content })), { role: "user", content: prompt }];
    return { messages: system.trim() ? [{ role: "system", content: system }, ...said] : said, ...given };
  }

  async function write(signal: AbortSignal) {
    sent.current = request();
    const message = fromJson(GenerateTextRequestSchema, sent.current);
    const before: Turn[] = [...turns, { role: "user", content: prompt }];
    const answer: Turn = { role: "assistant", content: "" };
    const show = () => setTurns([...before, { ...answer }]);
    show();
    setPrompt("");
    try {
      for await (const { text, seed } of service.streamText(message, { signal })) {
        answer.content += text ?? "";
        answer.seed = seed ?? answer.seed;
        show();
      }
    } finally {
      // What was written before a cancel or a failure stays. With nothing written, nothing was said.
      if (answer.content.trim()) keep([...before, answer]);
      else {
        setTurns(turns);
        setPrompt(prompt);
      }
    }
  }

  function keep(all: Turn[]) {
    props.save({ id, kind: "text", prompt: all[0]?.content ?? "", values, files: {}, turns: all, pictures: [] });
  }

  const last = turns.at(-1);
  return (
    <>
      <div class="main">
        <section class="card stage" aria-label="Conversation">
          <Log turns={turns} busy={run.running} />
          {!run.running && last && (
            <ResultBar seed={last.seed} reuse={(seed) => setValues({ ...values, seed })}>
              <button type="button" onClick={() => open("text", { values })}>
                New conversation
              </button>
            </ResultBar>
          )}
        </section>
        <Composer
          bench={bench}
          verb="Send"
          start={() => run.start(write)}
          request={() => (!prompt.trim() && sent.current) || request()}
        />
      </div>
      <div>
        <Parameters bench={bench}>
          <div class="field wide">
            <label for="text-system">System message</label>
            <textarea
              id="text-system"
              rows={2}
              value={system}
              onInput={(event) => setValues({ ...values, system: event.currentTarget.value })}
            />
          </div>
        </Parameters>
      </div>
    </>
  );
}

const WHO = { user: "You", assistant: "Model" };

function Log({ turns, busy }: { turns: Turn[]; busy: boolean }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const log = end.current?.parentElement;
    log?.scrollTo({ top: log.scrollHeight });
  }, [turns]);
  if (!turns.length) return <p class="empty">Ask something. The answer appears here word by word.</p>;
  return (
    // Busy until the answer is complete: otherwise a screen reader would read every token by itself.
    <div class="log" role="log" aria-busy={busy} tabIndex={0} aria-label="Conversation">
      {turns.map(({ role, content }, index) => (
        <div key={index} class={`turn ${role}`}>
          <strong>{WHO[role]}</strong>
          <p>{content || "…"}</p>
        </div>
      ))}
      <div ref={end} />
    </div>
  );
}
