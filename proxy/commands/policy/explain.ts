// `sallyport policy explain`: why a command was decided as it was, and what would have passed.
import { resolve } from 'node:path'
import { canonicalJson } from '../../../engine/canonical.js'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import {
  factsFile,
  recordedCommand,
  type RecordedCommand,
} from '../../policies/explain/asked-facts.js'
import { explained, type Explanation } from '../../policies/explain/explain.js'
import { explanationText } from '../../policies/explain/explanation-text.js'
import { bundleSources, folderSources } from '../../policies/explain/sources.js'
import { suggestedTexts } from '../../policies/explain/suggested-texts.js'
import { surroundingsOf } from '../../policies/explain/surroundings.js'
import type { PolicyFolder } from '../../policies/folder.js'
import { createRehearsing } from '../../policies/rehearsal/rehearse.js'
import { situationOf } from '../../policies/rehearsal/situation.js'
import { keptBundle } from '../../recording/kept-bundles.js'
import { placeOf } from '../../recording/read-record.js'
import type { Io } from '../io.js'
import { keptPolicies } from '../kept-policies.js'
import { paintFor, plainText } from '../table.js'
import {
  argumentsOf,
  catalogueFor,
  folderArgument,
  formatArgument,
  opaFor,
  policyAt,
} from './toolbox.js'

export const help = `sallyport policy explain [DIR] --sql TEXT --as IDENTITY --target T
sallyport policy explain [DIR] --facts FILE
sallyport policy explain [DIR] --records DIR (--seq N | --session S --command N)

Says what was decided and why: the rules that spoke and the values they met, those that would have spoken
but for one condition, and the smallest changes that would pass, each decided by the same policy.

  DIR                 the folder of policies (default: the current one; with --records, the bundle that
                      decided then, kept beside the record)
  --bundle FILE       a bundle in its place
  --sql TEXT          a command as a client would send it
  --as NAME           who sends it: a name under identities in sallyport-policy.yaml
  --target NAME       where to: a name under targets
  --facts FILE        the facts themselves, as JSON, or a line of \`sallyport audit export\`
  --records DIR       directory of a record
  --seq N             the command on this line of the record
  --session S         the session of the command, with --command N for its number
  --all               the rules that stayed silent as well, and why
  --format FORMAT     pretty (default) or json

Exit status: 0 explained, whatever was decided; 1 it could not be; 2 wrong usage.
`

const OPTIONS = {
  bundle: { type: 'string' },
  sql: { type: 'string' },
  as: { type: 'string' },
  target: { type: 'string' },
  facts: { type: 'string' },
  records: { type: 'string' },
  seq: { type: 'string' },
  session: { type: 'string' },
  command: { type: 'string' },
  all: { type: 'boolean' },
  format: { type: 'string' },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const ways = [values.sql, values.facts, values.records].filter((one) => one !== undefined)
  if (ways.length !== 1) {
    throw new GatewayError('usage', 'name one of --sql, --facts and --records')
  }
  const print = (found: readonly Shown[]): void => {
    if (format === 'json') {
      io.stdout.write(`${JSON.stringify(found.length === 1 ? found[0] : found, null, 2)}\n`)
      return
    }
    const options = { paint: paintFor(io), all: values.all === true }
    for (const { text, explanation, notes } of found) {
      if (text !== undefined) io.stdout.write(`${plainText(text, 400)}\n`)
      for (const note of notes) io.stdout.write(`${plainText(note)}\n`)
      io.stdout.write(`${explanationText(explanation, options)}\n`)
    }
  }
  print(await shown(values, positionals, io))
  return 0
}

type Shown = {
  readonly text?: string
  readonly notes: readonly string[]
  readonly explanation: Explanation
}

async function shown(
  values: Values,
  positionals: readonly string[],
  io: Io,
): Promise<readonly Shown[]> {
  const { facts, records, sql } = values
  if (sql !== undefined) return ofText(sql, values, positionals, io)
  if (records !== undefined) return [await ofRecord(records, values, positionals, io)]
  const asked = await factsFile(resolve(io.cwd, facts ?? ''))
  return within(await policyPlace(values, positionals, io), io, async ({ policy, sources }) => [
    { notes: [], explanation: await explained({ policy, sources, facts: asked }) },
  ])
}

async function ofText(
  sql: string,
  values: Values,
  positionals: readonly string[],
  io: Io,
): Promise<readonly Shown[]> {
  const { as, target } = values
  if (as === undefined || target === undefined) {
    throw new GatewayError('usage', '--sql needs --as and --target')
  }
  const folder = await folderArgument(positionals, io)
  const situation = situationOf(folder.settings, { as, target })
  const place = values.bundle ?? folder
  return within(place, io, async ({ policy, sources }) => {
    const catalogue = await catalogueFor(folder, target, policy, io)
    const rehearsing = await createRehearsing()
    const { statements, syntaxError } = await rehearsing.run(sql, catalogue, situation, policy)
    if (syntaxError !== undefined) {
      throw new GatewayError(
        'usage',
        `at character ${syntaxError.position}: ${syntaxError.message}`,
      )
    }
    const around = surroundingsOf(folder)
    return Promise.all(
      statements.map(async (one): Promise<Shown> => {
        const { facts, text, refusal, decision, rewritten } = one
        const notes: string[] = []
        if (refusal !== undefined && decision.action !== 'deny') {
          notes.push(`refused nevertheless: ${refusal.message}`)
        }
        if (rewritten !== undefined) notes.push('runs rewritten, on masked values')
        const wouldPass = rewritten === undefined ? {} : { wouldPass: [] }
        const texts = await suggestedTexts(one, catalogue, (changed, message) =>
          rehearsing.run(changed, catalogue, situation, policy, { message }),
        )
        const question = { policy, sources, facts, around, texts, ...wouldPass }
        const explanation = await explained(question)
        return { text, notes, explanation }
      }),
    )
  })
}

async function ofRecord(
  record: string,
  values: Values,
  positionals: readonly string[],
  io: Io,
): Promise<Shown> {
  const directory = resolve(io.cwd, record)
  const found = await recordedCommand(directory, whichOf(values))
  const given = values.bundle !== undefined || positionals.length > 0
  const { facts, entrypoint, text } = found
  if (given) {
    return within(await policyPlace(values, positionals, io), io, async ({ policy, sources }) => {
      const explanation = await explained({ policy, sources, facts, entrypoint })
      return { text, notes: notesOf(found, explanation), explanation }
    })
  }
  const kept = placeOf(directory).directory
  const bytes = keptBundle(kept, found.bundle)
  const policy = await keptPolicies(kept, DEFAULTS.fuel)(found.bundle)
  if (bytes === undefined || typeof policy === 'string') {
    const why = typeof policy === 'string' ? policy : 'it is not there'
    throw new GatewayError(
      'not_found',
      `bundle ${found.bundle}: ${why}; name a folder or a --bundle in its place`,
    )
  }
  const sources = await bundleSources(bytes, await opaFor(io))
  try {
    const explanation = await explained({ policy, sources, facts, entrypoint })
    return { text, notes: notesOf(found, explanation), explanation }
  } finally {
    await sources.close()
  }
}

function notesOf(found: RecordedCommand, { decision }: Explanation): readonly string[] {
  const notes = [found.place]
  if (canonicalJson(found.decision) !== canonicalJson(decision)) {
    const rules = found.decision.rules.map(({ id }) => id).join(', ')
    notes.push(`recorded: ${found.decision.action}${rules === '' ? '' : ` by ${rules}`}`)
  }
  if (found.refusal !== undefined) notes.push(`refused nevertheless: ${found.refusal}`)
  return notes
}

function whichOf({ seq, session, command }: Values): Parameters<typeof recordedCommand>[1] {
  if (seq !== undefined && session === undefined) return { seq: numberOf(seq, '--seq') }
  if (session !== undefined && command !== undefined && seq === undefined) {
    return { session, command: numberOf(command, '--command') }
  }
  throw new GatewayError('usage', '--records needs --seq N, or --session S and --command N')
}

function numberOf(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new GatewayError('usage', `${name} is a number, not ${text}`)
}

async function policyPlace(
  { bundle }: Values,
  positionals: readonly string[],
  io: Io,
): Promise<string | PolicyFolder> {
  return bundle ?? folderArgument(positionals, io)
}

type Loaded = {
  readonly policy: Awaited<ReturnType<typeof policyAt>>['policy']
  readonly sources: Awaited<ReturnType<typeof folderSources>>
}

async function within<T>(
  place: string | PolicyFolder,
  io: Io,
  work: (loaded: Loaded) => Promise<T>,
): Promise<T> {
  const { policy, bytes } = await policyAt(place, io)
  const opa = await opaFor(io)
  const sources =
    typeof place === 'string' ? await bundleSources(bytes, opa) : await folderSources(place, opa)
  try {
    return await work({ policy, sources })
  } finally {
    await sources.close()
  }
}
