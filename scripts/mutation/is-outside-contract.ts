/** What is read of a node of Babel's syntax tree. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly name?: string;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly id?: Node;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
}

const LOG_LEVELS: ReadonlySet<string> = new Set(["trace", "debug", "info", "warn", "error"]);

/**
 * Why changes inside a node are no mutants: no promise can tell them apart. That is what people read: the texts of errors, and all that is
 * written to a log.
 */
export function isOutsideContract(node: Node): string | undefined {
  if (node.type === "CallExpression" || node.type === "OptionalCallExpression") {
    const { object, property } = node.callee ?? {};
    const receiver = object?.property?.name ?? object?.property?.id?.name ?? object?.name ?? "";
    return LOG_LEVELS.has(property?.name ?? "") && /log(ger)?$/i.test(receiver) ? "a line of the log" : undefined;
  }
  return isProse(textOf(node)) ? "a text for people" : undefined;
}

function textOf({ type, value, quasis = [] }: Node): string {
  if (type === "StringLiteral") return String(value);
  return type === "TemplateLiteral" ? quasis.map((quasi) => quasi.value.raw).join("x") : "";
}

/** Words with a blank between them. Names, codes and keys have none. */
const isProse = (text: string): boolean => /[\p{L}\d,;:)"'] +[\p{L}\d("'$]/u.test(text);
