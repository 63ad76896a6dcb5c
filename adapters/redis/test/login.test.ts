import { inspect } from "node:util";
import type { Broker } from "@anytopic/brokers";
import { connect, defineTopic, type Logger } from "@anytopic/core";
import { redis, type RedisOptions } from "@anytopic/redis";
import { afterAll, describe, expect, test } from "vitest";
import { addressOf, RedisServers } from "./redis-servers.ts";

const all = new RedisServers();
afterAll(async () => await all.close());

const guarded = await all.startOrSkip("requirepass s3cret\nuser app on >pa55word ~* +@all");
const servers = (): string => addressOf(guarded as Broker);

async function publishes(target: RedisOptions | string): Promise<string> {
  await using pubsub = await connect(typeof target === "string" ? target : redis(target));
  return pubsub.publish(defineTopic<object>("login"), {});
}

/** The error, with everything that a log would print of it. */
async function refusal(target: RedisOptions | string): Promise<string> {
  const error: unknown = await publishes(target).catch((error: unknown) => error);
  return inspect(error, { depth: 8, showHidden: true });
}

describe.skipIf(guarded === undefined)("login", () => {
  test("with a password, and with a user, in the options and in the URL", async () => {
    expect(await publishes({ servers: servers(), password: "s3cret" })).toBeTypeOf("string");
    expect(await publishes({ servers: servers(), user: "app", password: "pa55word" })).toBeTypeOf("string");
    expect(await publishes(`redis://:s3cret@${servers()}`)).toBeTypeOf("string");
    expect(await publishes(`redis://app:pa55word@${servers()}/2`)).toBeTypeOf("string");
  });

  test("a wrong or missing password is UNAUTHENTICATED, and no secret is shown", async () => {
    const wrong = await refusal({ servers: servers(), user: "app", password: "wr0ng-one" });
    expect(wrong).toContain("UNAUTHENTICATED");
    expect(wrong).not.toContain("wr0ng-one");
    expect(await refusal(`redis://app:wr0ng-one@${servers()}`)).not.toContain("wr0ng-one");
    expect(await refusal({ servers: servers() })).toContain("UNAUTHENTICATED");
  });

  test("a database that does not exist is an error that says so", async () => {
    expect(await refusal({ servers: servers(), password: "s3cret", db: 999 })).toMatch(/DB index is out of range/);
  });

  test("a password that is changed meanwhile: the connection goes on, and the next one is refused and retried", async () => {
    const messages: string[] = [];
    const listen = (_fields: object, message: string): void => void messages.push(message);
    const logger: Logger = { debug: listen, info: listen, warn: listen, error: listen };
    await using pubsub = await connect(redis({ servers: servers(), user: "app", password: "pa55word" }), { logger });
    const topic = defineTopic<object>("login");
    await pubsub.publish(topic, {});
    const admin = async (...args: readonly string[]): Promise<unknown> =>
      guarded?.admin?.(["-a", "s3cret", "--no-auth-warning", ...args]);
    await admin("ACL", "SETUSER", "app", "resetpass", ">other-one");
    await admin("CLIENT", "KILL", "USER", "app");
    await expect.poll(() => messages.join("\n")).toContain("refuses the user name or the password");
    expect(pubsub.health().status).not.toBe("up");
    await admin("ACL", "SETUSER", "app", ">pa55word");
    await expect.poll(() => pubsub.health().status, { timeout: 15_000 }).toBe("up");
    await pubsub.publish(topic, {});
    expect(messages.join("\n")).not.toContain("pa55word");
  });

  test("printing the adapter and the connection shows no password", async () => {
    const adapter = redis({ servers: servers(), user: "app", password: "pa55word" });
    await using pubsub = await connect(adapter);
    expect(inspect(pubsub.native, { depth: 12, showHidden: true })).not.toContain("pa55word");
  });
});
