/** A picture, its download, and what can be done with a result. */
import { useEffect, useMemo } from "preact/hooks";
import type { ComponentChildren } from "preact";

/** An address for a file that lives as long as the component shows it. */
export function useAddress(file?: Blob): string | undefined {
  const address = useMemo(() => file && URL.createObjectURL(file), [file]);
  useEffect(() => () => address && URL.revokeObjectURL(address), [address]);
  return address;
}

export function Picture({ file, alt, preview = false }: { file: Blob; alt: string; preview?: boolean }) {
  return <img src={useAddress(file)} alt={alt} class={preview ? "preview" : ""} />;
}

export function Download({ file, name }: { file: Blob; name: string }) {
  return (
    <a class="button" href={useAddress(file)} download={name}>
      Download {name.split(".").pop()?.toUpperCase()}
    </a>
  );
}

interface ResultBarProps {
  seed?: number;
  reuse(seed: string): void;
  children?: ComponentChildren;
}

/** What stands below a result: its seed, to be taken over, and what else can be done with it. */
export function ResultBar({ seed, reuse, children }: ResultBarProps) {
  return (
    <div class="actions">
      {seed !== undefined && (
        <>
          <span>
            Seed <output>{seed}</output>
          </span>
          <button type="button" onClick={() => reuse(String(seed))}>
            Use this seed
          </button>
        </>
      )}
      {children}
    </div>
  );
}
