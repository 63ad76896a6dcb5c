/** Where the dashboard is mounted: `/admin`, or an empty text. */
export const basePath: string = document.querySelector<HTMLScriptElement>("script[data-base]")?.dataset["base"] ?? "";
