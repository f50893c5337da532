/** The version of this package, as the user agent tells it; a test holds it equal to package.json. */
export const VERSION = "0.0.0";
