/**
 * What the contract says of a request's fields: types, limits, defaults and meanings, read from the OpenAPI
 * document, which is made from the contract. A field that is added there appears here by itself.
 */

/** One field of a request. */
export interface Field {
  name: string;
  type: "integer" | "number" | "string" | "array";
  description: string;
  default?: string | number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  multipleOf?: number;
  maxLength?: number;
  /** The values that the description quotes, where those are all. */
  choices?: string[];
}

/** The kinds of requests that the page makes, each with its message and its REST route. */
export const KINDS = {
  text: { title: "Text", request: "GenerateTextRequest", rpc: "StreamText", path: "/text/stream", makes: "text" },
  image: { title: "Image", request: "GenerateImageRequest", rpc: "StreamImage", path: "/image/stream", makes: "image" },
  edit: { title: "Edit", request: "EditImageRequest", rpc: "StreamEdit", path: "/image/edit/stream", makes: "image" },
  frames: {
    title: "Frames",
    request: "GenerateFramesRequest",
    rpc: "StreamFrames",
    path: "/video/stream-frames",
    makes: "image",
  },
} as const;

export type Kind = keyof typeof KINDS;
export type Contract = Record<Kind, Field[]>;

interface Property extends Omit<Field, "type"> {
  type: string | string[];
  contentEncoding?: string;
}

/** Reads the parameters of every kind: all fields but the prompt, the conversation and the files. */
export async function readContract(): Promise<Contract> {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`/openapi.json: ${answer.status}`);
  const document = (await answer.json()) as {
    components: { schemas: Record<string, { properties: Record<string, Property> }> };
  };
  const parameters = (kind: Kind) =>
    Object.entries(document.components.schemas[KINDS[kind].request]?.properties ?? {})
      .filter(([name, property]) => !["prompt", "messages"].includes(name) && !property.contentEncoding)
      .map(([name, property]) => field(name, property));
  return Object.fromEntries((Object.keys(KINDS) as Kind[]).map((kind) => [kind, parameters(kind)])) as Contract;
}

function field(name: string, property: Property): Field {
  const type = [property.type].flat().find((one) => one !== "null") as Field["type"];
  const quoted = [...property.description.matchAll(/"([\w-]+)" \(/g)].map((match) => match[1] as string);
  return { ...property, name, type, ...(quoted.length && { choices: quoted }) };
}

/** A field's name as a label: "num_inference_steps" becomes "Inference steps". */
export function label(name: string): string {
  const words = name.replace(/^num_/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The range of a number in words, or nothing for other fields. Upper limits of a whole number type are none. */
export function range(field: Field): string {
  const lowest = field.exclusiveMinimum ?? field.minimum;
  if (lowest === undefined) return "";
  const from = `${field.exclusiveMinimum === undefined ? "" : "above "}${lowest}`;
  const open = field.maximum === undefined || field.maximum === 2 ** 31 - 1;
  const span = open ? `${from} and up` : `${from} to ${field.maximum}`;
  return field.multipleOf ? `${span}, step ${field.multipleOf}` : span;
}

/** What happens where a field is left empty: its default, or what its description says of "unset". */
export function unset(field: Field): string {
  return String(field.default ?? /Unset: ([^.]+)/.exec(field.description)?.[1] ?? "");
}
