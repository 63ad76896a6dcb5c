import type { AttemptEnd, AttemptInfo, Instrumentation, PubSubEvent } from "@anytopic/core";

/** How one attempt ended, as an instrumentation has seen it. */
export interface RecordedEnd {
  readonly by: "handler" | "reader" | "skip";
  readonly id: string;
  readonly attempt: number;
  readonly end: AttemptEnd;
}

/** Records every beginning and every end of an attempt, and the observer's deliveries beside them. */
export class AttemptRecorder implements Instrumentation {
  readonly ends: RecordedEnd[] = [];
  readonly began: string[] = [];
  readonly delivered: string[] = [];

  readonly observer = (event: PubSubEvent): void => {
    if (event.type === "deliver") this.delivered.push(`${event.id} ${event.attempt}`);
  };

  handle(attempt: AttemptInfo, run: (ended: (end: AttemptEnd) => void) => unknown): unknown {
    this.began.push(nameOf(attempt));
    return run((end) => this.#ended("handler", attempt, end));
  }

  receive(attempt: AttemptInfo): (end: AttemptEnd) => void {
    this.began.push(nameOf(attempt));
    return (end) => this.#ended("reader", attempt, end);
  }

  skip(attempt: AttemptInfo, end: AttemptEnd): void {
    this.#ended("skip", attempt, end);
  }

  /** `"by outcome reason"` of each end, in their order. */
  get outcomes(): readonly string[] {
    return this.ends.map(({ by, end }) => [by, end.outcome, end.reason].filter((part) => part !== undefined).join(" "));
  }

  /** What is wrong with the pairs; empty when each delivery that began has ended exactly once. */
  get unpaired(): readonly string[] {
    const ended = this.ends.map(nameOf);
    const names = new Set([...this.delivered, ...this.began, ...ended]);
    const count = (list: readonly string[], name: string): number => list.filter((one) => one === name).length;
    return [...names]
      .filter((name) => count(ended, name) !== 1 || count(this.delivered, name) !== 1)
      .map((name) => `${name}: delivered ${count(this.delivered, name)}, ended ${count(ended, name)} times`);
  }

  #ended(by: RecordedEnd["by"], { id, attempt }: AttemptInfo, end: AttemptEnd): void {
    this.ends.push({ by, id, attempt, end });
  }
}

function nameOf({ id, attempt }: { readonly id: string; readonly attempt: number }): string {
  return `${id} ${attempt}`;
}
