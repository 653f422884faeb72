/** One parameter: its label, its input, its range, its meaning on demand, and what is wrong with it. */
import { useState } from "preact/hooks";
import { type Field as FieldOf, label, range, unset } from "./contract";

interface Props {
  id: string;
  field: FieldOf;
  value: string;
  error?: string;
  choices?: string[];
  onInput(value: string): void;
}

export function Field({ id, field, value, error, choices = field.choices, onInput }: Props) {
  const [explained, setExplained] = useState(false);
  const about = `${id}-about`;
  return (
    <div class="field">
      <label for={id}>{label(field.name)}</label>
      <button
        type="button"
        class="about-button"
        aria-label={`About ${label(field.name)}`}
        aria-expanded={explained}
        aria-controls={about}
        onClick={() => setExplained(!explained)}
      >
        ?
      </button>
      <Input {...{ id, field, value, error, choices, onInput }} />
      <p class="hint" id={`${id}-hint`}>
        {field.type === "array" ? "one a line" : range(field)}
      </p>
      <p class="about" id={about} hidden={!explained}>
        {field.description}
      </p>
      <FieldError id={id} error={error} />
    </div>
  );
}

function Input({ id, field, value, error, choices, onInput }: Props) {
  const common = {
    id,
    value,
    "aria-invalid": error ? true : undefined,
    "aria-describedby": `${id}-hint ${id}-error`,
    onInput: (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value),
  };
  if (choices) {
    return (
      <select {...common}>
        <option value="">{unset(field)}</option>
        {choices.filter((choice) => choice !== field.default).map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  if (field.type === "array" || field.maxLength) return <textarea {...common} rows={2} placeholder={unset(field)} />;
  // Not type="number": it keeps what it cannot read to itself, and scrolling over it changes it.
  const keyboard = field.type === "integer" ? "numeric" : field.type === "number" ? "decimal" : "text";
  return <input {...common} inputMode={keyboard} placeholder={unset(field)} autocomplete="off" />;
}

export function FieldError({ id, error }: { id: string; error?: string }) {
  return (
    <p class="error" id={`${id}-error`}>
      {error}
    </p>
  );
}
