import { describe, expect, test } from "vitest";
import { loadConfig, type LoadedConfig } from "@anytopic/core/config";

const secret = "hunter2-not-to-be-seen";

async function load(config: object, environment: Record<string, string> = {}): Promise<LoadedConfig> {
  return (await loadConfig({ config, environment })).config;
}
const urlOf = async (url: string, environment?: Record<string, string>): Promise<string | undefined> =>
  (await load({ connections: { main: { url } } }, environment)).connections["main"]?.url;

describe("variables", () => {
  test.for([
    ["${URL}", { URL: "memory:" }, "memory:"],
    ["amqp://${USER}:${PASSWORD}@host", { USER: "me", PASSWORD: "a$b}{" }, "amqp://me:a$b}{@host"],
    ["memory:${NAME:-fallback}", {}, "memory:fallback"],
    ["memory:${NAME:-fallback}", { NAME: "" }, "memory:fallback"],
    ["memory:${NAME:-}x", {}, "memory:x"],
    ["memory:${NAME:-fallback}", { NAME: "given" }, "memory:given"],
    ["memory:$${NAME}", { NAME: "given" }, "memory:${NAME}"],
    ["memory:${A}", { A: "${B}", B: "not again" }, "memory:${B}"],
    ["memory:$A", { A: "no braces, no variable" }, "memory:$A"],
  ] as const)("%s with %o", async ([url, environment, expected]) => {
    expect(await urlOf(url, environment)).toBe(expected);
  });

  test.for([
    [
      "${URL}",
      "connections.main.url needs the environment variable URL, which is not set: set it, or give a fallback: ${URL:-…}",
    ],
    ["${lower-case}", "connections.main.url has ${lower-case}: write ${VARIABLE}"],
    ["${}", "connections.main.url has ${}: write ${VARIABLE}"],
    ["memory:${OPEN", "connections.main.url has ${OPEN: write ${VARIABLE}"],
  ] as const)("%s is an error", async ([url, message]) => {
    await expect(urlOf(url)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(message),
    });
  });

  test("stand anywhere in strings, also in adapters' options, and for numbers and choices", async () => {
    const config = await load(
      {
        connections: { main: { url: "memory:", options: { deep: [{ token: "${TOKEN}" }] } } },
        provisioning: "${MODE}",
        topics: {
          signups: {
            name: "${STAGE}-signups",
            subscriptions: {
              mail: { maxConcurrency: "${SIZE}", retryPolicy: { jitter: "${JITTER}", maxRetries: "${RETRIES}" } },
            },
          },
        },
      },
      { TOKEN: secret, MODE: "verify", STAGE: "prod", SIZE: "12", JITTER: "0.5", RETRIES: "Infinity" },
    );
    expect(config.connections["main"]?.options).toEqual({ deep: [{ token: secret }] });
    expect(config.provisioning).toBe("verify");
    expect(config.topics["signups"]).toEqual({
      name: "prod-signups",
      subscriptions: {
        mail: { maxConcurrency: 12, retryPolicy: { jitter: 0.5, maxRetries: Number.POSITIVE_INFINITY } },
      },
    });
  });

  test("keys are taken as they are", async () => {
    await expect(load({ connections: { "${NAME}": { url: "memory:" } } }, { NAME: "x" })).rejects.toThrow(
      'connections["${NAME}"] has a name that is not allowed',
    );
  });

  const main = { main: { url: "memory:" } };
  test.for([
    ["an integer", { connections: main, closeTimeoutMs: "${X}" }],
    ["a choice", { connections: main, provisioning: "${X}" }],
    ["a default", { connections: main, default: "${X}" }],
    ["a connection", { connections: main, topics: { a: { connection: "${X}" } } }],
    ["a name", { connections: main, topics: { a: { name: "!${X}" } } }],
    ["two equal names", { connections: main, topics: { a: { name: "${X}" }, b: { name: "${X}" } } }],
    ["a list", { connections: main, declarations: "${X}" }],
    ["an object", { connections: main, publish: "${X}" }],
    ["a connection that is text", { connections: { main: "${X}" } }],
    ["options", { connections: { main: { url: "memory:", options: "${X}" } } }],
  ] as const)("values never appear in errors: %s", async ([, config]) => {
    const error: unknown = await load(config, { X: secret }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringContaining("${X}") });
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain("hunter2");
  });

  test("conceal takes values out of what others say, in every form", async () => {
    const value = 'p@ss "word"/1';
    const { conceal } = await loadConfig({
      config: { connections: { main: { url: "memory:${X}" } } },
      environment: { X: value },
    });
    const text = `${value} ${encodeURIComponent(value)} ${JSON.stringify(value)}`;
    expect(conceal(text)).toBe('${X} ${X} "${X}"');
  });
});
