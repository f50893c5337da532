import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";
import type { Browser } from "playwright-core";
import { launchChromium } from "./support/chromium.ts";
import { contrastOf } from "./support/contrast.ts";
import { watchPage } from "./support/watch-page.ts";

describe("the page at /", () => {
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let browser: Browser;
  before(async () => {
    service = cleanup.use(await startTestService());
    browser = await launchChromium();
    cleanup.defer(() => browser.close());
  });
  after(() => cleanup.disposeAsync());

  /** The page on a phone. */
  async function open(colorScheme: "light" | "dark") {
    const page = await browser.newPage({ colorScheme, viewport: { width: 360, height: 640 } });
    const faults = await watchPage(page, service.url);
    await page.goto(service.url);
    return { page, faults };
  }

  it("is the same for every caller, and has no script", async () => {
    const { status, headers, body } = await sendRaw(service.url, { method: "GET", path: "/" });
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/html;charset=UTF-8");
    assert.doesNotMatch(body, /<script|\son\w+=|javascript:|https?:/i);
    const asJson = await sendRaw(service.url, { method: "GET", path: "/", headers: { Accept: "application/json" } });
    assert.equal(asJson.body, body);
    const { "style-src": style, ...others } = Object.fromEntries(
      String(headers["content-security-policy"])
        .split("; ")
        .map((directive) => directive.split(/ (.*)/s, 2)),
    );
    assert.match(style, /^'sha256-[\w+/]+='$/);
    assert.deepEqual(others, {
      "default-src": "'none'",
      "img-src": "data:",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
  });

  it("answers HEAD without content, and other methods with 405 [RFC9110 §15.5.6]", async () => {
    const head = await sendRaw(service.url, { method: "HEAD", path: "/" });
    assert.deepEqual([head.status, head.body], [200, ""]);
    for (const method of ["POST", "DELETE", "OPTIONS"]) {
      const { status, headers, body } = await sendRaw(service.url, { method, path: "/" });
      assert.deepEqual([status, headers.allow], [405, "GET, HEAD"]);
      assert.equal(JSON.parse(body).error, "method_not_allowed");
    }
  });

  it("has links that work, among them those to the documentation and health", async () => {
    const { page } = await open("light");
    const targets = await page.locator("a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    assert.ok(targets.includes("/docs") && targets.includes("/health/ready"));
    for (const target of targets) assert.equal((await fetch(service.url + target)).status, 200, String(target));
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is readable on a phone in ${colorScheme} mode, loads nothing else and obeys its policy`, async () => {
      const { page, faults } = await open(colorScheme);
      assert.deepEqual(faults, { foreignRequests: [], failedRequests: [], policyViolations: [], errors: [] });
      const { background, contrast } = await page.locator("p").evaluate(contrastOf);
      assert.ok(contrast >= 7, `contrast ${contrast}`);
      assert.equal(background > 0.5 ? "light" : "dark", colorScheme);
      const link = await page.locator("a").first().evaluate(contrastOf);
      assert.ok(link.contrast >= 4.5, `contrast ${link.contrast}`);
      const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.deepEqual(widths, [360, 360], "it does not scroll sideways");
    });
  }
});
