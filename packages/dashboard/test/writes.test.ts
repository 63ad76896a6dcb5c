import { connect, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Route } from "../src/http/route.ts";
import { dashboard, type Dashboard, type DashboardOptions } from "../src/index.ts";
import { ask } from "./ask.ts";

const { bodies, purge } = vi.hoisted(() => {
  const given: unknown[] = [];
  const route: Route = {
    method: "POST",
    path: "test-purge",
    needs: "purge",
    async run({ body }) {
      given.push(body);
      if (JSON.stringify(body).includes("explode")) throw new Error("the body was: a secret");
      return { purged: 1 };
    },
  };
  return { bodies: given, purge: route };
});

vi.mock("../src/routes/index.ts", () => ({ ROUTES: [purge] }));

let pubsub: PubSub;
beforeAll(async () => {
  pubsub = await connect(memory());
});
afterAll(async () => await pubsub.close());

const made = (options: Partial<DashboardOptions> = {}): Dashboard => {
  bodies.length = 0;
  const authorize = (): { user: string; can: ["purge"] } => ({ user: "ann", can: ["purge"] });
  return dashboard({ pubsub, declarations: [defineTopic("signups")], authorize, ...options });
};

const PATH = "/api/test-purge";

test("the page itself may write", async () => {
  const response = await ask(made(), "POST", PATH, { body: { sure: true } });
  expect([response.status, await response.json(), bodies]).toEqual([200, { purged: 1 }, [{ sure: true }]]);
});

const own = { "content-type": "application/json", "x-anytopic": "1" };
const write = async (headers: Readonly<Record<string, string>>, origin = "http://localhost:9401"): Promise<Response> =>
  await made()(new Request(origin + PATH, { method: "POST", headers, body: "{}" }));

describe("what another site makes a browser send is refused", () => {
  test.for<readonly [name: string, headers: Readonly<Record<string, string>>]>([
    ["another origin", { ...own, origin: "http://evil.example" }],
    ["another port of the same host", { ...own, origin: "http://localhost:3000" }],
    ["another host that begins so", { ...own, origin: "http://localhost:9401.evil.example" }],
    ["a user in the origin", { ...own, origin: "http://localhost:9401@evil.example" }],
    ["a sandboxed frame", { ...own, origin: "null" }],
    ["an origin of another kind", { ...own, origin: "chrome-extension://localhost:9401" }],
    ["a cross-site fetch", { ...own, "sec-fetch-site": "cross-site" }],
    [
      "a cross-site fetch that claims the origin",
      { ...own, "sec-fetch-site": "cross-site", origin: "http://localhost:9401" },
    ],
    ["a sibling of the same site", { ...own, "sec-fetch-site": "same-site" }],
    ["an address that was typed", { ...own, "sec-fetch-site": "none" }],
    ["neither origin nor site", own],
    ["no header of ours", { "content-type": "application/json", "sec-fetch-site": "same-origin" }],
  ])("%s", async ([, headers]) => {
    expect(await (await write(headers)).json()).toMatchObject({ error: { code: "CROSS_SITE" } });
    expect(bodies).toEqual([]);
  });

  test.for<readonly [name: string, origin: string, address?: string]>([
    ["the same", "http://localhost:9401"],
    ["https before a proxy", "https://localhost:9401"],
    ["the port of https", "https://localhost:443", "http://localhost"],
  ])("origin: %s is the page", async ([, origin, address]) => {
    expect((await write({ ...own, origin }, address)).status).toBe(200);
  });

  test("http is not the page of https", async () => {
    expect((await write({ ...own, origin: "http://localhost:9401" }, "https://localhost:9401")).status).toBe(403);
  });

  test("nor may it read", async () => {
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "null" }]) {
      const response = await made()(
        new Request(`http://localhost${PATH}`, { method: "GET", headers: headers as never }),
      );
      expect(response.ok).toBe(false);
    }
  });
});

describe("the body", () => {
  test.for([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "",
  ])("of type %j is refused", async (type) => {
    expect((await ask(made(), "POST", PATH, { body: "{}", headers: { "content-type": type } })).status).toBe(415);
    expect(bodies).toEqual([]);
  });

  test("may say its charset", async () => {
    const headers = { "content-type": "Application/JSON; charset=utf-8" };
    expect((await ask(made(), "POST", PATH, { body: {}, headers })).status).toBe(200);
  });

  test.for(["", "{", "nope", '{"a":1}}', "\u0000"])("%j is not JSON", async (body) => {
    expect(await (await ask(made(), "POST", PATH, { body })).json()).toMatchObject({ error: { code: "WRONG_BODY" } });
  });

  test("must be UTF-8", async () => {
    const headers = { ...own, "sec-fetch-site": "same-origin" };
    const body = new Uint8Array([0x22, 0xff, 0x22]);
    const response = await made()(new Request(`http://localhost${PATH}`, { method: "POST", headers, body }));
    expect(await response.json()).toEqual({ error: { code: "WRONG_BODY", message: "the body is not UTF-8" } });
  });

  test("may hold a message of 1 MiB in base64, and not much more", async () => {
    const message = Buffer.alloc(1024 * 1024, 7).toString("base64");
    expect((await ask(made(), "POST", PATH, { body: { message } })).status).toBe(200);
    const tooMuch = await ask(made(), "POST", PATH, { body: { message: message + message } });
    expect(tooMuch.status).toBe(413);
    expect(await tooMuch.text()).toContain("larger than 2 MiB");
  });

  test("that does not end is not read to its end", async () => {
    let sent = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    const headers = { ...own, "sec-fetch-site": "same-origin" };
    const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
    expect((await made()(new Request(`http://localhost${PATH}`, init))).status).toBe(413);
    expect([cancelled, sent < 3 * 1024 * 1024]).toEqual([true, true]);
  });

  test("may be deep, but not deep enough to overflow a stack", async () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect((await ask(made(), "POST", PATH, { body: nested(60) })).status).toBe(200);
    for (const body of [nested(70), nested(500_000), `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`]) {
      expect((await ask(made(), "POST", PATH, { body })).status).toBe(400);
    }
  });

  test("changes no prototype", async () => {
    const body = '{"__proto__":{"purged":true},"constructor":{"prototype":{"purged":true}}}';
    expect((await ask(made(), "POST", PATH, { body })).status).toBe(200);
    const [given] = bodies as [Record<string, unknown>];
    expect(Object.getPrototypeOf(given)).toBe(Object.prototype);
    expect(["purged" in {}, "purged" in given]).toEqual([false, false]);
  });
});

describe("permission and log", () => {
  const logged = (): { readonly lines: string[]; readonly logger: DashboardOptions["logger"] } => {
    const lines: string[] = [];
    const add = (fields: object, message: string): void => void lines.push(`${JSON.stringify(fields)} ${message}`);
    return { lines, logger: { debug: add, info: add, warn: add, error: add } };
  };

  test.for([[], ["publish", "redrive", "pause"], undefined])("who can %j cannot purge", async (can) => {
    const { lines, logger } = logged();
    const handle = made({ logger, authorize: () => ({ user: "bob", can }) as never });
    expect((await ask(handle, "POST", PATH, { body: {} })).status).toBe(403);
    expect(bodies).toEqual([]);
    expect(lines).toEqual([
      '{"user":"bob","action":"test-purge"} the dashboard refused test-purge: purge is not allowed',
    ]);
  });

  test("every write is logged with who, and never with what", async () => {
    const { lines, logger } = logged();
    const handle = made({ logger });
    await ask(handle, "POST", PATH, { body: { body: "a secret" } });
    const failed = await ask(handle, "POST", PATH, { body: { body: "a secret that will explode" } });
    expect([failed.status, await failed.text()]).toEqual([500, expect.not.stringContaining("secret")]);
    expect(lines.filter((line) => line.includes('"user":"ann"'))).toHaveLength(3);
    expect(lines.join("\n")).not.toContain("secret");
    expect(lines).toContain('{"user":"ann","action":"test-purge","code":"UNKNOWN"} test-purge failed in the dashboard');
  });
});
