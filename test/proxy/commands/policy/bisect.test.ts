// `sallyport policy bisect` on a repository with a dozen commits, one of which does not build.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { help, run } from '../../../../proxy/commands/policy/bisect.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import { cases } from '../../../rego/library.js'
import { commandRecord, emptyDirectory, recorded } from '../../recording/sample-record.js'
import { ranIn, scratchRepository } from './scratch-repository.js'

// A busy machine may be slow to build.
t.setTimeout(240_000)

const DESTRUCTIVE = 'policies/sallyport/policies/destructive.rego'

t.test('bisect', async (t) => {
  const root = emptyDirectory(t)
  const repository = scratchRepository(root)
  const { edit, commit, folder, git } = repository
  const remark = (subject: string) => {
    edit(DESTRUCTIVE, (text) => `${text}\n# ${subject}\n`)
    return commit(subject)
  }
  commit('The shipped policies')
  remark('A remark')
  remark('Another remark')
  writeFileSync(join(root, 'elsewhere.txt'), 'x')
  commit('Nothing about policies')
  edit(DESTRUCTIVE, (text) => `${text}\nthis is no rego {`)
  commit('Broken for a while')
  edit(DESTRUCTIVE, (text) => text.replace('\nthis is no rego {', ''))
  commit('Mended')
  edit(DESTRUCTIVE, (text) =>
    text.replace('_wide := {"absent", "trivial", "range", "cursor"}', '_wide := {"absent"}'),
  )
  const culprit = commit('Deletes of a range are nobody else’s business')
  for (const n of [1, 2, 3]) remark(`Later remark ${n}`)
  edit('data/hours/data.yaml', (text) => text.replace('from: 8', 'from: 7'))
  commit('Hours')
  edit(DESTRUCTIVE, (text) => text.replace('TRUNCATE empties ', 'TRUNCATE clears '))
  commit('Other words')

  const wide = cases().find(
    ({ facts, decision }) =>
      decision.rules.includes('destructive/wide-delete') &&
      facts.command?.effects.some((effect) => effect.where === 'range'),
  )
  if (wide === undefined) throw new Error('there is a case of a DELETE of a range')
  const facts = join(emptyDirectory(t), 'facts.json')
  writeFileSync(facts, JSON.stringify(wide.facts))

  t.test('the commit that changed the decision is named, with what it changed', async (t) => {
    const before = git('status', '--porcelain')
    const { status, stdout } = await ranIn(folder, run, '--facts', facts)
    t.equal(status, 0)
    t.match(stdout, `commit ${culprit}`)
    t.match(stdout, 'Author: Ada Example')
    t.match(stdout, 'Deletes of a range are nobody else’s business')
    t.match(stdout, /before: require-approval by destructive\/wide-delete/)
    t.match(stdout, /after: +(mask-fields|allow)/)
    t.match(stdout, /-_wide := \{"absent", "trivial", "range", "cursor"\}/)
    t.match(stdout, /\+_wide := \{"absent"\}/)
    t.equal(git('status', '--porcelain'), before, 'the work tree is as it was')
  })

  t.test(
    'commits that do not touch the folder are not asked, a broken one is passed over',
    async (t) => {
      const { stdout } = await ranIn(folder, run, '--facts', facts, '--every', '--format', 'json')
      const found = JSON.parse(stdout) as {
        commits: number
        skipped: readonly { commit: { subject: string }; why: string }[]
        turns: readonly { commits: readonly { commit: string }[] }[]
      }
      t.equal(found.commits, 11)
      t.match(found.skipped, [
        { commit: { subject: 'Broken for a while' }, why: /destructive\.rego/ },
      ])
      t.same(
        found.turns.map((turn) => turn.commits.map((one) => one.commit)),
        [[culprit]],
      )
    },
  )

  t.test('a recorded command is asked by the line of the record', async (t) => {
    const records = emptyDirectory(t)
    const recorder = await createRecorder({ directory: records })
    const { command, ...base } = wide.facts
    if (command === undefined) throw new Error('the case has a command')
    await recorded(
      recorder,
      commandRecord(1, {
        text: 'DELETE FROM t WHERE id > 7',
        facts: { base, command, overrides: {} },
      }),
    )
    await recorder.close()
    const seq = readFileSync(join(records, 'segment-00000001.jsonl'), 'utf8')
      .split('\n')
      .findIndex((line) => line.includes('"kind":"command"'))
    const { status, stdout } = await ranIn(
      root,
      run,
      folder,
      '--records',
      records,
      '--record',
      String(seq),
    )
    t.equal(status, 0)
    t.match(stdout, 'DELETE FROM t WHERE id > 7')
    t.match(stdout, `commit ${culprit}`)
  })

  t.test('a part of the history in which nothing changed says so', async (t) => {
    const { status, stdout } = await ranIn(folder, run, '--facts', facts, '--from', 'HEAD~3')
    t.equal(status, 0)
    t.match(stdout, 'the same at the first commit and at the last')
  })

  t.test('wrong usage is told', async (t) => {
    t.match(help, '--every')
    await t.rejects(ranIn(folder, run), { code: 'usage' })
    await t.rejects(ranIn(folder, run, '--facts', facts, '--sql', 'SELECT 1'), { code: 'usage' })
    await t.rejects(ranIn(folder, run, '--facts', facts, '--from=--all'), { code: 'usage' })
    await t.rejects(ranIn(folder, run, '--facts', facts, '--from', 'nowhere'), {
      code: 'not_found',
    })
  })
})
