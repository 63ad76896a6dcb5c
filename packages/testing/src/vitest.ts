/** Matchers for vitest: `import "@anytopic/testing/vitest"`, in a test or in a setup file. */
import { expect } from "vitest";
import { matchers, type PubSubMatchers } from "./matchers/matchers.ts";

expect.extend(matchers);

declare module "vitest" {
  // oxlint-disable-next-line no-unused-vars, no-empty-object-type -- the type parameters must be those of the other declaration
  interface Matchers<T = any> extends PubSubMatchers<void> {}
}
