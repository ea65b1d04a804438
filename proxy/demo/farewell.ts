// What stands on the screen when the tour is over: the record of it, proven, and what to type next.
import { run as audit } from '../commands/audit.js'
import type { Io } from '../commands/io.js'
import { run as sessions } from '../commands/sessions.js'
import type { Screen } from './screen.js'
import type { Demo } from './start.js'

export type FarewellOptions = { readonly tour: boolean; readonly port: number; readonly io: Io }

export async function farewell(
  screen: Screen,
  demo: Demo,
  { tour, port, io }: FarewellOptions,
): Promise<void> {
  const { line, paint, title } = screen
  const record = ['--record', demo.recordDirectory]
  if (tour) {
    title('The record')
    await sessions(['show', 'latest', ...record], io)
    line()
    await audit(['verify', ...record], io)
    await audit(['recheck', ...record], io)
  }
  title('Everything stays up. To try it yourself, in another terminal:')
  const psql = (name: string): string =>
    `PGPASSWORD=$(npx sallyport dev token ${name}) psql -h 127.0.0.1 -p ${port} -U ${name} shop`
  const rows: readonly (readonly [string, string])[] = [
    ['as an engineer', psql('engineer')],
    ['as an agent', psql('agent')],
    ['as a pipeline', psql('pipeline')],
    ['a token', 'npx sallyport dev token NAME        (engineer, agent, pipeline, approver)'],
    [
      'list holds',
      `npx sallyport approvals list --url ${demo.gateway.webUrl} --token $(npx sallyport dev token approver)`,
    ],
    [
      'approve one',
      `npx sallyport approvals approve ID --url ${demo.gateway.webUrl} --token $(npx sallyport dev token approver)`,
    ],
    ['the console', demo.gateway.webUrl],
    ['the policies', demo.policies],
    [
      'change one',
      'edit rego/data/labels/data.json (add {"column": "name", "labels": ["pii"]}), save, and ask again',
    ],
    ['the record', 'npx sallyport sessions list; npx sallyport audit verify'],
    ['the log', demo.logFile],
  ]
  for (const [what, how] of rows) line(`  ${paint.dim(what.padEnd(15))} ${how}`)
  line(`\n  ${paint.dim('Ctrl-C stops everything.')}`)
}
