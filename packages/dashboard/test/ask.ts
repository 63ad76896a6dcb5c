/** Asks a fetch handler as the page does: with the headers that a write needs. `path` is without the base: `/api/stats`. */
export async function ask(
  handle: (request: Request) => Promise<Response>,
  method: "GET" | "POST",
  path: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> {
  const write = { "content-type": "application/json", "x-anytopic": "1", "sec-fetch-site": "same-origin" };
  return await handle(
    new Request(`http://localhost${path}`, {
      method,
      headers: method === "POST" ? { ...write, ...headers } : headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  );
}
