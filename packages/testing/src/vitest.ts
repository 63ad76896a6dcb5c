/** Matchers for vitest: `import "@anytopic/testing/vitest"`, in a test or in a setup file. */
import { expect } from "vitest";
import { matchers, type PubSubMatchers } from "./matchers/matchers.ts";

expect.extend(matchers);

declare module "vitest" {
  // oxlint-disable-next-line no-unused-vars -- the type parameters must be those of the other declaration
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends PubSubMatchers<R> {}
}
