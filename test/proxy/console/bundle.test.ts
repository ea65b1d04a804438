// What browsers load of the console: little, named by what it holds, and nothing from elsewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { REPOSITORY } from '../../peers/gateway-config.js'

const folder = join(REPOSITORY, 'build/console')
const skip = existsSync(folder) ? false : 'the console is not built: npm run build'
// The whole console, compressed: a phone on a slow line has it in a second.
const BUDGET_BYTES = 100_000

t.test('the console is small', { skip }, async (t) => {
  const sizes = readdirSync(join(folder, 'assets')).map(
    (name) => gzipSync(readFileSync(join(folder, 'assets', name))).length,
  )
  const sum = sizes.reduce((a, b) => a + b, 0)
  t.ok(sum < BUDGET_BYTES, `${sum} bytes`)
  t.ok(sum > 10_000, 'and something is there')
})

t.test(
  'the page lets run nothing but its own files, named by what they hold',
  { skip },
  async (t) => {
    const page = readFileSync(join(folder, 'index.html'), 'utf8')
    const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
    t.equal(named.length, 3)
    for (const path of named) {
      t.match(path, /^\/assets\/(console-[A-Z0-9]{8}\.js|style-[A-Z0-9]{8}\.css|icon\.svg)$/)
      t.ok(existsSync(join(folder, path)), path)
    }
    t.notMatch(page, /<style|<script>|\son\w+=|style="/)
  },
)

t.test('nothing is asked of another place', { skip }, async (t) => {
  for (const name of readdirSync(join(folder, 'assets'))) {
    const text = readFileSync(join(folder, 'assets', name), 'utf8')
    const places = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([place]) => place)
    // Names of XML vocabularies, and where an error message of the router points.
    const named = /^https?:\/\/(www\.w3\.org|github\.com)$/
    t.same(
      places.filter((place) => !named.test(place)),
      [],
      name,
    )
    t.equal(/\beval\(|new Function\(/.test(text), false, `${name} makes no code of text`)
  }
})

t.test('no page puts markup in as text', async (t) => {
  const sources = readdirSync(join(REPOSITORY, 'proxy/console'), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(REPOSITORY, 'proxy/console', name), 'utf8'))
  t.ok(sources.length > 60)
  const words = /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write/
  t.equal(sources.filter((text) => words.test(text)).length, 0)
})
