import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import type { Browser, Locator, Page } from "playwright-core";
import { launchChromium } from "./support/chromium.ts";
import { type PageFaults, watchPage } from "./support/watch-page.ts";

/** The reader asks once whether it may compile code from text, to be faster if so. It may not, and takes that well. */
const refusedProbe = "script-src eval";

describe("the API page, in a browser that reaches nothing but this machine", () => {
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let browser: Browser;
  /** In a browser set to light, read to its end. The tests only look at it. */
  let page: Page;
  let faults: PageFaults;
  before(async () => {
    service = cleanup.use(await startTestService());
    browser = await launchChromium();
    cleanup.defer(() => browser.close());
    ({ page, faults } = await open("light"));
    await readToTheEnd();
  });
  after(() => cleanup.disposeAsync());

  async function open(colorScheme: "light" | "dark"): Promise<{ page: Page; faults: PageFaults }> {
    const opened = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
    const noted = await watchPage(opened, service.url);
    await opened.goto(`${service.url}/docs`);
    await headingOf(opened, "Retrieve a token").waitFor();
    return { page: opened, faults: noted };
  }

  /** Every operation is drawn only once it comes near the window. */
  async function readToTheEnd(): Promise<void> {
    const headings = ["Retrieve a token (deprecated path)", "Read the public keys", "Ask whether tokens can be issued"];
    for (const name of headings) {
      await headingOf(page, name).scrollIntoViewIfNeeded();
      await headingOf(page, name).waitFor();
    }
    await page.waitForLoadState("networkidle");
  }

  it("shows the operation that retrieves a token", async () => {
    assert.equal(await headingOf(page, "Retrieve a token").isVisible(), true);
    assert.equal(await page.title(), "Carnet API");
  });

  it("asks nothing of another origin, fails at nothing and keeps to its policy", () => {
    const { policyViolations, ...others } = faults;
    assert.deepEqual(others, { foreignRequests: [], failedRequests: [], errors: [] });
    assert.deepEqual(policyViolations, [refusedProbe]);
  });

  it("shows a command for the token that carries the credentials once", async () => {
    const text = await page.locator("pre, code").filter({ hasText: "--data-urlencode" }).first().innerText();
    assert.match(text, /curl\s+\S+\/oauth2\/token/);
    assert.match(text, /--data-urlencode 'grant_type=client_credentials'/);
    assert.match(text, /client_secret=/);
    assert.doesNotMatch(text, /Authorization/);
  });

  it("has no place to type a secret", async () => {
    assert.equal(await page.locator("input:visible, textarea:visible, [contenteditable]:visible").count(), 0);
    assert.equal(await page.getByRole("button", { name: "Test Request" }).count(), 0);
    assert.equal(await page.getByText("Authentication", { exact: true }).filter({ visible: true }).count(), 0);
  });

  it("links to the specifications and to nobody else", async () => {
    const hosts = await page
      .locator("a[href^=http]:visible")
      .evaluateAll((links) => links.map((link) => new URL(String(link.getAttribute("href"))).host));
    assert.deepEqual([...new Set(hosts)], ["www.rfc-editor.org"]);
  });

  it("keeps no cookie, and of what it is told only the look", async () => {
    assert.deepEqual(await page.context().cookies(), []);
    const kept = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
    assert.deepEqual(kept, ["scalar-reference-selected-client-v2"]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is readable where the reader likes it ${colorScheme}`, async () => {
      const shown = colorScheme === "light" ? page : (await open(colorScheme)).page;
      const paragraph = shown.locator("p", { hasText: "Exchanges client credentials" }).first();
      for (const text of [headingOf(shown, "Retrieve a token"), paragraph]) {
        const { contrast, background } = await text.evaluate(contrastOf);
        assert.ok(contrast >= 7, `contrast ${contrast}`);
        assert.equal(background > 0.5 ? "light" : "dark", colorScheme);
      }
    });
  }
});

const headingOf = (page: Page, name: string): Locator => page.getByRole("heading", { name, exact: true });

/** The contrast of an element's text with what lies behind it, and how light that is. Runs in the page. */
function contrastOf(element: Element): { contrast: number; background: number } {
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
