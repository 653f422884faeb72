/** The page: one tab for each kind of request, and what was made before. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Kind, KINDS } from "./contract";
import { type Entry, entries as readEntries, forget, forgetAll, keep } from "./history";
import { HistoryList } from "./history_list";
import { FramesMode } from "./modes/frames";
import { PictureMode } from "./modes/pictures";
import { TextMode } from "./modes/text";
import { useOffer } from "./offer";
import { addressed, Tabs } from "./tabs";
import { Theme } from "./theme";

const MODES = { text: TextMode, image: PictureMode, edit: PictureMode, frames: FramesMode };

/** What a mode starts from; a new number starts it anew. */
type Starts = Partial<Record<Kind, { number: number; entry: Partial<Entry> }>>;

function App() {
  const { contract, offer, problem } = useOffer();
  const [shown, setShown] = useState(addressed());
  const [starts, setStarts] = useState<Starts>({});
  const [entries, setEntries] = useState<Entry[]>([]);
  // A browser may forbid it (private windows): then there is no history.
  const refresh = () => readEntries().then(setEntries, () => {});
  useEffect(() => void refresh(), []);
  useEffect(() => {
    const follow = () => setShown(addressed());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  function show(kind: Kind) {
    history.replaceState(null, "", `#${kind}`);
    setShown(kind);
  }
  function open(kind: Kind, entry: Partial<Entry>) {
    setStarts((now) => ({ ...now, [kind]: { number: (now[kind]?.number ?? 0) + 1, entry } }));
    show(kind);
  }

  return (
    <>
      <header>
        <h1>Generation service</h1>
        <Tabs shown={shown} show={show} />
        <a href="/docs">REST API</a>
        <Theme />
      </header>
      <main>
        {problem && (
          <p class="card error" role="alert">
            {problem} Trying again.
          </p>
        )}
        {!offer && !problem && <p class="empty">Loading</p>}
        {contract &&
          offer &&
          (Object.keys(KINDS) as Kind[]).map((kind) => {
            const Mode = MODES[kind];
            const start = starts[kind];
            const { title, makes } = KINDS[kind];
            const model = offer.models.find(({ modality }) => modality === makes);
            return (
              <div key={kind} role="tabpanel" id={`panel-${kind}`} aria-label={title} hidden={kind !== shown}>
                <p class="model">
                  {model ? `${model.name}, ${model.state}, on ${model.device}` : `No ${makes} model is served.`}
                </p>
                <Mode
                  key={start?.number}
                  kind={kind}
                  fields={contract[kind]}
                  offer={offer}
                  active={kind === shown}
                  opened={start?.entry}
                  save={(entry) => void keep(entry).then(refresh, () => {})}
                  open={open}
                />
              </div>
            );
          })}
        <HistoryList
          entries={entries}
          open={(entry) => open(entry.kind, entry)}
          forget={(entry) => void forget(entry.id).then(refresh)}
          forgetAll={() => void forgetAll().then(refresh)}
        />
      </main>
    </>
  );
}

// A file that misses the place for it would otherwise replace the page, and what was made with it.
for (const name of ["dragover", "drop"] as const) {
  addEventListener(name, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
}
render(<App />, document.body);
