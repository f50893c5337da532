// The health check of the image, which has no curl: exit code 0 if the service is ready.
const { CARNET_PORT: port = "8080", CARNET_TLS_CERT: certificate } = process.env;
const { request } = certificate === undefined ? await import("node:http") : await import("node:https");
// The certificate is for the host that callers use, and this is the same container
const options = { port, path: "/health/ready", timeout: 2000, rejectUnauthorized: false };
request({ host: "127.0.0.1", ...options }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on("timeout", () => process.exit(1))
  .on("error", () => process.exit(1))
  .end();
