/** The package version, sent in the user agent. A test compares it with package.json. */
export const VERSION = "0.0.0";
