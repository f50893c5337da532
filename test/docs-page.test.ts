import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import type { Browser, Locator, Page } from "playwright-core";
import { launchChromium } from "./support/chromium.ts";
import { contrastOf } from "./support/contrast.ts";
import { type PageFaults, watchPage } from "./support/watch-page.ts";

/** The reader tests once whether it may use eval to be faster. The policy forbids it, and the reader works without. */
const refusedProbe = "script-src eval";

describe("the API page, in a browser without network access", () => {
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let browser: Browser;
  /** The page in light mode, scrolled to its end. Shared, because the tests do not change it. */
  let page: Page;
  let faults: PageFaults;
  before(async () => {
    service = cleanup.use(await startTestService());
    browser = await launchChromium();
    cleanup.defer(() => browser.close());
    ({ page, faults } = await open("light"));
    await scrollToEnd();
  });
  after(() => cleanup.disposeAsync());

  async function open(colorScheme: "light" | "dark"): Promise<{ page: Page; faults: PageFaults }> {
    const opened = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
    const noted = await watchPage(opened, service.url);
    await opened.goto(`${service.url}/docs`);
    await headingOf(opened, "Retrieve a token").waitFor();
    return { page: opened, faults: noted };
  }

  /** Scrolls to the end, because an operation is rendered only when it is near the viewport. */
  async function scrollToEnd(): Promise<void> {
    const headings = [
      "Retrieve a token (deprecated path)",
      "Read the public keys",
      "Check whether tokens can be issued",
    ];
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

  it("requests nothing from another origin, has no errors and obeys its policy", () => {
    const { policyViolations, ...others } = faults;
    assert.deepEqual(others, { foreignRequests: [], failedRequests: [], errors: [] });
    assert.deepEqual(policyViolations, [refusedProbe]);
  });

  it("shows a token command that contains the credentials once", async () => {
    const text = await page.locator("pre, code").filter({ hasText: "--data-urlencode" }).first().innerText();
    assert.match(text, /curl\s+\S+\/oauth2\/token/);
    assert.match(text, /--data-urlencode 'grant_type=client_credentials'/);
    assert.match(text, /client_secret=/);
    assert.doesNotMatch(text, /Authorization/);
  });

  it("has no input for a secret", async () => {
    assert.equal(await page.locator("input:visible, textarea:visible, [contenteditable]:visible").count(), 0);
    assert.equal(await page.getByRole("button", { name: "Test Request" }).count(), 0);
    assert.equal(await page.getByText("Authentication", { exact: true }).filter({ visible: true }).count(), 0);
  });

  it("links only to the specifications", async () => {
    const hosts = await page
      .locator("a[href^=http]:visible")
      .evaluateAll((links) => links.map((link) => new URL(String(link.getAttribute("href"))).host));
    assert.deepEqual([...new Set(hosts)], ["www.rfc-editor.org"]);
  });

  it("stores no cookie, and only the selected client in local storage", async () => {
    assert.deepEqual(await page.context().cookies(), []);
    const kept = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
    assert.deepEqual(kept, ["scalar-reference-selected-client-v2"]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is readable in ${colorScheme} mode`, async () => {
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
