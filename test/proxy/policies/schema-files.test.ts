// The schemas that `opa check` and editors read are copies of ours. After a change of engine/schemas,
// WRITE=1 npx tsx test/proxy/policies/schema-files.test.ts
import { readdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { schemaFiles } from '../../../proxy/policies/schema-files.js'

// Tests run from the repository's root, compiled or not.
const FOLDER = 'rego/schemas'

t.test('the committed copies of the schemas are what the sources generate', async (t) => {
  const files = schemaFiles()
  if (process.env['WRITE'] === '1') {
    for (const [name, text] of files) await writeFile(`${FOLDER}/${name}`, text)
  }
  t.same((await readdir(FOLDER)).sort(), [...files.keys()].sort())
  for (const [name, text] of files) {
    const committed: unknown = JSON.parse(await readFile(`${FOLDER}/${name}`, 'utf8'))
    t.same(committed, JSON.parse(text), name)
  }
})
