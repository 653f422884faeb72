/** Failed calls in words, and which fields they are about. */
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb";
import { NotANumber } from "./request";

export interface Failure {
  text: string;
  /** What is wrong with a field, by the field's name. */
  fields: Record<string, string>;
}

const MARKED = "Nothing was made: see the marked fields.";

/** Why a call failed, or nothing where it was cancelled. */
export function explain(error: unknown): Failure | undefined {
  if (error instanceof NotANumber) return { text: MARKED, fields: { [error.field]: "is not a number" } };
  if (error instanceof Error && isFieldError(error.cause)) {
    return { text: MARKED, fields: { [error.cause.field().name]: "is outside the field's type" } };
  }
  const status = ConnectError.from(error);
  if (status.code === Code.Canceled) return undefined;
  if (status.cause instanceof TypeError) return { text: "The service cannot be reached.", fields: {} };
  const fields: Record<string, string> = {};
  for (const bad of status.findDetails(BadRequestSchema)) {
    for (const violation of bad.fieldViolations) {
      fields[shown(violation.field)] ??= violation.description;
    }
  }
  return { text: Object.keys(fields).length ? MARKED : status.rawMessage + retry(status), fields };
}

/** The field of the page that a path of the request belongs to: what is wrong in a conversation was just typed. */
function shown(path: string): string {
  const name = path.split(/[.[]/)[0] ?? path;
  return name === "messages" ? "prompt" : name;
}

function retry(status: ConnectError): string {
  const delay = status.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return delay ? ` Try again in ${Number(delay.seconds) + (delay.nanos ? 1 : 0)} s.` : "";
}
