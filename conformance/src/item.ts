import { createHash } from "node:crypto";

/** The event of almost every behaviour: no two are equal, and damage is detected. */
export interface Item {
  /** The name of the behaviour and the run. */
  readonly test: string;
  /** 0, 1, 2, … in order of publishing within one behaviour. */
  readonly seq: number;
  /** The ordering key, if the topic has one; else a name that groups messages. */
  readonly key: string;
  /** Filler, to give it a certain size. */
  readonly pad: string;
  /** A checksum of all other fields. */
  readonly checksum: string;
}

export function makeItem(test: string, seq: number, key: string, pad = ""): Item {
  return { test, seq, key, pad, checksum: checksum(test, seq, key, pad) };
}

/** Whether nothing in it was changed. */
export function intact(item: Item): boolean {
  return item?.checksum === checksum(item.test, item.seq, item.key, item.pad);
}

const checksum = (...parts: readonly (string | number)[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 16);
