import type { Present } from "./topics.ts";

/** A server that says nothing for so long is gone, and so is everybody who was with it. */
export const PRESENCE_LASTS_MS = 6000;
/** How often a server says who is with it. */
export const PRESENCE_EVERY_MS = 2000;

interface Told {
  readonly rooms: Present["rooms"];
  readonly untilMs: number;
}

/** Who is in which room, on all servers. */
export class Presence {
  readonly #own = new Map<object, { readonly room: string; readonly name: string }>();
  readonly #told = new Map<string, Told>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Somebody has opened the page here. */
  enter(who: object, room: string, name: string): void {
    this.#own.set(who, { room, name });
    this.#changed();
  }

  leave(who: object): void {
    if (this.#own.delete(who)) this.#changed();
  }

  /** What this server tells the others. */
  own(): Present["rooms"] {
    const rooms: Record<string, string[]> = {};
    for (const { room, name } of this.#own.values()) (rooms[room] ??= []).push(name);
    return rooms;
  }

  /** What another server has told, also this one. */
  hear({ server, rooms }: Present): void {
    this.#told.set(server, { rooms, untilMs: Date.now() + PRESENCE_LASTS_MS });
    this.#changed();
  }

  /** Every name once, sorted. */
  names(room: string): readonly string[] {
    const names = new Set(this.own()[room]);
    for (const [server, { rooms, untilMs }] of this.#told) {
      if (untilMs < Date.now()) this.#told.delete(server);
      else for (const name of rooms[room] ?? []) names.add(name);
    }
    return [...names].toSorted((a, b) => a.localeCompare(b));
  }
}
