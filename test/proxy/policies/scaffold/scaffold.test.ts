// A new policy repository is whole, works with plain opa, and takes nothing away from anybody.
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { scaffolded } from '../../../../proxy/policies/scaffold/scaffold.js'
import { newcomer } from '../../../peers/newcomer.js'

t.setTimeout(120_000)

t.test('it works with opa as it is, and is committed', async (t) => {
  const { home, ran } = await newcomer(t)
  const made = ran('npx sallyport policy init policies-of-ours', home)
  t.equal(made.status, 0, made.text)
  t.match(made.text, /\d+ files, committed as [0-9a-f]{12}/)
  const folder = join(home, 'policies-of-ours')
  for (const script of [
    'opa check --strict --schema schemas policies',
    'opa test policies data tests',
    'test -z "$(opa fmt --list policies tests)"',
    'test -z "$(git status --porcelain)"',
    'test "$(git log --format=%an)" = "New Comer"',
  ]) {
    const { status, text } = ran(script, folder)
    t.equal(status, 0, `${script}\n${text}`)
  }
  t.equal(statSync(join(folder, '.githooks', 'pre-commit')).mode & 0o777, 0o755)
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (name.startsWith('.git/') || statSync(join(folder, name)).isDirectory()) continue
    const text = readFileSync(join(folder, name), 'utf8')
    t.notMatch(text, /\{\{\w+\}\}/, `${name} has no gaps`)
  }
})

t.test('the jobs for GitLab are whole', async (t) => {
  const { home } = await newcomer(t)
  const folder = join(home, 'ours')
  await scaffolded(folder, '1.2.3')
  const file = parse(readFileSync(join(folder, '.gitlab-ci.yml'), 'utf8')) as Record<
    string,
    unknown
  >
  t.match(file, { variables: { SALLYPORT: 'npx --yes sallyport@1.2.3' } })
  for (const job of ['check', 'build', 'compare', 'sign']) t.match(file[job], { script: Array })
})

t.test('a folder with anything in it is left alone', async (t) => {
  const { home, ran } = await newcomer(t)
  mkdirSync(join(home, 'used'))
  writeFileSync(join(home, 'used', 'mine.txt'), 'mine')
  await t.rejects(scaffolded(join(home, 'used'), '1.0.0'), {
    code: 'conflict',
    message: /is not empty \(mine\.txt\)/,
  })
  t.same(readdirSync(join(home, 'used')), ['mine.txt'])
  await t.rejects(scaffolded(join(home, 'used', 'mine.txt'), '1.0.0'), { code: 'conflict' })
  t.equal(ran('git init --quiet cloned && npx sallyport policy init cloned', home).status, 0)
  t.match(ran('npx sallyport policy init cloned', home), { status: 1, text: /is not empty/ })
  t.match(ran('npx sallyport policy init', home), { status: 2, text: /init one DIR/ })
})

t.test(
  'without Git, without an author, or inside of another repository, it says what to type',
  async (t) => {
    const { home, ran } = await newcomer(t)
    writeFileSync(join(home, 'gitconfig'), '[user]\n\tuseConfigOnly = true\n')
    const made = ran('npx sallyport policy init ours', home)
    t.match(made, { status: 0, text: /not committed: Git knows no author/ })
    t.match(made.text, /git config user\.email/)
    const programs = join(home, 'few')
    mkdirSync(programs)
    for (const name of ['bash', 'sh']) symlinkSync(`/bin/${name}`, join(programs, name))
    const bare = ran(`'${join(home, 'bin', 'npx')}' sallyport policy init bare`, home, {
      PATH: programs,
    })
    t.match(bare, { status: 0, text: /not committed: Git is not there/ })
    t.match(bare.text, /^ {2}git init$/m)
    const inside = ran(
      'git init --quiet outer && cd outer && npx sallyport policy init inner',
      home,
    )
    t.match(inside, { status: 0, text: /not committed: the folder is part of the Git repository/ })
    t.match(inside.text, /^ {2}git config core\.hooksPath inner\/\.githooks$/m)
    t.match(inside.text, /at the top of a repository/)
  },
)
