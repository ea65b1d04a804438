// What a record was when its last writer stopped, read from its last segment alone (which carries what
// must be known of those before it). Half a line at the end was never acknowledged: it is set aside,
// visibly. Anything else that does not fit is damage, and no gateway starts on a damaged record.
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import { createTree } from './merkle.js'
import type { Tree } from './merkle.js'
import { createOpenCommands } from './open-commands.js'
import type { OpenCommands } from './open-commands.js'
import { outcomesOf } from './recorded-outcomes.js'
import { NO_LINE, bytesHash } from './record-line.js'
import { openingOf, rawLines, readLine } from './segment-lines.js'
import type { Opening, RawLine } from './segment-lines.js'
import { segmentIndex, segmentNames } from './segment.js'
import type { SignedNote } from './signed-note.js'

export type RecordEnd = {
  // Of the last segment; 0 where there is none.
  readonly index: number
  readonly previous:
    | { readonly file: string; readonly bytes: number; readonly seq: number; readonly hash: string }
    | undefined
  readonly tree: Tree
  readonly open: OpenCommands
  readonly torn: { readonly bytes: number; readonly file: string } | undefined
}

export function recordEnd(directory: string, signed: SignedNote | undefined): RecordEnd {
  const names = segmentNames(directory)
  const index = segmentIndex(names.at(-1) ?? '')
  const unbegun = setAsideUnbegun(directory, names)
  const file = names[names.length - 1 - (unbegun === undefined ? 0 : 1)]
  const size = signed?.checkpoint.size ?? 0
  if (file === undefined) {
    if (size > 0) throw cutBack(directory, size, 0)
    return {
      index,
      previous: undefined,
      tree: createTree(),
      open: createOpenCommands(),
      torn: unbegun,
    }
  }
  const { opening, wrong } = openingOf(join(directory, file))
  if (opening === undefined) throw damaged(file, 1, wrong ?? 'it cannot be read')
  const before = opening.previous?.seq ?? -1
  const tree = createTree(before + 1, opening.peaks ?? [])
  const open = createOpenCommands(opening.open ?? [])
  const end = followed(directory, file, { tree, open, opening })
  if (tree.size() < size) throw cutBack(directory, size, tree.size())
  const torn = end.bytes < statSync(join(directory, file)).size
  return {
    index,
    previous: { file, bytes: end.bytes, seq: tree.size() - 1, hash: end.hash },
    tree,
    open,
    torn: torn ? setAside(directory, file, end.bytes) : unbegun,
  }
}

// A power cut can take the whole of a segment that was just begun: the one before it was on the disk
// to its end by then.
function setAsideUnbegun(directory: string, names: readonly string[]): RecordEnd['torn'] {
  const file = names.at(-1)
  if (file === undefined) return undefined
  const path = join(directory, file)
  const [first] = rawLines(path)
  if (first !== undefined && first.whole && !first.bytes.includes(0)) return undefined
  const aside = `${file}.torn`
  const bytes = statSync(path).size
  renameSync(path, join(directory, aside))
  return { bytes, file: aside }
}

// Walks the lines of one segment in the order of the chain, and returns where the good ones end.
function followed(
  directory: string,
  file: string,
  state: { readonly tree: Tree; readonly open: OpenCommands; readonly opening: Opening },
): { readonly bytes: number; readonly hash: string } {
  let bytes = 0
  let hash = state.opening.previous?.hash ?? NO_LINE
  let toCome = state.opening.restated ?? 0
  let opening: RawLine | undefined
  const continues = (raw: RawLine): boolean => {
    const { line } = readLine(raw.bytes)
    if (line === undefined || line.seq !== state.tree.size() || line.prev !== hash) return false
    hash = bytesHash(raw.bytes)
    state.tree.add(hash)
    for (const { session, command } of outcomesOf(line)) state.open.remove(session, command)
    if (line.kind === 'command' && line.go) state.open.add(line.session, line.command)
    return true
  }
  for (const raw of rawLines(join(directory, file))) {
    if (raw.number === 1 && toCome > 0) {
      // The lines it announces come before it in the chain.
      opening = raw
      continue
    }
    if (!raw.whole || !continues(raw)) {
      // One line without its end, or blocks that a power cut left empty, is what crashes leave.
      if (!raw.whole || raw.bytes.includes(0)) break
      throw damaged(file, raw.number, 'the line does not continue the chain')
    }
    bytes = raw.end
    if (opening !== undefined && toCome > 0) {
      toCome -= 1
      if (toCome === 0 && !continues(opening)) {
        throw damaged(file, 1, 'the repeated lines do not lead to the line that announces them')
      }
    }
  }
  if (toCome > 0 || bytes === 0) throw damaged(file, 1, 'the segment is not whole')
  return { bytes, hash }
}

// Copies what follows the last whole line to a file of its own before cutting it off.
function setAside(directory: string, file: string, bytes: number): { bytes: number; file: string } {
  const path = join(directory, file)
  const length = statSync(path).size - bytes
  const aside = `${file}.torn`
  copyTail(path, join(directory, aside), bytes, length)
  const fd = openSync(path, 'r+')
  try {
    ftruncateSync(fd, bytes)
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return { bytes: length, file: aside }
}

function copyTail(from: string, to: string, position: number, length: number): void {
  const tail = Buffer.alloc(length)
  const source = openSync(from, 'r')
  const target = openSync(to, 'a', 0o600)
  try {
    const read = readSync(source, tail, 0, length, position)
    writeFileSync(target, tail.subarray(0, read))
    fdatasyncSync(target)
  } finally {
    closeSync(source)
    closeSync(target)
  }
}

function damaged(file: string, line: number, what: string): GatewayError {
  return new GatewayError(
    'record_damaged',
    `${file}:${line}: ${what}; run \`sallyport audit verify\`, keep the directory as evidence, and ` +
      'start with a new one',
  )
}

function cutBack(directory: string, signed: number, found: number): GatewayError {
  return new GatewayError(
    'record_damaged',
    `${directory} holds ${found} lines, but a checkpoint was signed for ${signed}: lines were ` +
      'removed; keep the directory as evidence, and start with a new one',
  )
}
