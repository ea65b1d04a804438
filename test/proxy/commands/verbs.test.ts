// A command with verbs: each verb has its own help, and what it objects to is told with where to read more.
import t from 'tap'
import { commandOfVerbs } from '../../../proxy/commands/verbs.js'
import { GatewayError, type ErrorCode } from '../../../proxy/errors.js'

const failing = (code: ErrorCode) => ({
  summary: 'fails',
  load: async () => ({
    help: `help of ${code}\n`,
    run: async (): Promise<number> => {
      throw new GatewayError(code, 'no')
    },
  }),
})

const command = commandOfVerbs(
  'tool',
  { usage: failing('usage'), conflict: failing('conflict') },
  { usage: 'sallyport tool VERB', closing: 'the end\n' },
)

async function typed(...argv: readonly string[]): Promise<readonly unknown[]> {
  let [out, err] = ['', '']
  const code = await command.run(argv, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: {},
    cwd: '/',
  })
  return [code, out, err]
}

t.test('a verb that is not there, or none, is wrong usage and lists those that are', async (t) => {
  t.match(
    command.help,
    /^sallyport tool VERB\n\n {2}usage {5}fails\n {2}conflict {2}fails\n\nthe end/,
  )
  t.same(await typed('nothing'), [
    2,
    '',
    `sallyport: tool has no verb “nothing”.\n\n${command.help}`,
  ])
  t.same(await typed('toString'), [
    2,
    '',
    `sallyport: tool has no verb “toString”.\n\n${command.help}`,
  ])
  t.same(await typed(), [2, '', command.help])
})

t.test('each verb has its own help', async (t) => {
  t.equal(command.hasVerbs, true)
  t.same(await typed('conflict', '--help'), [0, 'help of conflict\n', ''])
})

t.test('wrong usage ends with 2 and says where to read more, anything else with 1', async (t) => {
  t.same(await typed('usage'), [2, '', 'sallyport: no\nsallyport tool usage --help says more.\n'])
  t.same(await typed('conflict'), [1, '', 'sallyport: no\n'])
})
