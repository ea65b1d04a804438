// Keeps the names of each target's databases current, for all sessions together: loaded when the first
// session opens, looked at again at each opening, on a timer and when a session says that it changed
// something; labelled anew when the policy's labels change.
import type { Catalogue } from '../../engine/facts/postgres/catalogue.js'
import type { FollowedLabel } from '../../engine/facts/postgres/followed-labels.js'
import { labelled } from '../../engine/facts/postgres/labels.js'
import type { LabelRule } from '../../engine/policy/policy.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import {
  catalogueConnection,
  type CatalogueAccount,
  type CatalogueConnection,
} from './catalogue-connection.js'
import {
  catalogueFingerprint,
  cataloguePlace,
  loadCatalogue,
  nextCatalogueVersion,
  type Query,
  type ServerParts,
} from './catalogue.js'
import type { FollowedLabels } from './followed-labels.js'

export type CatalogueStore = {
  readonly open: (at: {
    readonly target: string
    readonly database: string
    readonly account: CatalogueAccount
  }) => Promise<SharedNames>
  readonly ages: () => readonly {
    readonly target: string
    readonly database: string
    readonly ageMs: number
    readonly relations: number
  }[]
  readonly close: () => Promise<void>
}

// What a relay asks of the names of its database.
export type SharedNames = {
  readonly current: () => Catalogue
  // By a session's own connection: what followed data into its temporary tables counts as well.
  readonly through: (query: Query, session?: string) => Promise<Catalogue>
  readonly refresh: () => Promise<Catalogue>
}

export type CatalogueStoreParts = {
  readonly labels: () => readonly LabelRule[]
  // Labels that followed data into columns which no rule names.
  readonly followed?: Pick<FollowedLabels, 'of' | 'looked'>
  readonly refreshMs: (target: string) => number
  // Whether columns without any label get one that says so.
  readonly unlabelled?: (target: string) => boolean
  readonly clock: Clock
  readonly log: Log
}

export function createCatalogueStore(parts: CatalogueStoreParts): CatalogueStore {
  const databases = new Map<string, Promise<Names>>()
  return {
    open: async ({ target, database, account }) => {
      const key = JSON.stringify([target, database, account.host, account.port, account.user])
      let names = databases.get(key)
      if (names === undefined) {
        names = Names.open(target, account, parts)
        databases.set(key, names)
        names.catch(() => databases.delete(key))
      }
      const found = await names
      // Others may have changed the database since it was last looked at.
      await found.refresh()
      return found
    },
    ages: () => [...Names.all].filter((one) => one.parts === parts).map((one) => one.age()),
    close: async () => {
      const all = await Promise.allSettled(databases.values())
      databases.clear()
      for (const one of all) if (one.status === 'fulfilled') await one.value.close()
    },
  }
}

const NONE: readonly FollowedLabel[] = []

class Names implements SharedNames {
  static readonly all = new Set<Names>()

  static async open(
    target: string,
    account: CatalogueAccount,
    parts: CatalogueStoreParts,
  ): Promise<Names> {
    const names = new Names(target, account, parts)
    await names.refresh()
    Names.all.add(names)
    names.#timer = setInterval(() => void names.#tick(), parts.refreshMs(target))
    names.#timer.unref()
    return names
  }

  readonly parts: CatalogueStoreParts
  readonly #target: string
  readonly #database: string
  readonly #connection: CatalogueConnection
  // System parts of this database: a server may be replaced by another while we run.
  readonly #system: ServerParts = new Map()
  #raw: Catalogue | undefined
  #fingerprint = ''
  #place = ''
  #labelled:
    | {
        readonly raw: Catalogue
        readonly rules: readonly LabelRule[]
        readonly followed: readonly FollowedLabel[]
        readonly unlabelled: boolean
        readonly catalogue: Catalogue
      }
    | undefined
  #lookedMs = 0
  #running: Promise<Catalogue> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(target: string, account: CatalogueAccount, parts: CatalogueStoreParts) {
    this.#target = target
    this.#database = account.database
    this.#connection = catalogueConnection(account)
    this.parts = parts
  }

  readonly current = (): Catalogue => {
    if (this.#raw === undefined)
      throw new GatewayError('target_unreachable', 'the names of the database are not known')
    return this.#withLabels(this.#raw)
  }

  // Names that only that connection sees, labelled as all others are.
  readonly through = async (query: Query, session?: string): Promise<Catalogue> => {
    const catalogue = await loadCatalogue(query, this.#system)
    const followed = this.parts.followed?.of(this.#target, this.#database, session)
    return labelled(catalogue, this.parts.labels(), undefined, followed, this.#unlabelled())
  }

  // One look at a time; whoever asks while one runs waits for the one after it, which sees their change.
  readonly refresh = async (): Promise<Catalogue> => {
    if (this.#running !== undefined) {
      await this.#running.catch(() => undefined)
      if (this.#running !== undefined) return this.#running
    }
    this.#running = this.#look().finally(() => (this.#running = undefined))
    return this.#running
  }

  age(): ReturnType<CatalogueStore['ages']>[number] {
    return {
      target: this.#target,
      database: this.#database,
      ageMs: this.parts.clock.now() - this.#lookedMs,
      relations: this.#raw?.userRelations?.length ?? 0,
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    Names.all.delete(this)
    await this.#connection.close()
  }

  async #tick(): Promise<void> {
    if (this.#running !== undefined) return
    await this.refresh().catch((problem: unknown) => {
      this.parts.log.warn(
        { target: this.#target, problem },
        'the names of a database could not be read again',
      )
    })
  }

  async #look(): Promise<Catalogue> {
    const { query } = this.#connection
    const startedMs = this.parts.clock.now()
    const fingerprint = await catalogueFingerprint(query)
    if (this.#raw === undefined || fingerprint !== this.#fingerprint) {
      const raw = await loadCatalogue(query, this.#system)
      this.#place = await cataloguePlace(query)
      this.#raw = raw
      this.#fingerprint = fingerprint
    }
    this.parts.followed?.looked(this.#target, this.#raw, this.#place, startedMs)
    this.#lookedMs = this.parts.clock.now()
    return this.#withLabels(this.#raw)
  }

  #unlabelled(): boolean {
    return this.parts.unlabelled?.(this.#target) === true
  }

  #withLabels(raw: Catalogue): Catalogue {
    const rules = this.parts.labels()
    const followed = this.parts.followed?.of(this.#target, this.#database) ?? NONE
    const known = this.#labelled
    const unlabelled = this.#unlabelled()
    if (known?.raw === raw && known.followed === followed && known.unlabelled === unlabelled) {
      if (known.rules === rules) return known.catalogue
      // Other policies that label alike change no reading, and void no approval that waits.
      if (JSON.stringify(known.rules) === JSON.stringify(rules)) {
        this.#labelled = { ...known, rules }
        return known.catalogue
      }
    }
    // A reading made with other labels must not be used again.
    const version = nextCatalogueVersion()
    const catalogue = { ...labelled(raw, rules, undefined, followed, unlabelled), version }
    this.#labelled = { raw, rules, followed, unlabelled, catalogue }
    return catalogue
  }
}
