import { HttpError } from "./http-error.ts";

/** A message of 1 MiB in base64 takes 1.4 MiB; the rest is for its attributes. In bytes. More is 413. */
export const MAX_BODY_BYTES: number = 2 * 1024 * 1024;
/** How deep objects and lists may be in each other. More is 400: checks that call themselves would overflow the stack. */
export const MAX_JSON_DEPTH = 64;

/** The JSON of a write. @throws HttpError 400, 413, 415 */
export async function readJson(request: Request): Promise<unknown> {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") {
    throw new HttpError(415, "WRONG_TYPE", "the content-type must be application/json");
  }
  const value = parsed(await readText(request));
  if (isTooDeep(value)) throw new HttpError(400, "WRONG_BODY", `the JSON is deeper than ${MAX_JSON_DEPTH} levels`);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, "WRONG_BODY", text === "" ? "the body is empty: it must be JSON" : "the body is not JSON");
  }
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    text += decoded(decoder, chunk);
  }
  return text + decoded(decoder);
}

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new HttpError(400, "WRONG_BODY", "the body is not UTF-8");
  }
}

function tooLarge(): HttpError {
  const mib = MAX_BODY_BYTES / 1024 / 1024;
  return new HttpError(
    413,
    "BODY_TOO_LARGE",
    `the request is larger than ${mib} MiB: send larger messages with \`anytopic publish\``,
  );
}

/** Without calling itself. */
function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}
