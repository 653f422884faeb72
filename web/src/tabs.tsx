/** The tabs of the page, by the pattern that assistive technology knows: arrows move, one tab stop. */
import { type Kind, KINDS } from "./contract";

const ALL = Object.keys(KINDS) as Kind[];

/** The mode that the address names, so that a link can lead to each. */
export function addressed(): Kind {
  return ALL.find((kind) => `#${kind}` === location.hash) ?? "text";
}

export function Tabs({ shown, show }: { shown: Kind; show(kind: Kind): void }) {
  function onKeyDown(event: KeyboardEvent) {
    const at = ALL.indexOf(shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const kind = to === undefined ? undefined : ALL.at(to % ALL.length);
    if (!kind) return;
    event.preventDefault();
    show(kind);
    document.getElementById(`tab-${kind}`)?.focus();
  }
  return (
    <div role="tablist" aria-label="What to make" onKeyDown={onKeyDown}>
      {ALL.map((kind) => (
        <button
          key={kind}
          type="button"
          role="tab"
          id={`tab-${kind}`}
          aria-selected={kind === shown}
          aria-controls={`panel-${kind}`}
          tabIndex={kind === shown ? 0 : -1}
          onClick={() => show(kind)}
        >
          {KINDS[kind].title}
        </button>
      ))}
    </div>
  );
}
