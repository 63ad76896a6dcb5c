import type { ApiError } from "../../../src/api/api-error.ts";
import { RequestError } from "../api.ts";
import { basePath } from "../base-path.ts";

/** Asks for a file by a POST, and gives it to the browser to save. Rejects with a `RequestError`. */
export async function savePosted(path: string, body: object, name: string): Promise<void> {
  const headers = { "content-type": "application/json", "x-anytopic": "1" };
  const response = await fetch(`${basePath}/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new RequestError(response.status, (await response.json()) as ApiError);
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
