import type { EventReport } from "../api/event-report.ts";
import type { WireError, WireEvent } from "../api/wire-event.ts";
import { isService } from "../events/required-service.ts";
import { isWireEventType } from "../events/wire-event-types.ts";
import { HttpError } from "../http/http-error.ts";

/** A report has no more events. */
export const MAX_REPORTED_EVENTS = 2000;

const MAX_NAME = 300;
const MAX_MESSAGE = 600;
/** The last moment that a `Date` can show. */
const MAX_TIME_MS = 8.64e15;

type Fields = Readonly<Record<string, unknown>>;

/** Copies what is known and allowed; an unknown field is left out, so that a newer service can report to an older dashboard. @throws HttpError 400 */
export function checkedReport(body: unknown): EventReport {
  if (!isFields(body)) throw wrong("the body must be a JSON object");
  const { service, sender, first, events } = body;
  if (!isService(service)) throw wrong("service must be a text of 1 to 63 characters without control characters");
  if (typeof sender !== "string" || !/^[0-9a-f]{16}$/.test(sender)) throw wrong("sender must be 16 hexadecimal digits");
  if (typeof first !== "number" || !Number.isSafeInteger(first) || first < 0)
    throw wrong("first must be a whole number from 0");
  if (!Array.isArray(events) || events.length > MAX_REPORTED_EVENTS) {
    throw wrong(`events must be a list of at most ${MAX_REPORTED_EVENTS}`);
  }
  return { service, sender, first, events: events.map((event: unknown, index) => checkedEvent(event, index, service)) };
}

function checkedEvent(event: unknown, index: number, service: string): WireEvent {
  const where = `events[${index}]`;
  if (!isFields(event)) throw wrong(`${where} must be an object`);
  const { type } = event;
  if (!isWireEventType(type)) throw wrong(`${where}.type is not a type of event`);
  const text = (name: string): string | undefined => textIn(event, name, MAX_NAME, where);
  const number = (name: string): number | undefined => numberIn(event, name, where);
  const atMs = number("atMs");
  if (atMs === undefined || atMs > MAX_TIME_MS) throw wrong(`${where}.atMs must be a time in Unix ms`);
  return {
    type,
    atMs,
    topic: text("topic"),
    subscription: text("subscription"),
    id: text("id"),
    attempt: number("attempt"),
    durationMs: number("durationMs"),
    delayMs: number("delayMs"),
    reason: text("reason"),
    error: checkedError(event["error"], `${where}.error`),
    bytes: number("bytes"),
    publishTimeMs: number("publishTimeMs"),
    connection: text("connection"),
    state: text("state"),
    openMs: number("openMs"),
    service,
  };
}

function checkedError(error: unknown, where: string): WireError | undefined {
  if (error === undefined || error === null) return undefined;
  if (!isFields(error)) throw wrong(`${where} must be an object`);
  const name = textIn(error, "name", MAX_NAME, where) ?? "Error";
  return {
    name,
    code: textIn(error, "code", MAX_NAME, where),
    message: textIn(error, "message", MAX_MESSAGE, where) ?? "",
  };
}

function textIn(fields: Fields, name: string, most: number, where: string): string | undefined {
  const text = fields[name];
  if (text === undefined || text === null) return undefined;
  if (typeof text === "string" && text.length <= most) return text;
  throw wrong(`${where}.${name} must be a text of at most ${most} characters`);
}

function numberIn(fields: Fields, name: string, where: string): number | undefined {
  const number = fields[name];
  if (number === undefined || number === null) return undefined;
  if (typeof number === "number" && Number.isFinite(number) && number >= 0) return number;
  throw wrong(`${where}.${name} must be a number from 0`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(message: string): HttpError {
  return new HttpError(400, "WRONG_ARGUMENT", message);
}
