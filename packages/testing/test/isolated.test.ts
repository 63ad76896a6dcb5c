import { isolated } from "@anytopic/testing/isolated";
import { PubSub } from "@anytopic/core";
import { describe, expect, test, type TestContext } from "vitest";
import { assertPublished } from "@anytopic/testing";

const { Emails, pubsub, SendEmail, signUp, Signups } = await import("./app/signups.ts");

describe.concurrent("an application with one global connection", () => {
  test.for(Array.from({ length: 20 }, (_, n) => n))(
    "is isolated in each test that runs beside others: %s",
    async (n, { expect: expectHere }) => {
      await isolated(async (kit) => {
        for (let event = 0; event <= n; event += 1) await signUp(`a${n}`);
        expectHere(kit.published(Signups).map(({ event }) => event.account)).toEqual(Array(n + 1).fill(`a${n}`));
        expectHere(await kit.runToQuiescence()).toHaveLength(n + 1);
        expectHere(kit.published(Emails, { to: `a${n}` })).toHaveLength(n + 1);
        expectHere(kit.published(Emails)).toHaveLength(n + 1);
        expectHere(kit.handled(SendEmail)).toHaveLength(n + 1);
        assertPublished(pubsub, Emails, undefined, { times: n + 1 });
      })({ name: `n${n}` });
    },
  );

  test(
    "is the test's, also as the function of the test",
    isolated(async (kit, { task }: TestContext) => {
      const id = await signUp("a");
      expect(id).toBe(`is-the-test's,-also-as-the-function-of-the-test/signups/1`);
      expect(task.name).toContain("is the test's");
      expect(pubsub.adapter).toBe("memory");
      expect(kit.waiting(SendEmail)).toHaveLength(1);
    }),
  );

  test("says so when it is used outside of a test", async () => {
    expect(pubsub).toBeInstanceOf(PubSub);
    await expect(async () => await signUp("a")).rejects.toThrow("publish was called outside of a test");
    await pubsub.close();
  });
});
