import type { EventForm, PublishRequest } from "../../../../src/api/topics.ts";

/** A message that is being written. */
export interface Draft {
  readonly form: EventForm;
  readonly text: string;
  readonly attributes: readonly AttributeLine[];
  readonly id: string;
  /** `""`: now. */
  readonly when: "" | "delay" | "at";
  readonly delayS: string;
  /** As the browser's field has it: in the visitor's time zone. */
  readonly deliverAt: string;
  readonly expiresAt: string;
}

export interface AttributeLine {
  readonly key: string;
  readonly value: string;
}

export const EMPTY_DRAFT: Draft = {
  form: "json",
  text: "",
  attributes: [],
  id: "",
  when: "",
  delayS: "60",
  deliverAt: "",
  expiresAt: "",
};

/** @throws Error in words for the visitor, when something cannot be sent as it is */
export function requestOf(topic: string, draft: Draft): PublishRequest {
  const { form, text, attributes, id, when, delayS, deliverAt, expiresAt } = draft;
  const lines = attributes.filter(({ key, value }) => key !== "" || value !== "");
  const keys = lines.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new Error(`the attribute ${twice} is there twice`);
  if (keys.includes("")) throw new Error("an attribute has no name");
  const seconds = Number(delayS);
  if (when === "delay" && !(seconds >= 0 && delayS.trim() !== ""))
    throw new Error("the delay must be a number of seconds");
  if (when === "at" && deliverAt === "") throw new Error("the time of delivery is missing");
  return {
    topic,
    form,
    body: text,
    attributes: Object.fromEntries(lines.map(({ key, value }) => [key, value])),
    ...(id === "" ? {} : { id }),
    ...(when === "delay" ? { delayMs: Math.round(seconds * 1000) } : {}),
    ...(when === "at" ? { deliverAt: new Date(deliverAt).toISOString() } : {}),
    ...(expiresAt === "" ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  };
}
