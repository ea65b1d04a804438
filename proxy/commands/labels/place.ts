// What the verbs of `sallyport labels` share: the target that they read, through the account with which the
// gateway itself reads names, and the folder of policies whose labels they look at.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { settingsFrom } from '../../config/read-config.js'
import type { Settings, TargetSettings } from '../../config/settings.js'
import { GatewayError } from '../../errors.js'
import { catalogueReader } from '../../gateway-targets.js'
import { nearest } from '../../policies/check/near-miss.js'
import { policyFolder, type PolicyFolder } from '../../policies/folder.js'
import {
  catalogueConnection,
  type CatalogueConnection,
} from '../../targets/catalogue-connection.js'
import type { Io } from '../io.js'

export const PLACE_OPTIONS = {
  config: { type: 'string' },
  database: { type: 'string' },
  policies: { type: 'string' },
} as const

export const PLACE_HELP = `  --config FILE     the gateway’s configuration; sallyport.yaml when left out
  --database NAME   one of the target’s databases; TARGET/NAME says the same
  --policies DIR    the folder of policies; the one that the configuration names when left out`

export type LabelPlace = {
  readonly target: string
  readonly database: string
  readonly folder: PolicyFolder
  readonly connection: CatalogueConnection
}

export type PlaceValues = Partial<Readonly<Record<keyof typeof PLACE_OPTIONS, string>>>

// Connects when first asked; the caller closes it.
export async function labelPlace(
  positionals: readonly string[],
  values: PlaceValues,
  io: Io,
): Promise<LabelPlace> {
  const [named, ...more] = positionals
  if (named === undefined || more.length > 0) throw new GatewayError('usage', 'name one target')
  const settings = settingsFrom(resolve(io.cwd, values.config ?? 'sallyport.yaml'), io.env)
  const [name = '', ...rest] = named.split('/')
  const target = targetNamed(settings, name)
  const inner = rest.length === 0 ? undefined : rest.join('/')
  const database = databaseOf(target, values.database ?? inner)
  const account = catalogueReader(target, database)
  if (account === undefined) throw new GatewayError('not_found', `target ${name} has no account`)
  const folder = await policyFolder(await folderName(settings, values.policies, io))
  return { target: name, database, folder, connection: catalogueConnection(account) }
}

function targetNamed({ targets, file }: Settings, name: string): TargetSettings {
  const found = targets.find((one) => one.name === name)
  if (found !== undefined) return found
  const names = targets.map((one) => one.name)
  const near = nearest(name, names)
  const hint = near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`
  throw new GatewayError('not_found', `${file} has no target ${name}; ${hint}`)
}

function databaseOf(
  { name, database, databases }: TargetSettings,
  asked: string | undefined,
): string {
  if (asked === undefined) return database
  if (databases.includes(asked)) return asked
  throw new GatewayError(
    'not_found',
    `target ${name} has no database ${asked}; it has ${databases.join(', ')}`,
  )
}

async function folderName(
  { policy, file }: Settings,
  named: string | undefined,
  io: Io,
): Promise<string> {
  if (named !== undefined) return resolve(io.cwd, named)
  const { source } = policy
  const found = source.kind === 'path' ? await stat(source.path).catch(() => undefined) : undefined
  if (source.kind === 'path' && found?.isDirectory() === true) return source.path
  throw new GatewayError(
    'usage',
    `${file} takes its policies from no folder; name the folder that they are made from with --policies`,
  )
}
