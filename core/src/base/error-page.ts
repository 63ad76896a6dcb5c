const PAGES = "https://github.com/anytopic/anytopic/blob/main/docs/errors/";
const LEAD = ". See ";
const LINK = /\. See https:\/\/github\.com\/anytopic\/anytopic\/blob\/main\/docs\/errors\/[a-z-]+\.md/g;

/** The address of the page that explains an error code. */
export function errorPage(code: string): string {
  return `${PAGES}${code.toLowerCase().replaceAll("_", "-")}.md`;
}

/** `message`, ending with the address of its page. Addresses of errors whose messages are part of it are taken out. */
export function withErrorPage(code: string, message: string): string {
  return `${withoutErrorPage(message).replace(/[.\s]+$/, "")}${LEAD}${errorPage(code)}`;
}

/** What is wrong, without the address: for messages that contain the message of another error. */
export function withoutErrorPage(message: string): string {
  return message.includes(PAGES) ? message.replace(LINK, "") : message;
}

/** `message` with `words` at its end, before the address of its page if it has one. */
export function beforeErrorPage(message: string, words: string): string {
  const what = withoutErrorPage(message);
  return `${what}${words}${message.startsWith(what) ? message.slice(what.length) : ""}`;
}
