/** What the kit uses of the object that vitest and node:test give to a test. */
export interface TestContext {
  /** node:test */
  readonly name?: string;
  /** node:test, with the names of the suites. */
  readonly fullName?: string;
  /** vitest */
  readonly task?: { readonly name: string; readonly suite?: { readonly name: string } | undefined };
  /** node:test: called when the test has ended. */
  after?(close: () => Promise<void>): void;
  /** vitest: called when the test has ended. */
  onTestFinished?(close: () => Promise<void>): void;
}

/** The contexts of vitest and node:test have methods, which options have not. That of vitest is a function. */
export function isContext(value: unknown): value is TestContext {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "task" in value || "onTestFinished" in value || "fullName" in value || "after" in value;
}

/** jest and vitest tell the name of the running test, where their globals are visible. */
interface GlobalExpect {
  readonly expect?: { getState?(): { readonly currentTestName?: string | undefined } };
}

/** The name of the test, for ids. */
export function nameOf(test: TestContext | string | undefined): string {
  if (typeof test === "string") return test;
  const known = test?.task?.name ?? test?.fullName ?? test?.name;
  return known ?? (globalThis as GlobalExpect).expect?.getState?.().currentTestName ?? "test";
}

/** Calls `close` when the test has ended, where the context can do that. Returns whether it can. */
export function atEndOf(test: TestContext | string | undefined, close: () => Promise<void>): boolean {
  if (test === undefined || typeof test === "string") return false;
  if (typeof test.onTestFinished === "function") test.onTestFinished(close);
  else if (typeof test.after === "function") test.after(close);
  else return false;
  return true;
}
