// Where the files of this package are, whether it runs from its sources or compiled.
import { fileURLToPath } from 'node:url'
import { join, sep } from 'node:path'

const HERE = fileURLToPath(new URL('../../..', import.meta.url))
const COMPILED = `${sep}build${sep}`

export function packageFolder(name: string): string {
  const root = HERE.endsWith(COMPILED) ? HERE.slice(0, -'build/'.length) : HERE
  return join(root, name)
}
