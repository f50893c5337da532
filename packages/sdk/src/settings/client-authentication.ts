/** Where a token request has the client's credentials: in the form, or in the `Authorization` header. */
export type AuthenticationMethod = "body" | "basic";

/** A method, or `auto`: start with `body`, and find out whether the server wants `basic`. */
export type ClientAuthentication = "auto" | AuthenticationMethod;
