// The configured targets as the listeners use them: resolved by name, with the account that a caller's
// groups open, TLS contexts made once, and each database's names kept current.
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Settings, TargetSettings } from './config/settings.js'
import type { Destination } from './protocols/postgres/destination.js'
import type { TargetAccount } from './protocols/postgres/target-login.js'
import type { CatalogueStore } from './targets/catalogue-store.js'
import { createRegistry, type Account, type Target } from './targets/registry.js'

export type GatewayTargets = {
  readonly destination: (
    asked: string,
    only: string | undefined,
    groups: readonly string[],
  ) => Destination | undefined
}

export function gatewayTargets(settings: Settings, store: CatalogueStore): GatewayTargets {
  const registry = createRegistry(settings.targets.map(targetOf))
  const catalogueAccounts = new Map(
    settings.targets.map((target) => [target.name, catalogueAccount(target)]),
  )
  return {
    destination: (asked, only, groups) => {
      const found = registry.resolve(asked, only)
      if (found === undefined) return undefined
      const { target, database } = found
      const account = registry.accountFor(target, groups)
      const reader = catalogueAccounts.get(target.name)
      return {
        target,
        database,
        account: account === undefined ? undefined : accountAt(target, account, database),
        catalogues: () =>
          store.open({
            target: target.name,
            database,
            account: accountAt(
              target,
              reader ?? account ?? { groups: undefined, user: '', password: undefined },
              database,
            ),
          }),
      }
    },
  }
}

function targetOf(settings: TargetSettings): Target {
  const { tls, accounts, catalogue: _, ...rest } = settings
  return {
    ...rest,
    tls:
      tls.mode === 'off'
        ? undefined
        : {
            context: createSecureContext(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
            serverName: tls.serverName,
          },
    accounts: accounts.map(({ groups, user, password }) => ({
      groups,
      user,
      password: password === undefined ? undefined : () => password.reveal(),
    })),
  }
}

// Whose eyes read the names: the account set for it, else one that is open to anybody, else the first.
function catalogueAccount({ catalogue, accounts }: TargetSettings): Account | undefined {
  const chosen =
    catalogue.user === undefined
      ? (accounts.find(({ groups }) => groups === undefined) ?? accounts[0])
      : { user: catalogue.user, password: catalogue.password }
  if (chosen === undefined) return undefined
  const { user, password } = chosen
  return {
    groups: undefined,
    user,
    password: password === undefined ? undefined : () => password.reveal(),
  }
}

// For who reads a target's names without a gateway, as the gateway would; undefined where no account is set.
export function catalogueReader(
  settings: TargetSettings,
  database: string,
): TargetAccount | undefined {
  const account = catalogueAccount(settings)
  return account === undefined ? undefined : accountAt(targetOf(settings), account, database)
}

function accountAt(target: Target, account: Account, database: string): TargetAccount {
  const { host, port, tls } = target
  return { host, port, tls, user: account.user, password: account.password, database }
}
