/** What was made, kept in this browser (IndexedDB) and nowhere else: the newest results, up to a size. */
import type { Kind } from "./contract";
import type { Files, Values } from "./request";

export interface Turn {
  role: "user" | "assistant";
  content: string;
  seed?: number;
}

/** One result and what it was made from. A conversation is one entry, replaced with every answer. */
export interface Entry {
  /** When it was begun, in milliseconds; also its name. */
  id: number;
  kind: Kind;
  prompt: string;
  values: Values;
  files: Files;
  seed?: number;
  turns: Turn[];
  pictures: Blob[];
  animation?: Blob;
}

export const MOST_ENTRIES = 50;
const MOST_BYTES = 200 * 2 ** 20;

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let database: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open("generation", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("results", { keyPath: "id" });
  return done(opening);
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  database ??= open();
  return (await database).transaction("results", mode).objectStore("results");
}

/** All entries, the newest first. */
export async function entries(): Promise<Entry[]> {
  return (await done((await store("readonly")).getAll() as IDBRequest<Entry[]>)).reverse();
}

/** Keeps an entry and forgets the oldest ones that are too many or too large together. */
export async function keep(entry: Entry): Promise<void> {
  await done((await store("readwrite")).put(entry));
  let size = 0;
  for (const [index, old] of (await entries()).entries()) {
    for (const file of [...old.pictures, old.animation, ...Object.values(old.files)]) size += file?.size ?? 0;
    if (index >= MOST_ENTRIES || size > MOST_BYTES) await forget(old.id);
  }
}

export async function forget(id: number): Promise<void> {
  await done((await store("readwrite")).delete(id));
}

export async function forgetAll(): Promise<void> {
  await done((await store("readwrite")).clear());
}
