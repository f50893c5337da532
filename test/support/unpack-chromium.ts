// Runs as a process of its own: the package takes where to unpack, and what, from the environment at import.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
