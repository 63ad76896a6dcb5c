import { connect, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dashboard, type Dashboard, tokenLogin, type TokenLogin, type TokenLoginOptions } from "../src/index.ts";
import { ask } from "./ask.ts";

let pubsub: PubSub;
beforeAll(async () => {
  pubsub = await connect(memory());
});
afterAll(async () => await pubsub.close());

function made(
  options: TokenLoginOptions = {},
  basePath = "",
): { readonly handle: Dashboard; readonly login: TokenLogin } {
  const login = tokenLogin(options);
  return { login, handle: dashboard({ pubsub, declarations: [defineTopic("t")], authorize: login, basePath }) };
}

const LONG = "a-token-that-is-long-enough";

const logIn = async (handle: Dashboard, token: unknown, headers = {}, base = ""): Promise<Response> =>
  await ask(handle, "POST", `${base}/api/login`, { body: { token }, headers });

const cookieOf = (response: Response): string => (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";

const session = async (handle: Dashboard, cookie: string, address = "http://localhost"): Promise<number> =>
  (await handle(new Request(`${address}/api/session`, { headers: { cookie } }))).status;

test("whoever is not signed in gets the page, which shows the login, and nothing of the API", async () => {
  const { handle } = made();
  expect((await ask(handle, "GET", "/")).status).toBe(200);
  for (const path of ["/api/session", "/api/nothing"]) {
    const response = await ask(handle, "GET", path);
    expect(await response.json()).toEqual({ error: { code: "LOGIN_NEEDED", message: "you are not signed in" } });
  }
  expect((await ask(handle, "POST", "/api/session")).status).toBe(401);
});

test("a token of the program's works once; the cookie it gives works on", async () => {
  const { handle, login } = made({ can: ["purge"], user: "ann" });
  const token = login.newToken();
  const response = await logIn(handle, token);
  expect([response.status, response.headers.get("set-cookie")]).toEqual([
    200,
    expect.stringMatching(/^anytopic-80=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/) as string,
  ]);
  expect(
    await (await ask(handle, "GET", "/api/session", { headers: { cookie: cookieOf(response) } })).json(),
  ).toMatchObject({
    user: "ann",
    can: ["purge"],
  });
  expect((await logIn(handle, token)).status).toBe(401);
  expect((await logIn(handle, login.newToken())).status).toBe(200);
});

test("a token of the operator's works again and again", async () => {
  const { handle } = made({ token: LONG });
  for (let time = 0; time < 30; time += 1) expect((await logIn(handle, LONG)).status).toBe(200);
});

test("a short token is refused", () => {
  expect(() => tokenLogin({ token: "0123456789abcde" })).toThrow("the token has 15 characters: at least 16 are needed");
});

test.for(["", "a-token-that-is-long-enougH", "a-token-that-is-long-enough ", `${LONG}${LONG}`, "a".repeat(1_000_000)])(
  "a wrong token lets nobody in",
  async (token) => {
    const response = await logIn(made({ token: LONG }).handle, token);
    expect([response.status, response.headers.get("set-cookie")]).toEqual([401, null]);
  },
);

test.for([undefined, null, 7, {}, [LONG]])("the token %j is none", async (token) => {
  expect((await logIn(made({ token: LONG }).handle, token)).status).toBe(400);
});

test("guessing becomes slow, also for the right token, and ends", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { handle } = made({ token: LONG });
  const statuses: number[] = [];
  for (let guess = 0; guess < 12; guess += 1) statuses.push((await logIn(handle, `wrong-${guess}-0123456789`)).status);
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  const late = await logIn(handle, LONG);
  expect([late.status, late.headers.get("retry-after")]).toEqual([429, "1"]);
  vi.advanceTimersByTime(1100);
  expect((await logIn(handle, "one-more-0123456789")).status).toBe(401);
  expect((await logIn(handle, LONG)).status).toBe(429);
  vi.advanceTimersByTime(1100);
  expect((await logIn(handle, LONG)).status).toBe(200);
  vi.useRealTimers();
});

test("many at once are not more guesses", async () => {
  const { handle } = made({ token: LONG });
  const all = await Promise.all(
    Array.from({ length: 100 }, async (_, guess) => await logIn(handle, `wrong-${guess}-00`)),
  );
  expect(all.filter(({ status }) => status === 401)).toHaveLength(10);
});

test("another site cannot sign somebody in", async () => {
  const { handle, login } = made();
  const token = login.newToken();
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }]) {
    expect((await logIn(handle, token, headers)).status).toBe(403);
  }
  const plain = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }) };
  expect((await handle(new Request("http://localhost/api/login", plain))).status).toBe(403);
  expect((await logIn(handle, token)).status).toBe(200);
});

test("a cookie belongs to one process, one port, and twelve hours without a visit", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { handle } = made({ token: LONG });
  const cookie = cookieOf(await logIn(handle, LONG));
  const [, secret] = cookie.split("=");
  expect(await session(handle, cookie)).toBe(200);
  expect(await session(made({ token: LONG }).handle, cookie)).toBe(401);
  expect(await session(handle, `anytopic-9401=${secret}`)).toBe(401);
  expect(await session(handle, `anytopic-9401=${secret}`, "http://localhost:9401")).toBe(200);
  for (const wrong of [
    "",
    "anytopic-80=",
    "anytopic-80=__proto__",
    `anytopic-80=${secret}x`,
    `x-anytopic-80=${secret}`,
  ]) {
    expect(await session(handle, wrong)).toBe(401);
  }
  // One that another server of the same host has set is beside it.
  expect(await session(handle, `anytopic-80=other; a=b;${cookie}`)).toBe(200);
  vi.advanceTimersByTime(11 * 3_600_000);
  expect(await session(handle, cookie)).toBe(200);
  vi.advanceTimersByTime(11 * 3_600_000);
  expect(await session(handle, cookie)).toBe(200);
  vi.advanceTimersByTime(13 * 3_600_000);
  expect(await session(handle, cookie)).toBe(401);
  vi.useRealTimers();
});

test("with https the cookie is one that no other host can set", async () => {
  const { handle } = made({ token: LONG }, "/admin");
  const headers = { "content-type": "application/json", "x-anytopic": "1", origin: "https://localhost" };
  const init = { method: "POST", headers, body: JSON.stringify({ token: LONG }) };
  const secure = await handle(new Request("https://localhost/admin/api/login", init));
  expect(secure.headers.get("set-cookie")).toMatch(
    /^__Host-anytopic-443=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  const plain = await logIn(handle, LONG, {}, "/admin");
  expect(plain.headers.get("set-cookie")).toMatch(/^anytopic-80=[\w-]+; Path=\/admin; HttpOnly; SameSite=Strict$/);
});
