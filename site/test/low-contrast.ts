/**
 * Texts of the page whose contrast with what is behind them is below `least`, as `ratio colour on colour: text`. Runs in the
 * browser, so it uses nothing from outside.
 */
export function lowContrast([selector, least]: readonly [selector: string, least: number]): readonly string[] {
  type Colour = readonly [red: number, green: number, blue: number, alpha: number];
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (text: string): Colour => {
    if (canvas === null) throw new Error("no canvas");
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top: Colour, below: Colour): Colour => {
    const mixed = [0, 1, 2].map((at) => (top[at] ?? 0) * top[3] + (below[at] ?? 0) * (1 - top[3]));
    return [mixed[0] ?? 0, mixed[1] ?? 0, mixed[2] ?? 0, 1];
  };
  const behind = (element: Element): Colour => {
    const own = parse(getComputedStyle(element).backgroundColor);
    if (own[3] === 1) return own;
    const parent = element.parentElement;
    return over(own, parent === null ? [255, 255, 255, 1] : behind(parent));
  };
  const luminance = (colour: Colour): number => {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const hasText = (element: Element): boolean =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? "").trim() !== "");
  const found = new Set<string>();
  for (const element of document.querySelectorAll(selector)) {
    if (!hasText(element) || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const ground = behind(element);
    const ink = over(parse(getComputedStyle(element).color), ground);
    const [dark = 0, light = 0] = [luminance(ink), luminance(ground)].toSorted((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    const shown = (colour: Colour): string => colour.slice(0, 3).map(Math.round).join(" ");
    if (ratio < least) {
      found.add(
        `${ratio.toFixed(2)} ${shown(ink)} on ${shown(ground)}: ${(element.textContent ?? "").trim().slice(0, 30)}`,
      );
    }
  }
  return [...found];
}
