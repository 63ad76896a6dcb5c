import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { jsonAnswer } from "../http/answer.ts";
import { portOf } from "../http/host.ts";
import { HttpError } from "../http/http-error.ts";
import type { Permission, Visitor } from "../visitor.ts";
import { LoginLimit } from "./login-limit.ts";
import { Sessions } from "./sessions.ts";

/** A shorter token could be guessed. In characters. */
export const MIN_TOKEN_LENGTH = 16;

/** How users sign in with a token. */
export interface TokenLoginOptions {
  /** Lets in whoever knows it, as often as they like; at least 16 characters. @default none: `newToken` makes tokens that work once */
  readonly token?: string | undefined;
  /** @default nothing but looking */
  readonly can?: readonly Permission[] | undefined;
  /** How the log calls whoever is signed in. @default "operator" */
  readonly user?: string | undefined;
}

/** Signs a browser in by a token in the fragment of the address, `#token=…`: no server and no log sees it there. */
export interface TokenLogin {
  /** A token that works once. */
  newToken(): string;
  authorize(request: Request): Visitor | undefined;
  /** Answers `POST /api/login` with the cookie of a session. @throws HttpError 401 for a wrong token, 429 after too many */
  logIn(request: Request, body: unknown, basePath: string): Response;
}

/** @throws TypeError when the token is too short */
export function tokenLogin({ token, can = [], user = "operator" }: TokenLoginOptions = {}): TokenLogin {
  if (token !== undefined && token.length < MIN_TOKEN_LENGTH) {
    throw new TypeError(`the token has ${token.length} characters: at least ${MIN_TOKEN_LENGTH} are needed`);
  }
  const sessions = new Sessions();
  const limit = new LoginLimit();
  const once: string[] = [];
  const visitor: Visitor = { user, can };

  const takes = (given: string): boolean => {
    // Every one is compared, in the same time, whichever it is.
    const used = once.filter((one) => isSame(one, given));
    for (const one of used) once.splice(once.indexOf(one), 1);
    return used.length > 0 || (token !== undefined && isSame(token, given));
  };

  return {
    newToken() {
      const made = randomBytes(32).toString("base64url");
      // Nobody opens hundreds of links at once: the oldest one ends.
      if (once.push(made) > 100) once.shift();
      return made;
    },
    authorize: (request) => (cookiesOf(request).some((secret) => sessions.has(secret)) ? visitor : undefined),
    logIn(request, body, basePath) {
      const waitMs = limit.waitMs();
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1000);
        const message = `too many wrong tokens: try again in ${seconds} s`;
        throw new HttpError(429, "TOO_MANY_ATTEMPTS", message, { "retry-after": String(seconds) });
      }
      const given = typeof body === "object" && body !== null && "token" in body ? body.token : undefined;
      if (typeof given !== "string") throw new HttpError(400, "WRONG_BODY", 'the body must be { "token": "…" }');
      if (!takes(given)) {
        limit.wrong();
        throw new HttpError(401, "WRONG_TOKEN", "this token is wrong, or was used before");
      }
      return jsonAnswer({}, 200, { "set-cookie": cookie(request, sessions.open(), basePath) });
    },
  };
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Browsers do not tell the ports of a host apart when they send cookies, so the port is in the name. */
function cookieName(request: Request): string {
  return `${isSecure(request) ? "__Host-" : ""}anytopic-${portOf(request)}`;
}

function cookie(request: Request, secret: string, basePath: string): string {
  const path = isSecure(request) || basePath === "" ? "/" : basePath;
  const secure = isSecure(request) ? "; Secure" : "";
  return `${cookieName(request)}=${secret}; Path=${path}; HttpOnly; SameSite=Strict${secure}`;
}

function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === "https:";
}

/** Another server of the same host may have set one of the same name: each is looked at. */
function cookiesOf(request: Request): readonly string[] {
  const name = `${cookieName(request)}=`;
  const all = (request.headers.get("cookie") ?? "").split(";").map((part) => part.trim());
  return all.filter((part) => part.startsWith(name)).map((part) => part.slice(name.length));
}
