/** @throws TypeError that begins with `what`, without a cause: it might quote a password */
export function decodedUrlPart(what: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(`${what} is not percent-encoded properly: write % as %25`);
  }
}
