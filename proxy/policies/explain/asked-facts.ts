// The facts that somebody asks about: from a file of their own, or from the record, where the bundle that
// decided is named as well.
import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import type { Entrypoint } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import { factsSchema, type Facts } from '../../../engine/schemas/facts.js'
import { GatewayError } from '../../errors.js'
import { recordLines } from '../../recording/read-record.js'
import { createPartsRead, factsOf, type CommandLine } from '../../recording/recorded-facts.js'
import { isObject } from './json-value.js'

// Rejects where the file is not there, holds no JSON, or JSON that is no facts.
export async function factsFile(path: string): Promise<Facts> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('not_found', `${path} cannot be read`, { cause })
  })
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('usage', `${path} is not JSON: ${reasonOf(cause)}`, { cause })
  }
  // A line of `audit export` holds the facts beside the decision.
  const facts = isObject(found) && isObject(found['facts']) ? found['facts'] : found
  const fits = new Ajv({ strict: false }).compile<Facts>(factsSchema)
  if (fits(facts)) return facts
  const [problem] = fits.errors ?? []
  const where = problem?.instancePath === '' ? 'it' : problem?.instancePath
  const what = `${where ?? 'it'} ${problem?.message ?? 'does not fit'}`
  throw new GatewayError('usage', `${path} holds no facts: ${what} (rego/schemas/input.json)`)
}

export type RecordedCommand = {
  readonly place: string
  readonly text: string
  readonly facts: Facts
  readonly decision: Decision
  readonly entrypoint: Entrypoint
  // Digest of the bundle that decided.
  readonly bundle: string
  // Why the gateway refused although the decision let it pass.
  readonly refusal: string | undefined
}

export type WhichCommand =
  { readonly session: string; readonly command: number } | { readonly seq: number }

export async function recordedCommand(
  record: string,
  which: WhichCommand,
): Promise<RecordedCommand> {
  const parts = createPartsRead()
  for await (const { file, number, line } of recordLines(record)) {
    parts.take(line)
    if (line.kind !== 'command' || !isWanted(line, which)) continue
    const facts = factsOf(line, parts)
    const decision = parts.of(line.decision)
    if (facts === undefined || decision === undefined) {
      throw new GatewayError(
        'record_damaged',
        `${file}:${number}: a part of this command is missing`,
      )
    }
    return {
      place: `${file}:${number}`,
      text: line.text,
      facts,
      // Recorded by the gateway as its bundle gave it.
      decision: decision as Decision,
      entrypoint: line.entrypoint,
      bundle: line.bundle,
      refusal: line.refusal,
    }
  }
  const what = 'seq' in which ? `line ${which.seq}` : `${which.session}, command ${which.command}`
  throw new GatewayError('not_found', `the record ${record} holds no command at ${what}`)
}

function isWanted(line: CommandLine, which: WhichCommand): boolean {
  if ('seq' in which) return line.seq === which.seq
  return line.session === which.session && line.command === which.command
}

function reasonOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem)
}
