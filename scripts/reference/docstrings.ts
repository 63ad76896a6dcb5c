import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspaces.ts";

/** A documented member or constant, as the source says it. */
export interface Documented {
  readonly name: string;
  readonly optional: boolean;
  /** The type as it is written, without `undefined`; empty for constants. */
  readonly type: string;
  /** The docstring in one paragraph, without `@default`. */
  readonly text: string;
  readonly default: string | undefined;
}

/**
 * The members of an exported interface. It reads the text, which the formatter keeps in one form.
 *
 * @throws Error when the file has no such interface
 */
export function membersOf(path: string, name: string): readonly Documented[] {
  const source = sourceOf(path);
  const body = new RegExp(`^(?:export )?interface ${name}\\b[^\\n]*\\{\\n([^]*?)^\\}`, "m").exec(source)?.[1];
  if (body === undefined) throw new Error(`${path} has no interface ${name}`);
  return [
    ...body.matchAll(/(?:^ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?^ {2}readonly (\w+)(\??): ([^]*?);\n(?= {2}\S|$)/gm),
  ].map(([, doc = "", member = "", mark = "", type = ""]) => ({
    name: member,
    optional: mark === "?",
    type: type
      .replace(/^\n\s*\| /, "")
      .replace(/ \| undefined$/, "")
      .replaceAll(/\s+/g, " "),
    ...parsed(doc),
  }));
}

/** The exported constants of a file, and the docstring at its head. */
export function constantsOf(path: string): { readonly head: string; readonly constants: readonly Documented[] } {
  const source = sourceOf(path);
  const head = /^\/\*\*((?:(?!\*\/)[^])*)\*\/\n\n/m.exec(source)?.[1] ?? "";
  const found = source.matchAll(/(?:^\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?^export const (\w+)/gm);
  return {
    head: parsed(head).text,
    constants: [...found].map(([, doc = "", name = ""]) => ({ name, optional: false, type: "", ...parsed(doc) })),
  };
}

function sourceOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function parsed(doc: string): Pick<Documented, "text" | "default"> {
  const plain = doc
    .replaceAll(/^\s*\* ?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  const [text = "", fallback] = plain.split(/\s*@default\s+/);
  return { text, default: fallback };
}
