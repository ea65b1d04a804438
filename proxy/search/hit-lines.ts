// Reads commands back from the record, where the index says that they lie: their texts stand there and nowhere
// else. A segment that went away, or other bytes in its place, give no text instead of a wrong one.
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandLine } from '../recording/recorded-facts.js'
import { readLine } from '../recording/segment-lines.js'
import type { LinePlace } from './happened.js'
import { createUnsealing, type Unsealing } from './unsealing.js'
import { SEARCH_LIMITS } from './limits.js'

export type HitLine = {
  readonly text: string
  readonly redacted: boolean
  readonly rewritten: string | undefined
  readonly refusal: string | undefined
  readonly approval: string | undefined
}

export type LineReader = {
  // undefined: it is not there any more.
  readonly line: (place: LinePlace, seq: number) => HitLine | undefined
  readonly close: () => void
}

export function createLineReader(directory: string): LineReader {
  const files = new Map<string, number | undefined>()
  const unsealing = createUnsealing(directory)
  const opened = (file: string): number | undefined => {
    if (files.has(file)) return files.get(file)
    let fd: number | undefined
    try {
      fd = openSync(join(directory, file), 'r')
    } catch {
      fd = undefined
    }
    files.set(file, fd)
    return fd
  }
  return {
    line({ file, offset, bytes }, seq) {
      const fd = opened(file)
      if (fd === undefined) return undefined
      const buffer = Buffer.alloc(bytes)
      if (readSync(fd, buffer, 0, bytes, offset) !== bytes) return undefined
      const line = commandIn(buffer, unsealing)
      if (line === undefined || line.seq !== seq) return undefined
      const { text, redacted = false, rewritten, refusal, approval } = line
      return { text, redacted, rewritten, refusal, approval }
    },
    close() {
      for (const fd of files.values()) if (fd !== undefined) closeSync(fd)
      files.clear()
    },
  }
}

type CommandWords = Pick<
  CommandLine,
  'seq' | 'text' | 'redacted' | 'rewritten' | 'refusal' | 'approval'
>

// A line of the record, or of an export, where facts and decision stand in full.
function commandIn(bytes: Buffer, unsealing: Unsealing): CommandWords | undefined {
  const { line } = readLine(bytes)
  try {
    if (line !== undefined) {
      const whole = unsealing.line(line)
      return whole.kind === 'command' ? whole : undefined
    }
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isExported(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isExported(value: unknown): value is CommandWords {
  if (typeof value !== 'object' || value === null) return false
  if (Reflect.get(value, 'kind') !== 'command') return false
  const texts = ['rewritten', 'refusal', 'approval'].map((name) => Reflect.get(value, name) ?? '')
  return [Reflect.get(value, 'text'), ...texts].every((text) => typeof text === 'string')
}

// The part of a text around the first of the words that were looked for; its beginning where there are none.
export function snippetOf(text: string, words: readonly string[]): string {
  const flat = text.replace(/\s+/g, ' ').trim()
  const most = SEARCH_LIMITS.snippetCharacters
  const lower = flat.toLowerCase()
  const places = words.map((word) => lower.indexOf(word.toLowerCase())).filter((at) => at >= 0)
  const first = places.length === 0 ? 0 : Math.min(...places)
  const from = flat.length <= most ? 0 : Math.max(0, Math.min(first - 40, flat.length - most))
  const end = from + most
  return `${from > 0 ? '…' : ''}${wholeCharacters(flat.slice(from, end))}${end < flat.length ? '…' : ''}`
}

// A cut must not leave half of a character.
function wholeCharacters(text: string): string {
  return text.replace(/^[\udc00-\udfff]/, '').replace(/[\ud800-\udbff]$/, '')
}
