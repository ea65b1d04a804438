// Which target a client means, and with which account the gateway opens it.
import type { SecureContext } from 'node:tls'

export type Account = {
  // Undefined: anybody.
  readonly groups: readonly string[] | undefined
  readonly user: string
  // Fetched late, held nowhere.
  readonly password: (() => string) | undefined
}

export type Target = {
  readonly name: string
  readonly kind: 'postgres'
  readonly host: string
  readonly port: number
  readonly tls: { readonly context: SecureContext; readonly serverName: string } | undefined
  readonly database: string
  readonly databases: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  readonly keyedMasks?: 'exit' | 'source'
  readonly accounts: readonly Account[]
}

export type Resolved = { readonly target: Target; readonly database: string }

export type Registry = {
  // `asked` is what the client calls the database: `target` or `target/database`. With `only`, every
  // name means that target, and the name is a database of it.
  readonly resolve: (asked: string, only: string | undefined) => Resolved | undefined
  readonly accountFor: (target: Target, groups: readonly string[]) => Account | undefined
}

export function createRegistry(targets: readonly Target[]): Registry {
  const byName = new Map(targets.map((target) => [target.name, target]))
  return {
    resolve: (asked, only) => {
      const [name = '', ...rest] = asked.split('/')
      const target = byName.get(only ?? name)
      if (target === undefined) return undefined
      const inner = only === undefined || name === only ? rest.join('/') : asked
      const database = inner === '' ? target.database : inner
      return target.databases.includes(database) ? { target, database } : undefined
    },
    accountFor: (target, groups) =>
      target.accounts.find(
        (account) =>
          account.groups === undefined || account.groups.some((group) => groups.includes(group)),
      ),
  }
}
