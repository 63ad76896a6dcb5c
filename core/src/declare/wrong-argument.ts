import { kindOf } from "../base/shown.ts";

/** The error for an argument that must be a declaration and is not. It says what the argument is, and how to correct it. */
export function notADeclaration(kind: "topic" | "subscription", value: unknown, hint = ""): TypeError {
  const maker = kind === "topic" ? "defineTopic" : "defineSubscription";
  const isOther = kindOf(value).startsWith(kind === "topic" ? "the subscription " : "the topic ");
  const other =
    kind === "topic"
      ? "give its topic instead"
      : "a topic may have several: declare one with defineSubscription(topic, name)";
  const remedy = hint === "" && isOther ? other : hint;
  return new TypeError(`${kind} is ${kindOf(value)}: must be made by ${maker}${remedy === "" ? "" : `; ${remedy}`}`);
}

/** Whether a value is a declaration, also of another copy of this package. */
export function isDeclaration(kind: "topic" | "subscription", value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

/** @throws TypeError when `handler` is not a function, or when the arguments are in the wrong order */
export function requireHandler(subscription: unknown, handler: unknown): void {
  const comesFirst = "the subscription comes first, then the handler: subscribe(subscription, handler)";
  if (typeof subscription === "function") throw notADeclaration("subscription", subscription, comesFirst);
  if (!isDeclaration("subscription", subscription)) throw notADeclaration("subscription", subscription);
  if (typeof handler !== "function") throw new TypeError(`handler is ${kindOf(handler)}: must be a function`);
}

/** @throws TypeError when a value is not a declaration of that kind */
export function requireKind(kind: "topic" | "subscription", value: unknown): void {
  if (!isDeclaration(kind, value)) throw notADeclaration(kind, value);
}
