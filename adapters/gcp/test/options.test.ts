import { adapterModule, gcp, gcpCapabilities } from "@anytopic/gcp";
import { PubSub } from "@google-cloud/pubsub";
import { connect } from "@anytopic/core";
import { expect, onTestFinished, test, vi } from "vitest";

test.each([
  "gcp://my-project",
  "gcp://",
  "gcp://my-project/?prefix=dev-&emulatorHost=127.0.0.1:8085&maxPulls=2",
  "gcp://my-project?emulatorHost=[::1]:8085",
])("%s is understood", (url) => {
  const adapter = adapterModule.fromUrl(url);
  expect(adapter).toMatchObject({ name: "gcp", capabilities: gcpCapabilities });
});

test.each([
  ["http://x", /does not begin with gcp:/],
  ["gcp://Bad_Project", /projectId is 'Bad_Project': must be a project id/],
  ["gcp://user:s3cret@my-project", /holds a user or password/],
  ["gcp://my-project/topic", /path/],
  ["gcp://my-project:8085", /more than project and query/],
  ["gcp://my-project?region=x", /unknown parameter 'region'/],
  ["gcp://my-project?prefix=goog-", /reserved/],
  ["gcp://my-project?prefix=a.b", /prefix is 'a.b'/],
  ["gcp://my-project?maxPulls=many", /maxPulls is NaN/],
  ["gcp://my-project?emulatorHost=nowhere", /emulatorHost is 'nowhere': must be host:port/],
  ["gcp://my-project?emulatorHost=::1:8085", /emulatorHost is '::1:8085': must be host:port/],
  ["gcp://my-project?emulatorHost=[::1]", /must be host:port, for example 127.0.0.1:8085 or \[::1\]:8085/],
])("%s is refused", (url, message) => {
  expect(() => adapterModule.fromUrl(url)).toThrow(message);
  expect(() => adapterModule.fromUrl(url)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }) as Error);
  expect(() => adapterModule.fromUrl(url)).not.toThrow(/s3cret/);
});

test("options and URL must not say two things; the same twice is fine", () => {
  expect(() => adapterModule.fromUrl("gcp://p-1?prefix=a-", { prefix: "b-" })).toThrow(
    expect.objectContaining({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("prefix is 'a-' in the URL and 'b-' in the options: say it once. See "),
    }) as Error,
  );
  expect(() => adapterModule.fromUrl("gcp://project-1", { projectId: "project-2" })).toThrow(/'project-1' in the URL/);
  expect(() => adapterModule.fromUrl("gcp://project-1?prefix=a&prefix=a")).toThrow(/prefix is given twice in the URL/);
  const same = { projectId: "project-1", prefix: "a-", maxPulls: 2, emulatorHost: undefined };
  expect(adapterModule.fromUrl("gcp://project-1?prefix=a-&maxPulls=2", same)).toMatchObject({ name: "gcp" });
  expect(() => adapterModule.fromUrl("gcp://p-1", [])).toThrow(/must be an object/);
});

test("unknown and contradicting options are TypeErrors", () => {
  expect(() => gcp({ project: "x" } as never)).toThrow(TypeError);
  expect(() => gcp({ waitingPulls: "yes" } as never)).toThrow(/must be true or false/);
  const client = new PubSub({ projectId: "p-1", apiEndpoint: "127.0.0.1:1" });
  expect(() => gcp({ client, projectId: "p-1" })).toThrow(/exclude each other/);
  expect(() => gcp({ projectId: "p-1", clientConfig: { projectId: "p-2" } })).toThrow(
    /'p-1' and clientConfig.projectId/,
  );
  expect(() => gcp({ emulatorHost: "a:1", clientConfig: { apiEndpoint: "b:1" } })).toThrow(
    /clientConfig.apiEndpoint is/,
  );
});

test("missing credentials are UNAUTHENTICATED, and the error says what to do", async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const variable of ["PUBSUB_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"]) vi.stubEnv(variable, undefined);
  vi.stubEnv("CLOUDSDK_CONFIG", import.meta.dirname);
  vi.stubEnv("METADATA_SERVER_DETECTION", "none");
  await expect(connect("gcp://my-project")).rejects.toMatchObject({
    name: "PubSubError",
    code: "UNAUTHENTICATED",
    message: expect.stringContaining("gcloud auth application-default login") as string,
  });
});
