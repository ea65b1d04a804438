// The shipped library as a corpus wants it: changes written in a file beside the cases. Words that are not there
// exactly once end the run, so that the file keeps up with the library.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { REPOSITORY } from '../peers/gateway-config.js'

type Change = { readonly file: string; readonly from: string; readonly to: string }

/** A folder of policies, for a gateway to read; whoever asks for it takes it away. */
export function corpusPolicy(path: string): string {
  const { changes } = parse(readFileSync(path, 'utf8')) as { readonly changes: readonly Change[] }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-corpus-'))
  for (const part of ['policies', 'data', 'catalogue', 'sallyport-policy.yaml'])
    cpSync(join(REPOSITORY, 'rego', part), join(folder, part), { recursive: true })
  for (const { file, from, to } of changes) {
    const place = join(folder, file)
    const parts = readFileSync(place, 'utf8').split(from.trimEnd())
    if (parts.length !== 2) throw new Error(`${file} does not hold once: ${from}`)
    writeFileSync(place, parts.join(to.trimEnd()))
  }
  return folder
}
