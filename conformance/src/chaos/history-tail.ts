import { open, type FileHandle } from "node:fs/promises";
import { parseHistory, type HistoryLine } from "./history.ts";

/** Follows a history while it is written: which accepted messages have not been handled yet. */
export class HistoryTail {
  readonly #path: string;
  readonly #accepted = new Set<string>();
  readonly #done = new Set<string>();
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
    return [...this.#accepted].filter((id) => !this.#done.has(id));
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
    if (line.type === "accepted") this.#accepted.add(line.id);
    else if (line.type === "run") this.#runs.set(`${line.by} ${line.run}`, line.id);
    else if (line.type === "end" && line.how === "ok") this.#done.add(this.#runs.get(`${line.by} ${line.run}`) ?? "");
  }
}
