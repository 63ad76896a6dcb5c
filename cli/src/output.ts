import { forTerminal, jsonForTerminal, lineForTerminal } from "./for-terminal.ts";
import type { DescribedError } from "./describe-error.ts";

export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Pause between updates of a progress line, in ms. */
const PROGRESS_STEP_MS = 100;
/** The longest result, in characters; its parts have their own limits. */
const MAX_RESULT = 10_000_000;

/**
 * The only place that writes: results to stdout, as text or JSON; everything else to stderr. Its output never
 * controls the terminal, whatever the input.
 */
export class Output {
  readonly isJson: boolean;
  readonly #streams: Streams;
  #progressMs = 0;
  #progressShown = false;

  constructor(streams: Streams, isJson: boolean) {
    this.#streams = streams;
    this.isJson = isJson;
  }

  /** The only result of a command: a JSON document, or text. */
  result(document: unknown, text: () => string): void {
    this.#print(
      this.isJson ? jsonForTerminal(JSON.stringify(document, undefined, 2)) : forTerminal(text(), MAX_RESULT),
    );
  }

  /** One of many results: a line of JSON, or text. */
  item(document: unknown, text: () => string): void {
    this.#print(this.isJson ? jsonForTerminal(JSON.stringify(document)) : forTerminal(text(), MAX_RESULT));
  }

  /** A text that is the same with and without `--json`, such as a script or a Terraform document. */
  text(text: string): void {
    this.#print(text);
  }

  /** A remark that is not a result. */
  note(text: string): void {
    this.#clearProgress();
    this.#streams.stderr.write(`${forTerminal(text)}\n`);
  }

  /** The progress of long work. On a terminal one line that is updated; elsewhere nothing. */
  progress(text: string): void {
    if (this.#streams.stderr.isTTY !== true) return;
    const nowMs = performance.now();
    if (nowMs - this.#progressMs < PROGRESS_STEP_MS) return;
    this.#progressMs = nowMs;
    this.#progressShown = true;
    this.#streams.stderr.write(`\r\u001B[K${text}`);
  }

  error({ code, message, hint }: DescribedError): void {
    this.#clearProgress();
    const text = this.isJson
      ? jsonForTerminal(JSON.stringify({ error: { code, message, hint: hint ?? null } }))
      : forTerminal(`anytopic: ${message}${hint === undefined ? "" : `\nhint: ${hint}`}`);
    this.#streams.stderr.write(`${text}\n`);
  }

  #print(text: string): void {
    this.#clearProgress();
    this.#streams.stdout.write(`${text}\n`);
  }

  #clearProgress(): void {
    if (!this.#progressShown) return;
    this.#progressShown = false;
    this.#streams.stderr.write("\r\u001B[K");
  }
}

/** Columns as wide as their widest cell, two spaces apart. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows.map((row) => row.map(lineForTerminal))];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `1 topic`, `2 topics`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
