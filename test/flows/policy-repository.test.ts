// The first day with a policy repository: every command of its README, and what CI makes of a pull request.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { newcomer } from '../peers/newcomer.js'

// All tests of the repository run several times, on real processes.
t.setTimeout(1_100_000)

t.test('every command of its README runs, in the order in which it stands there', async (t) => {
  const { home, ran } = await newcomer(t)
  const folder = join(home, 'ours')
  t.equal(ran('npx sallyport policy init ours', home).status, 0)
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, script]) => script ?? '')
  t.ok(blocks.length > 6)
  for (const script of blocks) {
    const { status, text } = ran(script, folder)
    t.equal(status, 0, `${script}\n${text}`)
  }
  t.match(ran('npx sallyport policy build --format json', folder).text, /"revision":"[0-9a-f]{40}"/)
  for (const [, path] of readme.matchAll(/^\| `([\w./-]+)`/gm)) {
    t.ok(existsSync(join(folder, path ?? '')), path ?? 'a path')
  }
  const rule = join(folder, 'policies/sallyport/policies/employees.rego')
  writeFileSync(rule, readFileSync(rule, 'utf8').replace('"update"', '"updte"'))
  const { status } = ran('git commit --all --quiet --message broken', folder)
  t.not(status, 0, 'the hook keeps what is broken out')
})

const READERS = `# Who is employed here is nobody's business.
package sallyport.policies

# METADATA
# title: Nobody reads employees
# custom:
#   id: employees/read
#   severity: high
deny.read contains {
	"id": "employees/read",
	"message": "employees are not read here",
	"hint": "ask the people who know them",
} if {
	some effect in input.command.effects
	effect.op == "read"
	effect.object == "public.employees"
}
`

const READERS_TEST = `target: shop
as: engineer
cases:
  - name: employees are not read
    sql: SELECT name FROM employees
    rules: [employees/read]
`

type Job = { readonly script?: readonly string[]; readonly after_script?: readonly string[] }

type Step = {
  readonly name?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
}

t.test('the steps of the workflow for GitHub run, and the jobs for GitLab', async (t) => {
  const { home, ran } = await newcomer(t)
  const folder = join(home, 'ours')
  t.equal(ran('npx sallyport policy init ours', home).status, 0)
  const workflow = parse(readFileSync(join(folder, '.github/workflows/policies.yml'), 'utf8')) as {
    readonly env: { readonly SALLYPORT: string }
    readonly jobs: { readonly policies: { readonly steps: readonly Step[] } }
  }
  t.match(workflow.env.SALLYPORT, /^npx --yes sallyport@\d+\.\d+\.\d+$/)
  t.equal(ran('npx sallyport policy sign --new-key ../keys --name ci', folder).status, 0)
  // A pull request that refuses a bit more.
  const rule = join(folder, 'policies/sallyport/policies/readers.rego')
  writeFileSync(rule, READERS)
  mkdirSync(join(folder, 'tests/commands/readers'))
  writeFileSync(join(folder, 'tests/commands/readers/readers.commands.yaml'), READERS_TEST)
  t.equal(ran('git switch -c change && git add . && git commit -qm Change', folder).status, 0)
  const values = {
    ...workflow.env,
    GITHUB_STEP_SUMMARY: join(home, 'summary.md'),
    PULL_REQUEST: '7',
    BASE: 'main',
    SIGNING_KEY: readFileSync(join(home, 'keys', 'ci.key.pem'), 'utf8'),
  }
  for (const { name = '', run } of workflow.jobs.policies.steps) {
    if (run === undefined) continue
    t.notMatch(run, /\$\{\{/, `${name}: nothing of strangers in a script`)
    const { status, text } = ran(run, folder, values)
    t.equal(status, 0, `${name}\n${text}`)
  }
  const verify = 'npx sallyport policy verify bundle.tar.gz --key ci=../keys/ci.pub.pem'
  t.match(ran(verify, folder), { status: 0 })
  t.match(readFileSync(join(folder, 'reports/tests.xml'), 'utf8'), /<testsuite/)
  t.match(readFileSync(join(home, 'gh.txt'), 'utf8'), /pr comment 7 --body-file report\.md/)
  t.match(readFileSync(join(home, 'summary.md'), 'utf8'), /employees/)

  const jobs = parse(readFileSync(join(folder, '.gitlab-ci.yml'), 'utf8')) as Record<string, Job>
  const base = ran('git rev-parse main', folder).text.trim()
  const surroundings = {
    ...values,
    SALLYPORT_SIGNING_KEY: values.SIGNING_KEY,
    CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
    CI_API_V4_URL: 'https://gitlab.example/api/v4',
    CI_PROJECT_ID: '3',
    CI_MERGE_REQUEST_IID: '7',
    REPORT_TOKEN: 'words',
  }
  for (const name of ['build', 'compare', 'sign']) {
    const { script = [], after_script: after = [] } = jobs[name] ?? {}
    t.ok(script.length > 0, name)
    for (const lines of [script, after]) {
      const { status, text } = ran(lines.join('\n'), folder, surroundings)
      t.equal(status, 0, `${name}\n${text}`)
    }
  }
  t.match(ran(verify, folder), { status: 0 })
  t.match(
    readFileSync(join(home, 'curl.txt'), 'utf8'),
    /body@report\.md .*merge_requests\/7\/notes/,
  )
})
