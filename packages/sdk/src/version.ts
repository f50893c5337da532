/** The version of the SDK, sent in the user agent. `npm run version-packages` sets it; a test compares it with the manifest. */
export const VERSION = "0.1.0";
