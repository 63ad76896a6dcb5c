import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnySubscription, AnyTopic } from "@anytopic/core";
import { UsageError } from "./usage-error.ts";

export type Declaration = AnyTopic | AnySubscription;

/**
 * Imports modules and collects every topic and subscription that they export, also in exported lists and objects.
 * Each one once, topics first, sorted by name.
 */
export async function importDeclarations(paths: readonly string[]): Promise<readonly Declaration[]> {
  const found = new Map<string, Declaration>();
  for (const path of paths) {
    const before = found.size;
    for (const exported of Object.values(await importModule(path))) collect(exported, found, path);
    if (found.size > before || paths.length > 1) continue;
    throw new UsageError(
      `${shownPath(path)} exports no topic and no subscription`,
      'export const Signups = defineTopic("signups")',
    );
  }
  return [...found.values()].toSorted(
    (a, b) => Number(a.kind === "subscription") - Number(b.kind === "subscription") || (nameOf(a) < nameOf(b) ? -1 : 1),
  );
}

/** `signups` or `signups/send-welcome-email`. */
export function nameOf(declaration: Declaration): string {
  return declaration.kind === "topic" ? declaration.name : `${declaration.topic.name}/${declaration.name}`;
}

/** @throws UsageError that lists the declared names */
export function findTopic(declarations: readonly Declaration[], name: string): AnyTopic {
  return find(declarations, "topic", name) as AnyTopic;
}

/** `name` is `topic/subscription`. @throws UsageError that lists the declared names */
export function findSubscription(declarations: readonly Declaration[], name: string): AnySubscription {
  return find(declarations, "subscription", name) as AnySubscription;
}

/** Everything, or the topics (with their subscriptions) and subscriptions that are named. @throws UsageError */
export function selectDeclarations(
  declarations: readonly Declaration[],
  names: readonly string[],
): readonly Declaration[] {
  if (names.length === 0) return declarations;
  for (const name of names) find(declarations, name.includes("/") ? "subscription" : "topic", name);
  return declarations.filter(
    (one) => names.includes(nameOf(one)) || (one.kind === "subscription" && names.includes(one.topic.name)),
  );
}

function find(declarations: readonly Declaration[], kind: Declaration["kind"], name: string): Declaration {
  const ofKind = declarations.filter((one) => one.kind === kind);
  const found = ofKind.find((one) => nameOf(one) === name);
  if (found !== undefined) return found;
  const form = kind === "subscription" && !name.includes("/") ? ": it is named topic/subscription" : "";
  throw new UsageError(
    `no ${kind} ${JSON.stringify(name)} is declared${form}`,
    ofKind.length === 0 ? `no ${kind} is declared at all` : `declared are ${ofKind.map(nameOf).join(", ")}`,
    { unknown: { name, known: ofKind.map(nameOf) } },
  );
}

/** @throws UsageError */
export async function importModule(path: string): Promise<object> {
  const file = resolve(path);
  if (!existsSync(file))
    throw new UsageError(
      `${shownPath(path)}: there is no such file`,
      "check --declarations, or declarations in the configuration",
    );
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new UsageError(
        `${shownPath(path)}: this Node (${process.version}) cannot import TypeScript`,
        "use Node 22.18 or later, or compile the module and name the .js file",
        { cause },
      );
    }
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message.split("\n")[0]}` : typeof cause;
    throw new UsageError(`${shownPath(path)} cannot be imported: ${reason}`, "--debug shows where", { cause });
  }
}

/** One level deep: modules may export lists of declarations. */
function collect(exported: unknown, found: Map<string, Declaration>, path: string): void {
  if (isDeclaration(exported)) {
    add(exported, found, path);
    return;
  }
  if (typeof exported !== "object" || exported === null) return;
  for (const value of Object.values(exported)) if (isDeclaration(value)) add(value, found, path);
}

function add(declaration: Declaration, found: Map<string, Declaration>, path: string): void {
  if (declaration.kind === "subscription") put(declaration.topic, found, path);
  put(declaration, found, path);
}

function put(declaration: Declaration, found: Map<string, Declaration>, path: string): void {
  const key = `${declaration.kind} ${nameOf(declaration)}`;
  const other = found.get(key);
  if (other !== undefined && other !== declaration && !isSame(other, declaration)) {
    throw new UsageError(
      `${shownPath(path)} declares ${key} a second time, with other options`,
      "declare it in one module and import it elsewhere",
    );
  }
  if (other === undefined) found.set(key, declaration);
}

/** Two copies of one declaration: equal in everything the broker sees. */
function isSame(a: Declaration, b: Declaration): boolean {
  const seen = (one: Declaration): string =>
    one.kind === "topic"
      ? JSON.stringify([
          one.deliveryGuarantee,
          one.orderingKey !== undefined,
          one.retentionMs,
          one.replay,
          one.codec.name,
        ])
      : JSON.stringify([
          one.ackDeadlineMs,
          one.maxConcurrency,
          one.maxHandlingMs,
          one.retryPolicy,
          one.filter,
          one.rate,
          one.circuit,
        ]);
  return seen(a) === seen(b);
}

function isDeclaration(value: unknown): value is Declaration {
  if (typeof value !== "object" || value === null || !("kind" in value) || !("name" in value)) return false;
  if (typeof value.name !== "string") return false;
  if (value.kind === "topic") return "deliveryGuarantee" in value;
  return value.kind === "subscription" && "topic" in value && isDeclaration(value.topic);
}

function shownPath(path: string): string {
  const short = relative(process.cwd(), resolve(path));
  return short.startsWith("..") ? path : short;
}
