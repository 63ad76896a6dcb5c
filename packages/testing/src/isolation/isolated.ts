import { openSharedIn } from "./shared-pub-subs.ts";
import { testPubSub } from "../open-test-pub-sub.ts";
import { isContext, type TestContext } from "../test-context.ts";
import type { TestPubSub } from "../test-pub-sub.ts";
import type { TestPubSubOptions } from "../test-pub-sub-options.ts";

/**
 * A test with a kit of its own, for an application that holds one global connection: in the test, that connection is the test's. Tests
 * that run in parallel do not see each other. The workers that the application opened while it was loaded are open in each test.
 *
 *     test("sends an email", isolated(async (kit) => { … }));
 */
export function isolated<Context extends TestContext>(
  run: (kit: TestPubSub, test: Context) => void | Promise<void>,
  options: TestPubSubOptions = {},
): (test: Context) => Promise<void> {
  // One parameter: jest gives tests that declare one a callback to end them, and so must not see it.
  return async (...given: readonly [Context?]) => {
    const [test] = given;
    const context = isContext(test) ? test : undefined;
    const kit = await testPubSub(context, options);
    try {
      await kit.run(async () => {
        // In here, so that the handlers run in this test too.
        await openSharedIn(kit);
        await run(kit, test as Context);
      });
    } catch (error) {
      await kit.close().catch(() => {});
      throw error;
    }
    await kit.close();
  };
}
