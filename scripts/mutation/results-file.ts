import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Result } from "./judge-mutant.ts";

/** Results as JSON, one a line. A run that was interrupted continues where it ended, and a later line of a mutant counts more. */
export class ResultsFile {
  readonly #path: string;
  readonly #known = new Map<string, Result>();

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    for (const line of lines) {
      if (line === "") continue;
      const result = JSON.parse(line) as Result;
      this.#known.set(result.id, result);
    }
  }

  of(id: string): Result | undefined {
    return this.#known.get(id);
  }

  add(result: Result): void {
    this.#known.set(result.id, result);
    appendFileSync(this.#path, `${JSON.stringify(result)}\n`);
  }
}
