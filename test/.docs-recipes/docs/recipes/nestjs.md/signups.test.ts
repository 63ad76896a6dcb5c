// signups.test.ts
import { PubSub } from "@anytopic/core";
import { testPubSub } from "@anytopic/testing";
import { Test } from "@nestjs/testing";
import { expect, test } from "vitest";
import { PubSubModule } from "./pubsub.module.ts";
import { Mailer, SendWelcomeEmail, Signups, SignupsModule } from "./signups.module.ts";

test("an e-mail that fails once is sent at the second attempt", async (t) => {
  const kit = await testPubSub(t);
  let calls = 0;
  const mailer = { send: async () => void ((calls += 1) < 2 && (await Promise.reject(new Error("no mail server")))) };
  const module = await Test.createTestingModule({ imports: [PubSubModule, SignupsModule] })
    .overrideProvider(PubSub)
    .useValue(kit.pubsub)
    .overrideProvider(Mailer)
    .useValue(mailer)
    .compile();
  await module.init(); // calls onApplicationBootstrap

  await kit.pubsub.publish(Signups, { email: "ada@example.com" });
  await kit.runToQuiescence(); // 10 s of virtual time
  expect(kit.handled(SendWelcomeEmail).map(({ outcome }) => outcome)).toEqual(["retried", "acked"]);
  await module.close();
});
