import { type Broker, startBroker } from "@anytopic/brokers";
import { connect, MemoryInbox, type PubSub, Reject, type Subscription } from "@anytopic/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import * as declared from "./fixtures/topics.ts";
import { runHere, TOPICS } from "./program.ts";

interface Policy {
  readonly role: "publisher" | "subscriber" | "operator";
  readonly of: string;
  readonly document: unknown;
}

const SendMail = declared.subscriptions[0] as Subscription<declared.Signup>;

async function policiesFor(provider: string, url: string): Promise<readonly Policy[]> {
  const args = ["export", "policies", "--provider", provider, "--url", url, "--declarations", TOPICS];
  const { code, stdout } = await runHere(args);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { policies: readonly Policy[] }).policies;
}

function policyOf(policies: readonly Policy[], role: Policy["role"], of: string): Policy {
  return policies.find((policy) => policy.role === role && policy.of === of) as Policy;
}

/** "topics/orders publisher", in the project `my-project`. */
function bindingsOf(policies: readonly Policy[], role: Policy["role"], of: string): readonly string[] {
  const { bindings } = policyOf(policies, role, of).document as { bindings: { resource: string; role: string }[] };
  return bindings.map(({ resource, role: name }) =>
    `${resource} ${name}`.replace("projects/my-project/", "").replace("roles/pubsub.", ""),
  );
}

/** Publishes, handles, dead-letters, looks, redrives and purges, each with the permissions of its role alone. */
async function expectEnough(admin: PubSub, as: (role: Policy["role"]) => Promise<PubSub>): Promise<void> {
  await admin.apply([SendMail, declared.Orders]);
  await using publisher = await as("publisher");
  await using subscriber = await as("subscriber");
  await using operator = await as("operator");
  const handled: string[] = [];
  const worker = await subscriber.subscribe(SendMail, ({ accountId }, { attempt }) => {
    handled.push(`${accountId} ${attempt}`);
    if (accountId === "bad") throw new Reject("no");
  });
  await publisher.publish(declared.Signups, { accountId: "good" });
  await publisher.publish(declared.Signups, { accountId: "bad" });
  await vi.waitFor(() => expect(handled.toSorted()).toEqual(["bad 1", "good 1"]), { timeout: 15_000 });
  const letters = operator.deadLetters(SendMail);
  await vi.waitFor(async () => expect(await letters.count()).toBe(1), { timeout: 15_000 });
  expect(await letters.peek()).toMatchObject([{ reason: "rejected" }]);
  expect(await letters.redrive()).toBe(1);
  await vi.waitFor(() => expect(handled).toHaveLength(3), { timeout: 15_000 });
  await vi.waitFor(async () => expect(await letters.count()).toBe(1), { timeout: 15_000 });
  expect(await letters.purge()).toBe(1);
  await worker.close();
}

/** More than a pass holds (64 MiB): what the filter leaves beyond that is moved, for which an operator must store letters. */
async function expectLargeQueue(as: (role: Policy["role"]) => Promise<PubSub>): Promise<void> {
  await using publisher = await as("publisher");
  await using subscriber = await as("subscriber");
  await using operator = await as("operator");
  const worker = await subscriber.subscribe(SendMail, ({ accountId }) => {
    throw new Reject(accountId);
  });
  const padding = "x".repeat(1_000_000);
  for (let number = 0; number < 75; number += 1) {
    // The type says less than what is sent.
    const event = { accountId: number === 74 ? "chosen" : "other", padding };
    await publisher.publish(declared.Signups, event);
  }
  const letters = operator.deadLetters(SendMail);
  await vi.waitFor(async () => expect(await letters.count()).toBe(75), { timeout: 60_000, interval: 100 });
  await worker.close();
  expect(await letters.redrive({ filter: ({ errorMessage }) => errorMessage === "chosen" })).toBe(1);
  await vi.waitFor(async () => expect(await letters.count()).toBe(74), { timeout: 15_000 });
  expect(await letters.purge()).toBe(74);
}

async function expectNoMore(as: (role: Policy["role"]) => Promise<PubSub>): Promise<void> {
  await using subscriber = await as("subscriber");
  await expect(subscriber.publish(declared.Signups, { accountId: "a" })).rejects.toMatchObject({ name: "PubSubError" });
  await using publisher = await as("publisher");
  await expect(publisher.publish(declared.Orders, { number: 1 })).rejects.toMatchObject({ name: "PubSubError" });
  await expect(publisher.subscribe(SendMail, () => {}, { signal: AbortSignal.timeout(10_000) })).rejects.toBeInstanceOf(
    Error,
  );
}

/** Ends with the test. */
async function started(kind: "nats" | "rabbitmq" | "redis", config?: string): Promise<Broker> {
  const broker = await startBroker(kind, { provider: "native", ...(config === undefined ? {} : { config }) });
  onTestFinished(async () => await broker.close());
  return broker;
}

describe("NATS: users with these permissions", () => {
  const users = (policies: readonly Policy[]): string => {
    const user = (name: string, document: unknown): string =>
      `{ user: ${name}, password: "pw"${document === undefined ? "" : `, permissions: ${JSON.stringify(document)}`} }`;
    const all = [
      user("admin", undefined),
      user("publisher", policyOf(policies, "publisher", "signups").document),
      user("subscriber", policyOf(policies, "subscriber", "signups/send-mail").document),
      user("operator", policyOf(policies, "operator", "signups/send-mail").document),
    ];
    return `authorization { users: [\n${all.join("\n")}\n] }`;
  };

  test("can do their work, and no more", async () => {
    const policies = await policiesFor("nats", "nats://x");
    const broker = await started("nats", users(policies));
    const inboxPrefixes: Readonly<Record<string, string>> = {
      publisher: "_INBOX_publisher.signups",
      subscriber: "_INBOX_subscriber.signups.send-mail",
      operator: "_INBOX_operator.signups.send-mail",
    };
    const as = async (user: string): Promise<PubSub> => {
      const url = `${broker.url.replace("//", `//${user}:pw@`)}?inboxPrefix=${inboxPrefixes[user] ?? "_INBOX"}`;
      return await connect(url, { provisioning: "off", publish: { timeoutMs: 2000 } });
    };
    await using admin = await as("admin");
    await expectEnough(admin, as);
    await expectLargeQueue(as);
    await expectNoMore(as);
  }, 180_000);
});

describe("AWS", () => {
  test("a publisher may publish to its topic, a worker read its queue and store dead letters, and nothing else", async () => {
    const policies = await policiesFor("aws", "aws://eu-west-1?account=123456789012&prefix=shop-");
    expect(policyOf(policies, "publisher", "signups").document).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Publish",
          Effect: "Allow",
          Action: ["sns:Publish"],
          Resource: "arn:aws:sns:eu-west-1:123456789012:shop-signups.fifo",
        },
      ],
    });
    const { Statement } = policyOf(policies, "subscriber", "notes/archive").document as {
      Statement: { Action: readonly string[]; Resource: string }[];
    };
    expect(Statement.map(({ Resource }) => Resource)).toEqual([
      "arn:aws:sqs:eu-west-1:123456789012:shop-notes_archive",
      "arn:aws:sqs:eu-west-1:123456789012:shop-notes_archive_dlq",
    ]);
    expect(Statement.flatMap(({ Action }) => Action).some((action) => /Create|Purge|SetQueue|\*/.test(action))).toBe(
      false,
    );
    expect(Statement[0]?.Action).not.toContain("sqs:SendMessage");
  });

  test("an operator may read and store letters, and send to the queue of its subscription alone", async () => {
    const policies = await policiesFor("aws", "aws://eu-west-1?account=123456789012");
    const { Statement } = policyOf(policies, "operator", "notes/archive").document as {
      Statement: { Action: readonly string[]; Resource: string }[];
    };
    const sends = Statement.filter(({ Action }) => Action.includes("sqs:SendMessage"));
    expect(sends.map(({ Resource }) => Resource.split(":").at(-1))).toEqual(["notes_archive_dlq", "notes_archive"]);
    expect(Statement[1]?.Action).not.toContain("sqs:ReceiveMessage");
  });
});

describe("Google Cloud", () => {
  test("roles are bound on resources, never on the project", async () => {
    const policies = await policiesFor("gcp", "gcp://my-project");
    expect(policyOf(policies, "publisher", "orders").document).toEqual({
      bindings: [{ resource: "projects/my-project/topics/orders", role: "roles/pubsub.publisher" }],
    });
    const all = policies.flatMap(({ document }) => (document as { bindings: { resource: string }[] }).bindings);
    expect(bindingsOf(policies, "subscriber", "signups/send-mail")).toEqual([
      "subscriptions/signups.send-mail subscriber",
      "subscriptions/signups.send-mail viewer",
      "subscriptions/signups.send-mail.redrive subscriber",
      "subscriptions/signups.send-mail.redrive viewer",
      "topics/signups.send-mail.dead-letters publisher",
      "subscriptions/signups.send-mail.dead-letters viewer",
    ]);
    // More attempts than the service counts: it publishes such a message once more.
    expect(bindingsOf(policies, "subscriber", "notes/archive")).toContain("topics/notes.archive.redrive publisher");
    expect(bindingsOf(policies, "operator", "signups/send-mail")).toEqual([
      "subscriptions/signups.send-mail.dead-letters subscriber",
      "subscriptions/signups.send-mail.dead-letters viewer",
      "topics/signups.send-mail.dead-letters publisher",
      "topics/signups.send-mail.redrive publisher",
      "subscriptions/signups.send-mail.redrive viewer",
    ]);
    expect(all.every(({ resource }) => /^projects\/my-project\/(topics|subscriptions)\/./.test(resource))).toBe(true);
  });
});

describe("RabbitMQ", () => {
  test("names are matched exactly", async () => {
    const policies = await policiesFor("rabbitmq", "amqp://localhost");
    expect(policyOf(policies, "publisher", "signups").document).toEqual({
      configure: "^$",
      write: "^signups$",
      read: "^$",
    });
    const { read, configure } = policyOf(policies, "subscriber", "signups/send-mail").document as Record<
      string,
      string
    >;
    expect("signups.send-mail").toMatch(new RegExp(read ?? ""));
    expect("signups.send-mail.dead-letters").not.toMatch(new RegExp(read ?? ""));
    expect("signupsXsend-mail").not.toMatch(new RegExp(read ?? ""));
    expect("signups.send-mail").not.toMatch(new RegExp(configure ?? ""));
  });

  test("users with these permissions can do their work, and no more", async () => {
    const broker = await started("rabbitmq");
    const policies = await policiesFor("rabbitmq", "amqp://localhost");
    const admin = broker.admin as NonNullable<Broker["admin"]>;
    for (const [role, of] of [
      ["publisher", "signups"],
      ["subscriber", "signups/send-mail"],
      ["operator", "signups/send-mail"],
    ] as const) {
      const { configure, write, read } = policyOf(policies, role, of).document as Record<string, string>;
      await admin(["add_user", role, "pw"]);
      await admin(["set_permissions", "-p", "/", role, configure ?? "", write ?? "", read ?? ""]);
    }
    const as = async (user: string): Promise<PubSub> => {
      const url = new URL(broker.url);
      [url.username, url.password] = [user, "pw"];
      return await connect(url, { provisioning: "off", inbox: new MemoryInbox(), publish: { timeoutMs: 5000 } });
    };
    await using owner = await connect(broker.url, { provisioning: "off", inbox: new MemoryInbox() });
    await expectEnough(owner, as);
    await expectLargeQueue(as);
    await expectNoMore(as);
  }, 180_000);
});

describe("Redis", () => {
  test("each role has its own keys, and a worker may not add to the topic", async () => {
    const policies = await policiesFor("redis", "redis://x?prefix=shop");
    const notes = policyOf(policies, "publisher", "notes").document as string;
    const [publishing = "", scheduling = ""] = notes.split("(");
    expect(publishing).toBe("resetkeys resetchannels -@all %W~shop:notes +info +ping +xadd ");
    expect(scheduling).toMatch(/^-@all ~shop:notes ~\{shop:notes\}:later ~\{shop:notes\}:kept /);
    expect(policyOf(policies, "publisher", "orders").document).toMatch(
      /~shop:orders ~\{shop:orders\}:seen:0 .*\+evalsha/,
    );
    const worker = policyOf(policies, "subscriber", "signups/send-mail").document as string;
    const [all = "", own = ""] = worker.split("(");
    expect(all).toContain(" ~shop:signups ");
    expect(all).not.toMatch(/\+(xadd|xdel|del|@|config|keys)/);
    expect(own).toMatch(/^-@all ~\{shop:signups\}:send-mail:again /);
    expect(own).toContain("+xadd");
    const operator = policyOf(policies, "operator", "signups/send-mail").document as string;
    expect(operator).not.toContain("~shop:signups ");
  });

  test.each([
    ["alone", ""],
    ["with a database and a prefix of its own", "/3?prefix=shop"],
  ])("users with these rules can do their work, and no more: %s", { timeout: 180_000 }, async (_which, rest) => {
    const policies = await policiesFor("redis", `redis://x${rest}`);
    const user = (role: Policy["role"], of: string): string =>
      `user ${role} on >pw ${policyOf(policies, role, of).document as string}`;
    const users = [
      user("publisher", "signups"),
      user("subscriber", "signups/send-mail"),
      user("operator", "signups/send-mail"),
    ];
    const broker = await started("redis", users.join("\n"));
    const as = async (name: string): Promise<PubSub> =>
      await connect(`${broker.url.replace("//", `//${name}:pw@`)}${rest}`, {
        provisioning: "off",
        publish: { timeoutMs: 5000 },
      });
    await using admin = await connect(`${broker.url}${rest}`, { provisioning: "off" });
    await expectEnough(admin, as);
    await expectLargeQueue(as);
    // Of what is not permitted two things are tried: at every connect, to see how the server syncs its file, and once by each worker, to
    // publish what is due, which it then leaves to the publishers.
    const denied = [...((await broker.admin?.(["ACL", "LOG"])) ?? "").matchAll(/^object\n(.*)$/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(denied)).toEqual(new Set(["config|get", expect.stringMatching(/^\{(shop:)?signups\}:later$/)]));
    await expectNoMore(as);
  });
});
