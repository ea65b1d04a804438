// Sightings from an `audit export`: each command whole, with its facts and decision. Taken apart into the
// parts that repeat, so that the rest of a backtest need not know where a command came from.
import { hash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { GatewayError } from '../../errors.js'
import { rawLines } from '../../recording/segment-lines.js'
import { kindOfLine } from './command-line-fields.js'
import type { Sighting, Sightings } from './sightings.js'

type Members = Readonly<Record<string, unknown>>

export function exportedSightings(path: string): Sightings {
  const name = basename(path)
  let parts = new Map<string, object>()
  let read = 0

  function* all(): Generator<Sighting> {
    for (const raw of rawLines(path)) {
      read = raw.end
      if (raw.bytes.length === 0) continue
      const kind = kindOfLine(raw.bytes)
      if (kind !== 'command' && kind !== undefined) continue
      const line = membersOf(raw.bytes)
      if (line === undefined) throw unreadable(name, raw.number, 'the line is no JSON object')
      if (line['kind'] !== 'command') continue
      parts = new Map()
      const facts = line['facts']
      if (!isMembers(facts)) throw unreadable(name, raw.number, 'the command has no facts')
      const { command: whole, ...base } = facts
      // An export made of a record with missing parts carries digests in their place.
      const { digest, ...command } = isMembers(whole) ? whole : { digest: '' }
      yield {
        file: name,
        number: raw.number,
        bytes: raw.bytes,
        fields: {
          base: kept(parts, 'identity' in base ? base : undefined),
          command: kept(parts, isMembers(whole) ? { ...command, digest: '' } : undefined),
          overrides: `{"command.digest":${JSON.stringify(digest ?? '')}}`,
          decision: kept(parts, isMembers(line['decision']) ? line['decision'] : undefined),
          entrypoint: line['entrypoint'] === 'degraded' ? 'degraded' : 'decision',
        },
      }
    }
  }

  return {
    all,
    bytes: statSync(path).size,
    bytesRead: () => read,
    part: (digest) => parts.get(digest),
  }
}

function kept(parts: Map<string, object>, value: object | undefined): string {
  if (value === undefined) return ''
  const digest = hash('sha256', JSON.stringify(value), 'hex')
  parts.set(digest, value)
  return digest
}

function membersOf(bytes: Buffer): Members | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isMembers(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreadable(file: string, line: number, what: string): GatewayError {
  return new GatewayError(
    'record_damaged',
    `${file}:${line}: ${what}; make the file with \`sallyport audit export\``,
  )
}
