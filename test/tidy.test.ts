// The house rules, as a test: who may import whom, file sizes, words that have no place, documents
// that name what exists. Reads the sources as text and runs none of them.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { ERRORS } from '../proxy/errors.js'

const root = new URL('../', import.meta.url).pathname.replace(/\/build\/$/, '/')
const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const sources = files.filter((file) => /^(engine|proxy)\/.*\.tsx?$/.test(file))
const typescript = files.filter((file) => /\.tsx?$/.test(file))

const TOP_LEVEL = ['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE']
const TOP_FOLDERS = ['engine', 'rego', 'proxy', 'fixtures', 'test']

t.test('the top level holds only what was agreed', async (t) => {
  const strange = files.filter((file) => {
    const [first = '', ...rest] = file.split('/')
    if (first.startsWith('.')) return false
    return rest.length === 0 ? !TOP_LEVEL.includes(first) : !TOP_FOLDERS.includes(first)
  })
  t.same(strange, [])
})

// `node:module` loads a package that is no ECMAScript module.
const PURE_MODULES = ['node:crypto', 'node:zlib', 'node:buffer', 'node:module']

// Which folders a file may import from, most specific rule first. An area is a path prefix.
const MAY_IMPORT: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [/^engine\//, /^engine\//],
  [/^proxy\/main\.ts$/, /^proxy\//],
  // Runs in browsers: of the rest it knows what documents look like, and nothing else.
  [/^proxy\/console\//, /^(proxy\/console\/|engine\/schemas\/)/],
  [/^proxy\/(commands|demo)\//, /^(proxy|engine)\//],
  // Wiring: what puts the parts together knows them all.
  [/^proxy\/(serve|gateway-[\w-]+)\.ts$/, /^(proxy|engine)\//],
  // What is done with policies away from traffic reads records and DDL.
  [/^proxy\/policies\//, /^(proxy\/(policies|recording|targets)\/|proxy\/[\w-]+\.ts$|engine\/)/],
  // Recordings stand beside the record, lock their folder as it does, and are known there by digest.
  [
    /^proxy\/recordings\//,
    /^(proxy\/recordings\/|proxy\/recording\/(recorder|directory-lock)\.ts$|proxy\/[\w-]+\.ts$|engine\/)/,
  ],
  // Labels are part of a folder of policies, and are held against what a target has.
  [/^proxy\/labels\//, /^(proxy\/(labels|policies|targets)\/|proxy\/[\w-]+\.ts$|engine\/)/],
  // A film is read from record and recordings, decided again, and masked as the protocol masks.
  [
    /^proxy\/replay\//,
    /^(engine\/|proxy\/(replay|recordings|recording|telemetry|policies\/backtest|protocols\/postgres)\/|proxy\/[\w-]+\.ts$)/,
  ],
  // The index is made of record lines, also in a thread of its own.
  [/^proxy\/search\//, /^(engine\/|proxy\/(search|recording)\/|proxy\/[\w-]+\.ts$)/],
  // Who asks over HTTP asks the index.
  [
    /^proxy\/web\/search-[\w-]+\.ts$/,
    /^(engine\/|proxy\/(web|search)\/|proxy\/[\w-]+\.ts$|proxy\/identity\/identity\.ts$)/,
  ],
  [
    /^proxy\/protocols\/(\w+)\//,
    /^(proxy\/(protocols\/$1|transport|guard|session|errors|limits|clock|identity\/identity)|engine)\b/,
  ],
  [
    /^proxy\/(guard|session|open-sessions|recent-commands|decision|redaction|facts)/,
    /^(engine\/|proxy\/[\w-]+\.ts$|proxy\/(identity\/identity|recording\/recorder|approvals\/approvals)\.ts$)/,
  ],
  [
    /^proxy\/(identity|targets|approvals|recording|state|policies|config|web|transport|telemetry)\//,
    /^(proxy\/$1\/|proxy\/[\w-]+\.ts$|engine\/|proxy\/(identity\/(identity|code-flow)|recording\/recorder|approvals\/[\w-]+|state\/[\w-]+|recordings\/[\w-]+)\.ts$)/,
  ],
  [/^proxy\/[\w-]+\.ts$/, /^(engine\/|proxy\/[\w-]+\.ts$)/],
]

function importsOf(file: string): readonly string[] {
  return [...read(file).matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

t.test('each part imports only what it may', async (t) => {
  const broken: string[] = []
  for (const file of sources) {
    const rule = MAY_IMPORT.find(([from]) => from.test(file))
    if (rule === undefined) continue
    const own = rule[0].exec(file)?.[1] ?? ''
    const allowed = new RegExp(rule[1].source.replaceAll('$1', own))
    for (const found of importsOf(file).filter((name) => name.startsWith('.'))) {
      const path = normalize(join(dirname(file), found)).replace(/\.js$/, '.ts')
      const page = path.replace(/\.ts$/, '.tsx')
      const target = files.includes(page) ? page : path
      if (!allowed.test(target)) broken.push(`${file} imports ${target}`)
    }
  }
  t.same(broken, [])
})

t.test('the engine touches no file, socket, clock, chance or environment', async (t) => {
  const broken: string[] = []
  for (const file of sources.filter((name) => name.startsWith('engine/'))) {
    for (const name of importsOf(file)) {
      if (name.startsWith('node:') && !PURE_MODULES.includes(name)) {
        broken.push(`${file} imports ${name}`)
      }
    }
    for (const word of [
      'Date.now',
      'new Date()',
      'Math.random',
      'process.',
      'setTimeout',
      'fetch(',
      'performance.now',
      'randomBytes',
      'randomUUID',
    ]) {
      if (code(read(file)).includes(word)) broken.push(`${file} uses ${word}`)
    }
  }
  t.same(broken, [])
})

t.test('arguments and environment are read by the command line alone', async (t) => {
  const broken = sources.filter(
    (file) =>
      !/^proxy\/(main\.ts|commands\/)/.test(file) && /process\.(argv|env)\b/.test(code(read(file))),
  )
  t.same(broken, [])
})

t.test('files stay short, and a longer table says why it may be', async (t) => {
  const long = sources.filter((file) => {
    const text = read(file)
    return text.split('\n').length > 301 && !/\btable\b/i.test(text.slice(0, 600))
  })
  t.same(long, [])
})

t.test('every file opens with what it is for', async (t) => {
  const silent = sources.filter((file) => !/^(#!.*\n)?\/\/ \S/.test(read(file)))
  t.same(silent, [])
})

t.test('no file is named for nothing in particular', async (t) => {
  const vague = /\/(utils?|helpers?|common|types|index|manager|service|base|misc)\.tsx?$/
  t.same(
    typescript.filter((file) => vague.test(file)),
    [],
  )
})

t.test('no any, no non-null assertion, no switched-off check, no empty catch', async (t) => {
  const broken: string[] = []
  for (const file of sources) {
    const text = code(read(file))
    for (const [what, pattern] of [
      ['any', /(:|\bas|<)\s*any\b/],
      ['ts-ignore', /@ts-(ignore|expect-error|nocheck)/],
      ['empty catch', /catch\s*(\([^)]*\))?\s*\{\s*\}/],
      ['non-null assertion', /[\w\])]!(\.|\[|\)|;|,|\s*$)/m],
      ['enum', /^\s*(export )?(const )?enum\s/m],
    ] as const) {
      if (pattern.test(text)) broken.push(`${file}: ${what}`)
    }
  }
  t.same(broken, [])
})

t.test('fixtures and rego hold no TypeScript', async (t) => {
  t.same(
    files.filter((file) => /^(rego|fixtures)\/.*\.(ts|js|mjs)$/.test(file)),
    [],
  )
})

t.test('the packages that were agreed on each do work of ours', async (t) => {
  const agreed = [
    '@open-policy-agent/opa-wasm',
    'pgsql-ast-parser',
    'fastify',
    'openid-client',
    'json-schema-to-ts',
    'pino',
  ]
  const all = sources.map(read).join('\n')
  t.same(
    agreed.filter((name) => !all.includes(`'${name}'`)),
    [],
  )
})

t.test('lock files record no download addresses', async (t) => {
  t.notMatch(read('package-lock.json'), /"resolved": *"http/)
})

t.test('a test of a part is named as the source that it tests', async (t) => {
  const stray = files
    .filter((file) => /^test\/(engine|proxy)\/.*\.test\.ts$/.test(file))
    .filter((file) => {
      const source = file.replace(/^test\//, '').replace(/\.test\.ts$/, '')
      return !files.includes(`${source}.ts`) && !files.includes(`${source}.tsx`)
    })
  t.same(stray, [])
})

t.test('paths that the documents name exist', async (t) => {
  const broken: string[] = []
  for (const file of files.filter((name) => name.endsWith('README.md'))) {
    for (const match of read(file).matchAll(/`((?:engine|proxy|rego|fixtures|test)\/[\w./-]+)`/g)) {
      const named = match[1] ?? ''
      if (!existsSync(join(root, named))) broken.push(`${file} names ${named}`)
    }
  }
  t.same(broken, [])
})

t.test('README lists every error code, and no other', async (t) => {
  const table = /## Errors\n([\s\S]*?)\n## /.exec(read('README.md'))?.[1] ?? ''
  const listed = [...table.matchAll(/^\| `([a-z_]+)`/gm)].map((match) => match[1] ?? '')
  t.same([...listed].sort(), Object.keys(ERRORS).sort())
})

// The text without comments and without the contents of strings, so that words in prose do not count.
function code(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
}
