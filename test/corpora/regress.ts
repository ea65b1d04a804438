// The queries of PostgreSQL's own regression tests, in the order in which they are run there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../peers/gateway-config.js'
import { fetched, type Corpus } from './fetched.js'

/** Of PostgreSQL 15. */
export function regressTests(): Promise<Corpus> {
  return fetched('regress-15-1', (folder) => [
    ['sh', join(REPOSITORY, 'test/corpora/regress.sh'), folder],
  ])
}

export type Script = { readonly name: string; readonly text: string }

export function scriptsOf(folder: string): readonly Script[] {
  const schedule = readFileSync(join(folder, 'parallel_schedule'), 'utf8')
  return schedule
    .split('\n')
    .flatMap((line) => (line.startsWith('test: ') ? line.slice(6).trim().split(/\s+/) : []))
    .map((name) => ({ name, path: join(folder, 'sql', `${name}.sql`) }))
    .filter(({ path }) => existsSync(path))
    .map(({ name, path }) => ({ name, text: readFileSync(path, 'utf8') }))
}
