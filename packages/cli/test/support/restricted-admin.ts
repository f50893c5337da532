import type { TestRegistration } from "@carnet/testkit/service";
import type { AdminService } from "./admin-service.ts";

/** Registers an admin client, and returns the environment in which commands use it. */
export async function restrictedAdmin(
  { service }: AdminService,
  registration: TestRegistration,
): Promise<Readonly<Record<string, string>>> {
  const { clientId, clientSecret } = await service.register(registration);
  return {
    CARNET_SERVER_URL: service.url,
    CARNET_ADMIN_CLIENT_ID: clientId,
    CARNET_ADMIN_CLIENT_SECRET: clientSecret,
  };
}
