/**
 * The history of one schedule: what every process saw, one line each, in one file. Each line is appended by one write, so
 * a process that is killed loses nothing that happened before, and the order of the lines is the order of the writes.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { StepKind } from "./schedule.ts";

interface OfMessage {
  readonly topic: string;
  readonly id: string;
}
interface OfRun {
  /** Counts the runs of one process. */
  readonly run: number;
}

/** What a process of a chaos run has seen or done. */
export type Happened =
  /** A try to publish; a repeated one has the same id. */
  | (OfMessage & { readonly type: "publish"; readonly seq: number; readonly key: string })
  | (OfMessage & { readonly type: "accepted" })
  | (OfMessage & { readonly type: "refused"; readonly code: string })
  | (OfMessage &
      OfRun & {
        readonly type: "run";
        /** Counts the workers of one process. */
        readonly worker: number;
        readonly seq: number;
        readonly key: string;
        readonly attempt: number;
        readonly intact: boolean;
      })
  /** The signal of a running handler aborted: it no longer counts as one of `maxConcurrency`. */
  | (OfRun & { readonly type: "abort" })
  | (OfRun & { readonly type: "end"; readonly how: "ok" | "failed" | "rejected" })
  /** Core has scheduled a retry. */
  | (OfMessage & { readonly type: "retry"; readonly attempt: number; readonly delayMs: number })
  | (OfMessage & { readonly type: "dead-letter"; readonly attempt: number; readonly reason: string })
  | (OfMessage & { readonly type: "lease-lost"; readonly attempt: number })
  /** A letter is about to be sent back. */
  | (OfMessage & { readonly type: "redriven" })
  /** The inbox has accepted the mark of a success. */
  | (OfMessage & { readonly type: "mark" })
  | { readonly type: "opened"; readonly topic: string; readonly worker: number; readonly maxConcurrency: number }
  | { readonly type: "closing"; readonly what: string; readonly timeoutMs: number }
  | { readonly type: "closed"; readonly what: string }
  /** The event loop stood still until now: blocked, stopped, or without a processor. */
  | { readonly type: "standstill"; readonly forMs: number }
  /** An error that nobody handled, or one that must not happen. */
  | { readonly type: "stray"; readonly text: string }
  /** What the library told its logger. No check reads it: it is for whoever reads a history. */
  | { readonly type: "log"; readonly level: "info" | "warn" | "error"; readonly text: string }
  | { readonly type: "health"; readonly status: string; readonly text: string }
  | { readonly type: "started"; readonly process: string }
  /** A process has loaded its program and begins to connect. On a loaded machine that is long after its start. */
  | { readonly type: "loaded" }
  /** The end of a process. `"asked"`: it was told to end, `"killed"`: by a fault, `"itself"`: neither. */
  | {
      readonly type: "gone";
      readonly process: string;
      readonly why: "asked" | "killed" | "itself" | "hung";
      readonly code: number | null;
    }
  | { readonly type: "step"; readonly step: number; readonly kind: StepKind; readonly process: string }
  | { readonly type: "step-over"; readonly step: number; readonly kind: StepKind; readonly process: string }
  /** What a process holds after a garbage collection, see `takeSample`. */
  | {
      readonly type: "sample";
      readonly minute: number;
      readonly heapBytes: number;
      readonly externalBytes: number;
      readonly rssBytes: number;
      /** Open file descriptors: sockets, files, pipes. Undefined where the system does not tell. */
      readonly descriptors: number | undefined;
      /** What keeps the process alive, by kind: `TCPSocketWrap`, `Timeout`. */
      readonly resources: Readonly<Record<string, number>>;
    }
  /** No more faults: handlers succeed, and what waits is handled. */
  | { readonly type: "calm" }
  /** Everything accepted was handled. */
  | { readonly type: "drained" };

/** One line of the history of a chaos run. */
export type HistoryLine = Happened & {
  /** Of the machine's monotonic clock, which all processes share, in ms. */
  readonly atMs: number;
  /** Which life of which process saw it, `w1#2`; `chaos` is the process that runs the schedule. */
  readonly by: string;
};

export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

export class HistoryWriter {
  readonly #file: number;
  readonly #by: string;

  constructor(path: string, by: string) {
    this.#file = openSync(path, "a");
    this.#by = by;
  }

  write(happened: Happened): void {
    writeSync(this.#file, `${JSON.stringify({ atMs: machineMs(), by: this.#by, ...happened })}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

export async function readHistory(path: string): Promise<readonly HistoryLine[]> {
  return parseHistory(await readFile(path, "utf8"));
}

/** A last line without its end is still being written, and is left out. */
export function parseHistory(text: string): readonly HistoryLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as HistoryLine);
}
