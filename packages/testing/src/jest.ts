/** Matchers for jest: `import "@anytopic/testing/jest"`, in a test or in `setupFilesAfterEnv`. */
import type { expect as JestExpect } from "expect";
import { matchers, type PubSubMatchers } from "./matchers/matchers.ts";

// With `injectGlobals: false` there is none: call `expect.extend(matchers)` there.
const { expect } = globalThis as { readonly expect?: typeof JestExpect };
expect?.extend(matchers);

declare module "expect" {
  // oxlint-disable-next-line no-unused-vars, no-empty-object-type -- the type parameters must be those of the other declaration
  interface Matchers<R extends void | Promise<void>, T = unknown> extends PubSubMatchers<R> {}
}
