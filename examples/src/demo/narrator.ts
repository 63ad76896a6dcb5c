import { styleText } from "node:util";

import type { DeadLetter } from "@anytopic/core";

const DEADLINE_MS = 60_000;
const POLL_MS = 50;
const WHO_WIDTH = 14;

/** Prints what happens, with the time since the start. */
export class Narrator {
  readonly #startedMs = Date.now();
  #steps = 0;

  step(text: string): void {
    this.#steps += 1;
    console.log(`\n${styleText("bold", `${this.#steps}. ${text}`)}`);
  }

  line(who: string, text: string): void {
    const seconds = ((Date.now() - this.#startedMs) / 1000).toFixed(2).padStart(7);
    console.log(`${styleText("dim", `${seconds} s`)}  ${styleText("cyan", who.padEnd(WHO_WIDTH))} ${text}`);
  }

  letter(letter: DeadLetter): void {
    this.line("dead letter", `id ${letter.id}`);
    this.line("", `reason "${letter.reason}": ${letter.errorName}: ${letter.errorMessage}`);
    this.line(
      "",
      `attempts ${letter.attempts}, last at ${letter.lastFailureTime.toISOString()}, of ${letter.subscription}`,
    );
    this.line("", `body ${Buffer.from(letter.body).toString("utf8")}`);
  }

  /** Waits for a condition, and throws when it takes too long. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + DEADLINE_MS;
    while (!(await condition())) {
      if (Date.now() > deadlineMs) throw new Error(`gave up after ${DEADLINE_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
