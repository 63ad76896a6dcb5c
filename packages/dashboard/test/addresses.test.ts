import { connect, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dashboard, type Dashboard } from "../src/index.ts";

let pubsub: PubSub;
beforeAll(async () => {
  pubsub = await connect(memory());
});
afterAll(async () => await pubsub.close());

const mounted = (basePath: string): Dashboard =>
  dashboard({ pubsub, declarations: [defineTopic("signups")], authorize: () => ({ user: "test" }), basePath });

const get = async (basePath: string, path: string, init: RequestInit = {}): Promise<Response> =>
  await mounted(basePath)(new Request(`http://localhost${path}`, init));

test.for(["", "/"])("basePath %j is the root", async (basePath) => {
  const page = await (await get(basePath, "/")).text();
  expect(page).toContain('src="/app.js" data-base=""');
  expect((await get(basePath, "/app.js")).status).toBe(200);
});

test.for(["/admin/any.topic_1~x", "/admin/any.topic_1~x/"])("below %s", async (basePath) => {
  const base = "/admin/any.topic_1~x";
  const page = await (await get(basePath, `${base}/`)).text();
  expect(page).toContain(`src="${base}/app.js" data-base="${base}"`);
  expect(page).not.toContain("{{");
  for (const path of ["/app.js", "/app.css", "/letters", "/a/b", "/api/session"]) {
    expect([path, (await get(basePath, base + path)).status]).toEqual([path, 200]);
  }
});

test("without its slash, the base leads to the one with it, and to nowhere else", async () => {
  const response = await get("/admin", "/admin?of=a%2Fb");
  expect([response.status, response.headers.get("location")]).toEqual([308, "/admin/?of=a%2Fb"]);
  expect((await get("/admin", "/admin", { method: "POST" })).status).toBe(405);
});

test.for([
  "/",
  "/adminx",
  "/Admin/",
  "//admin/",
  "/admin//",
  "/admin//evil.example/x",
  "//evil.example/admin/",
  "/admin/..%2f..%2fetc/passwd",
  "/admin/%2e%2e/%2e%2e/package.json",
  "/admin/../package.json",
  "/admin/api%2fsession",
  "/admin/api/session/",
  "/admin/api//session",
  "/admin/%61pi/session",
  "/admin/api/__proto__",
  "/admin/api/constructor",
  "/admin/index.html%00",
  "/admin/app.js.map",
  "/admin/\\\\evil",
  "/admin/toString.js",
])("there is nothing at %s", async (path) => {
  const response = await get("/admin", path);
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toContain("application/json");
});

test("a wrong mount says which option to set", async () => {
  expect(await (await get("/admin", "/tools/")).json()).toEqual({
    error: { code: "NOT_FOUND", message: 'the dashboard is mounted at "/admin": see its option basePath' },
  });
});

test.for(["admin", "/admin//x", "/a b", '/"><script>', "/a/../b", "/.", "//evil.example", "/a?b", "/a%20b", 7])(
  "%j is no basePath",
  (basePath) => {
    expect(() => mounted(basePath as string)).toThrow("basePath is");
  },
);

test("HEAD is GET without the body", async () => {
  const response = await get("", "/app.js", { method: "HEAD" });
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    200,
    "text/javascript; charset=utf-8",
    "",
  ]);
});

test.for(["OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND", "POST"])("%s is not allowed", async (method) => {
  for (const [path, allow] of [
    ["/", "GET, HEAD"],
    ["/api/session", "GET"],
  ] as const) {
    const response = await get("", path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  }
});

test("a file that the browser has is not sent again, until it is another one", async () => {
  const first = await get("/a", "/a/");
  const etag = first.headers.get("etag") ?? "";
  const again = await get("/a", "/a/", { headers: { "if-none-match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  expect((await get("/b", "/b/", { headers: { "if-none-match": etag } })).status).toBe(200);
});
