/** Takes a picture that is dropped, pasted or chosen. */
import { useEffect, useState } from "preact/hooks";
import { FieldError } from "./field";
import { Picture } from "./picture";

interface Props {
  id: string;
  title: string;
  hint: string;
  file?: File;
  error?: string;
  /** Whether it takes what is pasted anywhere on the page. */
  pastes?: boolean;
  onFile(file: File | undefined): void;
}

/** What the service reads; it says so itself of anything else. */
const KINDS = "image/png,image/jpeg,image/webp";

export function Dropzone({ id, title, hint, file, error, pastes, onFile }: Props) {
  const [over, setOver] = useState(false);
  const take = (files?: FileList | null) => files?.[0] && onFile(files[0]);
  useEffect(() => {
    if (!pastes) return;
    const paste = (event: ClipboardEvent) => take(event.clipboardData?.files);
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  });
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      {file && <Picture file={file} alt={`${title}: ${file.name}`} />}
      <div>
        <div class="actions">
          <input
            id={id}
            class="unseen"
            type="file"
            accept={KINDS}
            aria-invalid={error ? true : undefined}
            aria-describedby={`${id}-hint ${id}-error`}
            onChange={(event) => {
              take(event.currentTarget.files);
              event.currentTarget.value = ""; // the same file can be chosen again
            }}
          />
          <label class="button" for={id}>
            {title}
          </label>
          {file && (
            <button type="button" aria-label={`Remove: ${title}`} onClick={() => onFile(undefined)}>
              Remove
            </button>
          )}
        </div>
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
        <FieldError id={id} error={error} />
      </div>
    </div>
  );
}
