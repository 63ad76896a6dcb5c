import { expect, test } from "vitest";
import { gunzipSync } from "node:zlib";
import { connect, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { UI_FILES } from "../src/generated/ui-files.ts";
import { dashboard } from "../src/index.ts";

const MOST_BYTES = 150 * 1024;

test("the page with all its screens is smaller than 150 KiB as a browser fetches it, and is the same unpacked", async () => {
  await using pubsub = await connect(memory());
  const handle = dashboard({ pubsub, declarations: [defineTopic("signups")], authorize: () => ({ user: "test" }) });
  let bytes = 0;
  for (const [name, text] of Object.entries(UI_FILES)) {
    const request = new Request(`http://localhost/${name}`, { headers: { "accept-encoding": "gzip, br" } });
    const response = await handle(request);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const packed = Buffer.from(await response.arrayBuffer());
    bytes += packed.length;
    expect(gunzipSync(packed).toString()).toBe(text.replaceAll("{{base}}", ""));
    const plain = await handle(new Request(`http://localhost/${name}`));
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.text()).toBe(text.replaceAll("{{base}}", ""));
  }
  expect(bytes).toBeLessThan(MOST_BYTES);
  // Nothing is loaded from elsewhere: the only addresses are names of XML.
  const addresses = Object.values(UI_FILES).flatMap((text) => text.match(/https?:\/\/[^\s"'`)]+/g) ?? []);
  expect(addresses.filter((address) => /\.(js|css|woff2?|png)\b/.test(address))).toEqual([]);
  await handle.close();
});
