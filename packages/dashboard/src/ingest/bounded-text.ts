import { HttpError } from "../http/http-error.ts";

/** The body of a request, which is not read further than `most` bytes. @throws HttpError 413 */
export async function boundedText(request: Request, most: number): Promise<string> {
  const tooLarge = new HttpError(413, "TOO_LARGE", `the body is larger than ${most} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > most) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
