import { PubSubError } from "../base/errors.ts";

const MAX_SHOWN = 50;

/** Collects the problems of a configuration, so that one error lists all of them. */
export class Problems {
  #found: { readonly path: string; readonly text: string }[] = [];

  /** @param path as `configPath` writes it; "" for the whole @param text continues the path: "is 5: must be …" */
  add(path: string, text: string): void {
    this.#found.push({ path, text });
  }

  /** Removes the problems at `path` and below it. */
  forget(path: string): void {
    this.#found = this.#found.filter(
      (problem) =>
        problem.path !== path && !problem.path.startsWith(`${path}.`) && !problem.path.startsWith(`${path}[`),
    );
  }

  /** @throws PubSubError `INVALID_CONFIG` that lists all problems, if there are any */
  throwIfAny(where: string): void {
    if (this.#found.length === 0) return;
    const lines = this.#found.map(({ path, text }) => (path === "" ? text : `${path} ${text}`));
    if (lines.length === 1) throw new PubSubError("INVALID_CONFIG", `${where}: ${lines[0]}`);
    const more = lines.length > MAX_SHOWN ? [`… and ${lines.length - MAX_SHOWN} more`] : [];
    throw new PubSubError(
      "INVALID_CONFIG",
      `${where} has ${lines.length} problems:\n  ${[...lines.slice(0, MAX_SHOWN), ...more].join("\n  ")}`,
    );
  }
}

/** `topics.signups.connection`. Keys with other characters are in brackets and quotes. */
export function configPath(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  const plain = /^[\w$-]+$/.test(key);
  if (!plain) return `${parent}[${JSON.stringify(key)}]`;
  return parent === "" ? key : `${parent}.${key}`;
}
