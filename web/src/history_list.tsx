/** Earlier results, to be opened again or forgotten. */
import { KINDS } from "./contract";
import { type Entry, MOST_ENTRIES } from "./history";
import { useAddress } from "./picture";

interface Props {
  entries: Entry[];
  open(entry: Entry): void;
  forget(entry: Entry): void;
  forgetAll(): void;
}

export function HistoryList({ entries, open, forget, forgetAll }: Props) {
  return (
    <section class="card history" aria-labelledby="history">
      <div class="actions">
        <h2 id="history">History</h2>
        {entries.length > 0 && (
          <button type="button" onClick={() => confirm("Forget everything that was made here?") && forgetAll()}>
            Clear history
          </button>
        )}
      </div>
      <p class="hint">Kept in this browser only, the newest {MOST_ENTRIES} at most.</p>
      <ul>
        {entries.map((entry) => (
          <li key={entry.id}>
            <button type="button" class="entry" onClick={() => open(entry)}>
              {entry.pictures[0] && <Thumbnail file={entry.pictures[0]} />}
              <span>
                <strong>{KINDS[entry.kind].title}</strong>
                {entry.prompt}
              </span>
            </button>
            <button type="button" class="forget" aria-label={`Forget: ${entry.prompt}`} onClick={() => forget(entry)}>
              ×
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Thumbnail({ file }: { file: Blob }) {
  return <img src={useAddress(file)} alt="" />;
}
