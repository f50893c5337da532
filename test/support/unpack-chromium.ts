// Runs in its own process, because the package reads its settings from the environment when it is imported.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
