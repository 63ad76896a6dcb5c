import { createHash } from "node:crypto";

/** Ids have at most 128 characters. What is left for the test's name, besides a topic of 63 and a number. */
const LONGEST_NAME = 50;

/** The ids of one test: `<test>/<topic>/<number>`, the number from 1 for each topic. The same in every run. */
export class TestIds {
  readonly #test: string;
  readonly #made = new Map<string, number>();

  constructor(test: string) {
    this.#test = idPart(test);
  }

  /** The next id of a topic. */
  next(topic: string): string {
    const number = (this.#made.get(topic) ?? 0) + 1;
    this.#made.set(topic, number);
    return `${this.#test}/${topic}/${number}`;
  }
}

/** A test's name in the characters of an id. A name that is too long ends in a hash, so that it differs from others. */
function idPart(name: string): string {
  const plain = name.replaceAll(/[^!-~]+/g, "-").replaceAll(/^-+|-+$/g, "") || "test";
  if (plain.length <= LONGEST_NAME) return plain;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${plain.slice(0, LONGEST_NAME - 9)}-${hash}`;
}
