/** What a browser and its server say to each other, as JSON over a WebSocket. */
export interface ChatMessage {
  /** Made by the browser: a message that is sent twice is one message. */
  readonly id: string;
  readonly name: string;
  readonly text: string;
  /** When it was published, in Unix ms. */
  readonly atMs: number;
}

export type FromBrowser =
  | { readonly type: "join"; readonly room: string; readonly name: string }
  | { readonly type: "say"; readonly id: string; readonly text: string };

export type FromServer =
  /** The last messages of the room, the oldest first; the answer to `join`. */
  | { readonly type: "history"; readonly room: string; readonly messages: readonly ChatMessage[] }
  | { readonly type: "message"; readonly message: ChatMessage }
  | { readonly type: "present"; readonly names: readonly string[] }
  /** The broker has it. */
  | { readonly type: "accepted"; readonly id: string }
  /** Not sent; with `again`, the browser should send it again. */
  | { readonly type: "refused"; readonly id: string | undefined; readonly reason: string; readonly again: boolean };
