import type { AttributeLine, Draft } from "./draft.ts";

/** What a visitor keeps to publish it again. It stays in this browser. */
export interface Template {
  readonly name: string;
  readonly topic: string;
  readonly form: Draft["form"];
  readonly text: string;
  readonly attributes: readonly AttributeLine[];
}

const KEY = "anytopic.templates";
const MOST = 200;

/** None where the browser keeps nothing. */
export function readTemplates(): readonly Template[] {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isTemplate) : [];
  } catch {
    return [];
  }
}

/** Replaces one of the same name and topic. @returns false when the browser has no room or keeps nothing */
export function keepTemplate(template: Template): boolean {
  return write([template, ...without(template)].slice(0, MOST));
}

export function removeTemplate(template: Template): void {
  write(without(template));
}

function without({ name, topic }: Template): readonly Template[] {
  return readTemplates().filter((one) => one.name !== name || one.topic !== topic);
}

function write(templates: readonly Template[]): boolean {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(templates));
    return true;
  } catch {
    return false;
  }
}

/** Another version of the page, or another program on this address, may have written there. */
function isTemplate(value: unknown): value is Template {
  if (typeof value !== "object" || value === null) return false;
  const { name, topic, form, text, attributes } = value as Partial<Template>;
  return (
    typeof name === "string" &&
    typeof topic === "string" &&
    typeof text === "string" &&
    (form === "json" || form === "text" || form === "hex") &&
    Array.isArray(attributes) &&
    attributes.every(
      (line: Partial<AttributeLine> | null) => typeof line?.key === "string" && typeof line.value === "string",
    )
  );
}
