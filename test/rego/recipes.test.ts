// Each recipe of rego/recipes does what it says: put on top of the shipped policies it passes
// `policy check`, and its commands meet what it promises. RECIPES.md is made from the same files.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { run } from '../../proxy/commands/policy.js'
import { missingPostgres } from '../peers/postgres.js'
import { LIBRARY, opaPath } from './library.js'

const RECIPES = join(LIBRARY, 'recipes')
const names = readdirSync(RECIPES).sort()

type Settings = { identities?: object; targets?: object }

// The shipped policies without their tests, and the recipe.
function folderWith(recipe: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-recipe-'))
  for (const part of ['policies', 'data', 'catalogue']) {
    cpSync(join(LIBRARY, part), join(folder, part), { recursive: true })
  }
  const own = join(RECIPES, recipe)
  for (const part of ['policies', 'data', 'tests'].filter((name) => existsSync(join(own, name)))) {
    cpSync(join(own, part), join(folder, part), { recursive: true })
  }
  const settings = readFileSync(join(LIBRARY, 'sallyport-policy.yaml'), 'utf8')
  const more = existsSync(join(own, 'settings.yaml'))
    ? readFileSync(join(own, 'settings.yaml'), 'utf8')
    : '{}'
  const [one, other] = [parse(settings) as Settings, parse(more) as Settings]
  const merged = {
    version: 1,
    identities: { ...one.identities, ...other.identities },
    targets: { ...one.targets, ...other.targets },
  }
  writeFileSync(join(folder, 'sallyport-policy.yaml'), stringify(merged))
  return folder
}

t.test('there are recipes for what teams ask for most', async (t) => t.ok(names.length >= 20))

for (const recipe of names) {
  t.test(`recipe: ${recipe}`, { skip: missingPostgres('embedded') }, async (t) => {
    const folder = folderWith(recipe)
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    for (const verb of [['check'], ['test', '--facts', '0', '--verbose']]) {
      const said = { out: '', error: '' }
      const io = {
        stdout: { write: (text: string) => (said.out += text) },
        stderr: { write: (text: string) => (said.error += text) },
        env: { ...process.env, SALLYPORT_OPA: await opaPath() },
        cwd: folder,
      }
      const code = await run([...verb, folder], io)
      t.equal(code, 0, `${verb[0]}: ${code === 0 ? 'good' : said.out + said.error}`)
    }
  })
}

t.test('RECIPES.md holds every recipe as it is tested', async (t) => {
  const made = document()
  const file = join(LIBRARY, 'RECIPES.md')
  if (process.env['WRITE'] === '1') writeFileSync(file, made)
  t.equal(readFileSync(file, 'utf8'), made, 'WRITE=1 npx tsx test/rego/recipes.test.ts writes it')
})

function document(): string {
  const recipes = names.map((name) => {
    const own = join(RECIPES, name)
    const files = ['policies', 'data', 'settings.yaml', 'tests'].flatMap((part) =>
      filesIn(own, part),
    )
    const [rego = ''] = files
    const { title, why, body } = introduced(readFileSync(join(own, rego), 'utf8'))
    const blocks = files.map((file) => {
      const text = file === rego ? body : readFileSync(join(own, file), 'utf8').trimEnd()
      return `\`${file}\`\n\n\`\`\`${file.endsWith('.rego') ? 'rego' : 'yaml'}\n${text}\n\`\`\`\n`
    })
    return `## ${title}\n\n${why}\n\n${blocks.join('\n')}`
  })
  return `# Recipes

What teams ask for most, each a file to copy into a policy repository (and sometimes data, or identities and
targets for \`sallyport-policy.yaml\`). They stand under \`rego/recipes\` as well; a test puts each of them on top
of the shipped policies and runs \`policy check\` and its commands. This page is made from those files.

${recipes.join('\n')}`
}

function filesIn(folder: string, part: string): readonly string[] {
  const path = join(folder, part)
  if (!existsSync(path)) return []
  if (part.endsWith('.yaml')) return [part]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(rego|yaml)$/.test(name))
    .map((name) => join(part, name))
    .sort()
}

// A recipe opens with a comment: what it is, and why one would want it.
function introduced(text: string): { title: string; why: string; body: string } {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('#'))
  const words = lines
    .slice(0, end)
    .map((line) => line.slice(2))
    .join(' ')
  const stop = words.indexOf('. ')
  return {
    title: words.slice(0, stop),
    why: words.slice(stop + 2),
    body: lines.slice(end).join('\n').trimEnd(),
  }
}
