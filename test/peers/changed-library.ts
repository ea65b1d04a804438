// The shipped policies with other data, in a folder that goes when the test ends.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { REPOSITORY } from './gateway-config.js'

// `data`: what stands in `data/NAME/data.yaml` in place of what is shipped.
export function changedLibrary(
  t: Pick<Test, 'teardown'>,
  data: Readonly<Record<string, string>> = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(REPOSITORY, 'rego'), folder, { recursive: true })
  for (const [name, text] of Object.entries(data)) {
    writeFileSync(join(folder, 'data', name, 'data.yaml'), text)
  }
  return folder
}
