// Where a client's session goes: the target that its database name stands for, the account that the gateway
// opens it with, and the names in it. Found by the registry of targets.
import type { Catalogues } from './connected.js'
import type { TargetAccount } from './target-login.js'

export type Destination = {
  readonly target: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly zone: string
    // Whether the target masks by hash and token itself, and so is given the keys.
    readonly keyedMasks?: 'exit' | 'source'
  }
  readonly database: string
  // Undefined: no account is open to these groups.
  readonly account: TargetAccount | undefined
  readonly catalogues: () => Promise<Catalogues>
}
