const ID = /^[!-~]{1,128}$/;

/** Whether a text can be an id of ours. Another one was written by somebody else, and the broker's own id serves. */
export function isId(text: string): boolean {
  return ID.test(text);
}
