import { parseConfig } from '../config'
import { createContext } from '../context'
import { normalizeEmail } from '../features/accounts/rules'
import { version } from '../version'

/** Grants the admin role: `bun src/scripts/grant-admin.ts EMAIL`. */

const email = normalizeEmail(process.argv[2] ?? '')
const ctx = createContext(parseConfig(process.env), { service: 'grant-admin', version })
const granted = email !== '' && (await ctx.stores.accounts.grantAdmin(email))
console.log(granted ? 'The account is an admin now.' : 'There is no account with that email.')
await ctx.close()
process.exit(granted ? 0 : 1)
