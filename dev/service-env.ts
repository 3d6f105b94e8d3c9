/** The environment in which the service's processes and scripts run on this machine. */

import { loadSecrets } from './secrets.ts'

/**
 * What the environment gives, the stack's addresses, and a JWT secret of this data folder when none is given.
 *
 * @param extra variables of this start, which win over all others
 */
export function serviceEnv(
  dataDir: string,
  stackVariables: Record<string, string>,
  extra: Record<string, string> = {},
) {
  const jwtSecret = process.env.JWT_SECRET || loadSecrets(dataDir).jwtSecret
  return { ...process.env, ...stackVariables, JWT_SECRET: jwtSecret, ...extra }
}

/** Only what a command needs to join a running stack. */
export function joinableEnv(
  env: Record<string, string | undefined>,
  stackVariables: Record<string, string>,
): Record<string, string> {
  return { ...stackVariables, JWT_SECRET: env.JWT_SECRET ?? '' }
}
