/** Whether the host of a URL is this machine. Trusts `localhost` to be, as browsers do. */
export const isLoopbackHost = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[::1])$/.test(hostname);
