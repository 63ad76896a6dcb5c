import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Authorized, dashboard, type Dashboard, type DashboardOptions } from "../src/index.ts";

const signups = defineTopic("signups");
const welcome = defineSubscription(signups, "welcome");

let pubsub: PubSub;
beforeAll(async () => {
  pubsub = await connect(memory(), { declarations: [welcome] });
});
afterAll(async () => await pubsub.close());

const authorize = (): Authorized => ({ user: "eve", can: [] });
const made = (options: Partial<DashboardOptions> = {}): Dashboard =>
  dashboard({ pubsub, declarations: [signups, welcome], authorize, ...options });

async function codeOf(response: Response): Promise<readonly [number, string]> {
  const { error } = (await response.json()) as { readonly error: { readonly code: string } };
  return [response.status, error.code];
}

const get = async (
  handle: Dashboard,
  address: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => await handle(new Request(address, { headers }));

describe("the host", () => {
  test.for([
    "localhost",
    "localhost:8000",
    "app.localhost:3000",
    "127.0.0.1:9401",
    "127.9.9.9",
    "10.1.2.3:9401",
    "[::1]:9401",
    "LOCALHOST:1",
  ])("%s is always known", async (host) => {
    expect((await get(made(), "http://localhost/", { host })).status).toBe(200);
  });

  test.for([
    "evil.example",
    "evil.example:9401",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evillocalhost",
    "localhost.",
    "1.2.3.4.nip.io",
  ])("%s is refused before anybody is asked, on every address", async (host) => {
    const asked = vi.fn<() => Authorized>(authorize);
    const handle = made({ authorize: asked });
    for (const path of ["/", "/app.js", "/api/session", "/nothing"]) {
      const response = await get(handle, `http://localhost${path}`, { host });
      expect(response.status).toBe(421);
      expect(await response.text()).toContain('add it to the option \\"hosts\\"');
    }
    expect(asked).not.toHaveBeenCalled();
  });

  test("without the header the address counts", async () => {
    expect((await get(made(), "http://evil.example/")).status).toBe(421);
  });

  test.for(["localhost@evil.example", "evil.example/localhost", "localhost:99999", "", "a b", "localhost\\evil"])(
    "%j is no host",
    async (host) => {
      const handle = made();
      expect(await codeOf(await get(handle, "http://localhost/", { host }))).toEqual([400, "WRONG_HOST"]);
    },
  );

  test.for<readonly [host: string, status: number]>([
    ["ops.example.com", 200],
    ["OPS.example.com:8080", 200],
    ["a.internal:9000", 200],
    ["b.a.internal", 200],
    ["fixed.example.com:8443", 200],
    ["fixed.example.com", 421],
    ["fixed.example.com:8444", 421],
    ["internal", 421],
    ["notinternal", 421],
    ["other.example.com", 421],
  ])("with a list, %s is %i", async ([host, status]) => {
    const handle = made({ hosts: ["ops.example.com", "*.internal", "fixed.example.com:8443"] });
    expect((await get(handle, "http://localhost/", { host })).status).toBe(status);
  });

  test("any allows every name, when it is asked for", async () => {
    expect((await get(made({ hosts: "any" }), "http://localhost/", { host: "evil.example" })).status).toBe(200);
  });

  test.for([["https://ops.example.com"], ["ops.example.com/x"], ["*"], ["a.*.b"], [""], [7], "ops.example.com"])(
    "%j is no list of hosts",
    (hosts) => {
      expect(() => made({ hosts: hosts as readonly string[] })).toThrow(/hosts/);
    },
  );
});

describe("who asks", () => {
  test.for(["/", "/app.js", "/api/session", "/nothing", "/api/nothing", "/a%2fb"])(
    "nobody learns nothing at %s",
    async (path) => {
      const response = await get(made({ authorize: () => undefined }), `http://localhost${path}`);
      expect(await codeOf(response)).toEqual([401, "UNAUTHENTICATED"]);
    },
  );

  test("the application's own answer is sent as it is, for pages and API", async () => {
    const handle = made({ authorize: () => new Response("who?", { status: 404, headers: { "x-own": "1" } }) });
    for (const path of ["/", "/api/session"]) {
      const response = await get(handle, `http://localhost${path}`);
      expect([response.status, response.headers.get("x-own"), await response.text()]).toEqual([404, "1", "who?"]);
    }
  });

  test.for([true, "root", {}, { user: "" }, { user: 7 }, { user: "root", can: "purge" }])(
    "authorize that returns %j lets nobody in, and the log says so",
    async (visitor) => {
      const error = vi.fn<(fields: object, message: string) => void>();
      const logger = { debug: () => {}, info: () => {}, warn: () => {}, error };
      const response = await get(made({ authorize: () => visitor as Authorized, logger }), "http://localhost/");
      expect(await codeOf(response)).toEqual([500, "UNKNOWN"]);
      expect(JSON.stringify(error.mock.calls)).toContain("authorize must return");
    },
  );

  test.for([null, false, 0, ""])("authorize that returns %j refuses", async (nobody) => {
    const response = await get(made({ authorize: () => nobody as unknown as Authorized }), "http://localhost/");
    expect(response.status).toBe(401);
  });

  test("authorize that throws lets nobody in, and tells the visitor nothing", async () => {
    const handle = made({ authorize: () => Promise.reject(new Error("database of users: secret")) });
    const response = await get(handle, "http://localhost/api/session");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
  });

  test("there is no dashboard without authorize", () => {
    expect(() => made({ authorize: undefined as unknown as DashboardOptions["authorize"] })).toThrow(
      "authorize is required",
    );
  });
});

describe("every answer", () => {
  test.for<readonly [path: string, status: number, init?: RequestInit]>([
    ["/admin/", 200],
    ["/admin/letters", 200],
    ["/admin/app.js", 200],
    ["/admin", 308],
    ["/admin/api/session", 200],
    ["/admin/api/nothing", 404],
    ["/other", 404],
    ["/admin/x.map", 404],
    ["/admin/", 405, { method: "PUT" }],
    ["/admin/api/session", 405, { method: "OPTIONS", headers: { "access-control-request-method": "POST" } }],
    ["/admin/", 421, { headers: { host: "evil.example" } }],
  ])("%s (%i) has the headers", async ([path, status, init]) => {
    const handle = made({ basePath: "/admin" });
    const response = await handle(new Request(`http://localhost${path}`, init));
    expect(response.status).toBe(status);
    const { headers } = response;
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy.split("; ")).toContain(part);
    }
    expect(policy).not.toContain("unsafe");
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
    });
    expect(headers.get("cache-control")).toBe(
      /\/(app\.js|letters|)$/.test(path) && status === 200 ? "private, no-cache" : "no-store",
    );
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
