// Every file is as OPA writes it, so that a difference between two versions is a difference in meaning.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../findings.js'
import { problem, type Check } from './check.js'

export const format: Check = {
  rules: { format: 'a file is not written as `opa fmt` writes it' },
  run: async ({ library, opa }) => {
    const files = [...library.files.map(({ file }) => file), ...library.tests]
    if (files.length === 0) return []
    // A test that cannot be read is for `policy test` to say.
    const listed = new Set((await opa(['fmt', '--list', ...files]).catch(() => '')).split('\n'))
    const found: Finding[] = []
    for (const file of files.filter((one) => listed.has(one))) {
      const wanted = await opa(['fmt', file])
      const is = await readFile(join(library.folder.root, file), 'utf8')
      const line = firstDifference(is, wanted)
      const message = `from here on the file is not written as OPA writes it`
      const fix = `run: opa fmt --write ${file}`
      found.push(problem('format', { file, at: { line, column: 1 } }, message, fix))
    }
    return found
  },
}

function firstDifference(one: string, other: string): number {
  const [left, right] = [one.split('\n'), other.split('\n')]
  const at = left.findIndex((line, number) => line !== right[number])
  return at === -1 ? left.length : at + 1
}
