import type { ApiError } from "../../src/api/api-error.ts";
import { basePath } from "./base-path.ts";

/** Why the server refused, in words for the visitor. */
export class RequestError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, { error }: ApiError) {
    super(error.message);
    this.code = error.code;
    this.status = status;
  }
}

/** `get<Session>("session")`. Rejects with a `RequestError`. */
export async function get<Answer>(
  path: string,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const search = new URLSearchParams(query).toString();
  const address = `${basePath}/api/${path}${search === "" ? "" : `?${search}`}`;
  return await read<Answer>(await fetch(address, signal === undefined ? {} : { signal }));
}

/** An action. Rejects with a `RequestError`. */
export async function post<Answer>(path: string, body: object): Promise<Answer> {
  const headers = { "content-type": "application/json", "x-anytopic": "1" };
  return await read<Answer>(
    await fetch(`${basePath}/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) }),
  );
}

async function read<Answer>(response: Response): Promise<Answer> {
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  if (response.ok && isJson) return (await response.json()) as Answer;
  if (isJson) throw new RequestError(response.status, (await response.json()) as ApiError);
  throw new RequestError(response.status, { error: { code: "UNKNOWN", message: `answer ${response.status}` } });
}
