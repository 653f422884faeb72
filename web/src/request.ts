/** What was typed, as the JSON of a request: the one form that gRPC-Web, curl and Python are made from. */
import type { Field } from "./contract";

/** Fields as they stand in the form; empty is unset. */
export type Values = Record<string, string>;

export type Json = { [name: string]: string | number | string[] | { role: string; content: string }[] };

/** Files go beside the JSON: base64 of a large image in a string would be copied again and again. */
export type Files = { image_base64?: File; mask?: File };

/** A problem of one field, found before anything was sent. */
export class NotANumber extends Error {
  constructor(readonly field: string) {
    super(`${field}: not a number`);
  }
}

/** The parameters that are set. Whether they are in their ranges is the service's to say. */
export function parameters(values: Values, fields: Field[]): Json {
  const json: Json = {};
  for (const field of fields) {
    const value = values[field.name] ?? "";
    if (value.trim() !== "") json[field.name] = typed(field, value);
  }
  return json;
}

function typed(field: Field, value: string): Json[string] {
  if (field.type === "array") return value.split("\n").filter((line) => line !== "");
  if (field.type === "string") return value;
  const number = Number(value);
  if (!Number.isFinite(number)) throw new NotANumber(field.name);
  return number;
}
