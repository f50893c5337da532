import type { Page } from "playwright-core";

/** Things that a page should not do. The lists grow as they happen. */
export interface PageFaults {
  readonly foreignRequests: string[];
  readonly failedRequests: string[];
  readonly policyViolations: string[];
  readonly errors: string[];
}

/** Records the faults of a page and blocks requests to other origins. Call it before the page navigates. */
export async function watchPage(page: Page, origin: string): Promise<PageFaults> {
  const faults: PageFaults = { foreignRequests: [], failedRequests: [], policyViolations: [], errors: [] };
  await page.route(
    (url) => url.origin !== origin && url.protocol !== "data:" && url.protocol !== "blob:",
    async (route) => {
      faults.foreignRequests.push(route.request().url());
      await route.abort();
    },
  );
  page.on("requestfailed", (request) => faults.failedRequests.push(request.url()));
  page.on("response", (response) => {
    if (response.status() >= 400) faults.failedRequests.push(response.url());
  });
  page.on("pageerror", (error) => faults.errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.errors.push(message.text());
  });
  await page.exposeFunction("noteViolation", (text: string) => faults.policyViolations.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      Object(globalThis).noteViolation(`${violatedDirective} ${blockedURI}`);
    });
  });
  return faults;
}
