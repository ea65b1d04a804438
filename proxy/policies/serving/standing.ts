// What outlives the process: which bundle was in force, which came before it, whether one is held, and when
// the source was last reached. One small file, replaced as a whole; the bundles themselves are kept
// beside the record. Who can change this file can choose among bundles that were in force before.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { Ajv } from 'ajv'
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import { GatewayError } from '../../errors.js'

const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const
const text = { type: 'string' } as const
const time = { type: 'number' } as const

const standingSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'source', 'contact_ms', 'history'],
  properties: {
    version: { const: 1 },
    source: text,
    // In force when it was written; absent before the first activation.
    active: digest,
    // Held, so that what the source offers changes nothing.
    pin: {
      type: 'object',
      additionalProperties: false,
      required: ['digest', 'by', 'reason', 'at_ms'],
      properties: { digest, by: text, reason: text, at_ms: time },
    },
    contact_ms: time,
    // What the source gave, in order, the latest last.
    history: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['digest', 'content', 'revision', 'at_ms'],
        properties: { digest, content: text, revision: text, at_ms: time },
      },
    },
  },
} as const satisfies JSONSchema

export type Standing = FromSchema<typeof standingSchema>
export type Pin = NonNullable<Standing['pin']>

export function readStanding(file: string): Standing | undefined {
  if (!existsSync(file)) return undefined
  let found: unknown
  try {
    found = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw damaged(file, 'it is no JSON', cause)
  }
  const fits = new Ajv({ strict: false }).compile<Standing>(standingSchema)
  if (fits(found)) return found
  const [first] = fits.errors ?? []
  throw damaged(file, `${first?.instancePath ?? ''} ${first?.message ?? ''}`.trim(), undefined)
}

// A pin must not be lost without a word, so nothing is guessed.
function damaged(file: string, why: string, cause: unknown): GatewayError {
  return new GatewayError(
    'state_failed',
    `${file} is damaged (${why}): it says which policies are in force and whether they are held; ` +
      'remove it to begin with what the source has',
    { cause },
  )
}

// On the disk when it returns.
export function writeStanding(file: string, standing: Standing): void {
  const temporary = `${file}.tmp`
  const bytes = Buffer.from(`${JSON.stringify(standing, null, 2)}\n`)
  const fd = openSync(temporary, 'w', 0o600)
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, file)
}
