/** The contrast of an element's text with its background, and the luminance of the background. Runs in the page. */
export function contrastOf(element: Element): { contrast: number; background: number } {
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind: Element | null = element;
  while (behind !== null && /, 0\)$|^transparent$/.test(getComputedStyle(behind).backgroundColor)) {
    behind = behind.parentElement;
  }
  const background = luminance(behind === null ? "rgb(255, 255, 255)" : getComputedStyle(behind).backgroundColor);
  const text = luminance(getComputedStyle(element).color);
  const [lighter, darker] = text > background ? [text, background] : [background, text];
  return { contrast: (lighter + 0.05) / (darker + 0.05), background };
}
