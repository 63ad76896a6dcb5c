import type { Routes } from "./routes.ts";
import type { Declaration, Subscription } from "../declare/subscription.ts";

/** What the configuration makes of a declaration. */
export interface DeclarationRoute<Declared extends Declaration = Declaration> {
  /** The connections that it uses, by their names: a topic publishes on them, a worker of a subscription receives from them. */
  readonly connections: readonly string[];
  /** With what the configuration says instead. The same object when it says nothing. */
  readonly declaration: Declared;
}

export function routeOn<Declared extends Declaration>(routes: Routes, declared: Declared): DeclarationRoute<Declared> {
  if (declared.kind === "topic") {
    return Object.freeze({ connections: routes.connectionsOfTopic(declared), declaration: declared });
  }
  return Object.freeze({
    connections: routes.connectionsOf(declared),
    // A subscription stays one.
    declaration: routes.effective(declared as unknown as Subscription) as unknown as Declared,
  });
}
