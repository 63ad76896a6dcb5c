import { post, RequestError } from "./api.ts";

/** Resolves with why it did not work; `undefined` when the browser is signed in. */
export async function logIn(token: string): Promise<string | undefined> {
  try {
    await post("login", { token });
    return undefined;
  } catch (error) {
    return error instanceof RequestError ? error.message : "the dashboard's process does not answer";
  }
}

/**
 * Signs in by the token in the address, `#token=…`, and takes it out of the address and the history, before anything else can read it.
 * Resolves with why it did not work.
 */
export async function logInByAddress(): Promise<string | undefined> {
  const token = tokenInAddress();
  if (token === null) return undefined;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return await logIn(token);
}

export function hasTokenInAddress(): boolean {
  return tokenInAddress() !== null;
}

function tokenInAddress(): string | null {
  return new URLSearchParams(window.location.hash.slice(1)).get("token");
}
