import { open, type FileHandle } from "node:fs/promises";
import { parseHistory, type HistoryLine } from "./history.ts";

/** Follows a history while it is written: which accepted messages have not been handled yet. */
export class HistoryTail {
  readonly #path: string;
  /** Accepted, and not yet handled with success. */
  readonly #missing = new Set<string>();
  /** Handled before their publisher was told that they are accepted. */
  readonly #early = new Set<string>();
  readonly #runs = new Map<string, string>();
  #file: FileHandle | undefined;
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** The ids of accepted messages that were not yet handled with success. */
  async missing(): Promise<readonly string[]> {
    await this.read();
    return [...this.#missing];
  }

  /** How many they were at the last reading. */
  get missingCount(): number {
    return this.#missing.size;
  }

  /** Reads what is new. Called often: the inbox of all processes waits meanwhile. */
  async read(): Promise<void> {
    this.#file ??= await open(this.#path, "r");
    const { size } = await this.#file.stat();
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(size - this.#offset), { position: this.#offset });
    this.#offset += bytesRead;
    const bytes = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf("\n") + 1;
    this.#rest = bytes.subarray(end);
    for (const line of parseHistory(bytes.subarray(0, end).toString())) this.#note(line);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  #note(line: HistoryLine): void {
    if (line.type === "run") this.#runs.set(`${line.by} ${line.run}`, line.id);
    if (line.type === "accepted" && !this.#early.delete(line.id)) this.#missing.add(line.id);
    if (line.type !== "end") return;
    const run = `${line.by} ${line.run}`;
    const id = this.#runs.get(run);
    this.#runs.delete(run);
    if (line.how === "ok" && id !== undefined && !this.#missing.delete(id)) this.#early.add(id);
  }
}
