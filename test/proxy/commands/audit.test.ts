// The auditor's commands, from arguments to output and exit status.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { help } from '../../../proxy/commands/audit.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { emptyDirectory, sampleRecord } from '../recording/sample-record.js'
import { audit } from './audit-lab.js'

t.test('verify: good, by directory, by --record and by configuration', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 10 })
  for (const argv of [[directory], ['--record', directory], ['--record', basename(directory)]]) {
    const { status, stdout } = await audit(dirname(directory), 'verify', ...argv)
    t.equal(status, 0)
    t.match(stdout, /✓ good/)
  }
  const other = emptyDirectory(t)
  writeFileSync(join(other, 'sallyport.yaml'), `record:\n  directory: ${directory}\n`)
  t.equal((await audit(other, 'verify', '--config', 'sallyport.yaml')).status, 0)
  const json = await audit(other, 'verify', directory, '--format', 'json')
  t.match(JSON.parse(json.stdout), { ok: true, notes: [] })
})

t.test('verify: one segment alone', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory)
  const names = segmentNames(directory)
  for (const name of names) {
    const { status, stdout } = await audit('/', 'verify', join(directory, name))
    t.equal(status, 0, stdout)
    t.match(stdout, /only segment-/)
  }
  const path = join(directory, names[2] ?? '')
  rmSync(join(directory, names[1] ?? ''))
  t.equal((await audit('/', 'verify', path)).status, 0, 'its neighbours may be elsewhere')
  writeFileSync(path, readFileSync(path, 'utf8').replace('SELECT', 'DELETE'))
  t.equal((await audit('/', 'verify', path)).status, 1)
})

t.test('verify: not good, with the first bad record and status 1', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory)
  const [name = ''] = segmentNames(directory)
  const path = join(directory, name)
  writeFileSync(path, readFileSync(path, 'utf8').replace('SELECT 2', 'SELECT 7'))
  const { status, stdout } = await audit('/', 'verify', directory)
  t.equal(status, 1)
  t.match(stdout, /✗ not good/)
  t.match(stdout, new RegExp(`first bad record: ${name}:\\d+, seq \\d+`))
})

t.test('verify: a key and a checkpoint kept elsewhere', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 5 })
  const key = join(directory, 'signing-key.pub')
  const checkpoint = join(directory, 'checkpoints', 'checkpoints.txt')
  const argv = ['verify', directory, '--key', key, '--checkpoint', checkpoint]
  t.equal((await audit('/', ...argv)).status, 0)
  t.match(await audit('/', 'verify', directory, '--key', '/nowhere'), {
    status: 1,
    stderr: /nowhere/,
  })
  writeFileSync(join(directory, 'x'), 'rubbish')
  const rubbish = await audit('/', 'verify', directory, '--checkpoint', join(directory, 'x'))
  t.match(rubbish, { status: 1, stdout: /not a checkpoint/ })
})

t.test('export: JSON lines, each command whole, filtered', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 12 })
  const { status, stdout } = await audit('/', 'export', directory, '--session', 's1')
  t.equal(status, 0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.equal(lines.filter(({ kind }) => kind === 'command').length, 12)
  t.match(lines[0], {
    kind: 'command',
    text: 'SELECT 1',
    facts: { identity: { name: 'alice' }, command: { digest: 'sha256:1' } },
    decision: { action: 'allow' },
    facts_digest: /^sha256:/,
  })
  const future = await audit('/', 'export', directory, '--from', '2999-01-01T00:00:00Z')
  t.match(future, { status: 0, stdout: '' })
  t.equal((await audit('/', 'export', directory, '--from', 'soon')).status, 2)
})

t.test('recheck says which bundle is missing', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 3 })
  const { status, stdout } = await audit('/', 'recheck', directory)
  t.equal(status, 1)
  t.match(stdout, /3 could not be executed/)
  t.match(stdout, /no bundle sha256:b+/)
})

t.test('wrong usage is 2, a record that is not there is 1', async (t) => {
  const cwd = emptyDirectory(t)
  for (const argv of [
    [],
    ['x'],
    ['verify', '--nope'],
    ['verify', 'a', 'b'],
    ['export', '--format', 'csv'],
  ]) {
    const { status, stderr } = await audit(cwd, ...argv)
    t.equal(status, 2)
    t.not(stderr, '')
  }
  t.match(await audit(cwd, 'verify'), { status: 1, stderr: /no record at/ })
  t.match(await audit(cwd, 'verify', '.'), { status: 1, stderr: /holds no record/ })
  writeFileSync(join(cwd, 'x'), '')
  t.match(await audit(cwd, 'export', 'x'), { status: 1, stderr: /no segment of a record/ })
  t.match(await audit(cwd, 'verify', '--config', 'x.yaml'), { status: 1, stderr: /cannot be read/ })
  t.match(help, /Exit status/)
})

t.test('each verb says what it takes', async (t) => {
  for (const verb of ['verify', 'recheck', 'prove', 'consistency', 'receipt', 'export']) {
    const { status, stdout } = await audit('/', verb, '--help')
    t.equal(status, 0)
    t.match(stdout, new RegExp(`^sallyport audit ${verb} `))
    t.match(stdout, /Exit status/)
    t.match(help, new RegExp(`^  ${verb} `, 'm'))
  }
})
