/** The version of the `carnet` package. `npm run version-packages` sets it; a test compares it with the manifest. */
export const version = "0.1.0";
