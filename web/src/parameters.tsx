/** The parameters of a kind of request, with the names that the service offers for styles and models. */
import type { ComponentChildren } from "preact";
import type { Bench } from "./bench";
import { KINDS, label } from "./contract";
import { Field } from "./field";

/** Children are further fields, which come first. */
export function Parameters({ bench, children }: { bench: Bench; children?: ComponentChildren }) {
  const { kind, fields, offer, values, setValues, run } = bench;
  const names: Record<string, string[] | undefined> = {
    style: offer.styles.map((style) => style.name),
    model: offer.models.filter((model) => model.modality === KINDS[kind].makes).map((model) => model.name),
  };
  const style = offer.styles.find((one) => one.name === values["style"]);
  return (
    <section aria-labelledby={`${kind}-parameters`} class="card">
      <h2 id={`${kind}-parameters`}>Parameters</h2>
      <div class="parameters">
        {children}
        {fields.map((field) => (
          <Field
            key={field.name}
            id={`${kind}-${field.name}`}
            field={field.name === "model" ? { ...field, default: names["model"]?.[0] } : field}
            value={values[field.name] ?? ""}
            error={run.failure?.fields[field.name]}
            choices={names[field.name]}
            onInput={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))}
      </div>
      {style && (
        <p class="hint">
          {label(style.name)}: {style.prompt}
        </p>
      )}
    </section>
  );
}
