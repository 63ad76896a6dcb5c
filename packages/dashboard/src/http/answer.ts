import { PubSubError, type PubSubErrorCode } from "@anytopic/core";
import type { ApiError } from "../api/api-error.ts";
import { HttpError } from "./http-error.ts";

/** `undefined` becomes `null`: JSON has no `undefined`, and a number that nobody knows must not vanish. */
export function jsonAnswer(value: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(value, (_key, part: unknown) => (part === undefined ? null : part));
  return new Response(text, { status, headers: { "content-type": "application/json; charset=utf-8", ...headers } });
}

/** What the visitor can mend. Everything else is between the dashboard and the broker. */
const STATUS: Partial<Record<PubSubErrorCode, number>> = {
  INVALID_MESSAGE: 422,
  LIMIT_EXCEEDED: 422,
  NOT_SUPPORTED: 422,
  NOT_FOUND: 404,
};

export function errorAnswer(error: unknown): Response {
  if (error instanceof HttpError) return failure(error.status, error.code, error.message, error.headers);
  if (error instanceof PubSubError) return failure(STATUS[error.code] ?? 502, error.code, error.message);
  if (error instanceof TypeError) return failure(400, "WRONG_ARGUMENT", error.message);
  return failure(500, "UNKNOWN", "the dashboard failed; see the log of its process");
}

function failure(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body: ApiError = { error: { code, message } };
  return jsonAnswer(body, status, headers);
}
