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
  const approver = `SALLYPORT_URL=${demo.gateway.webUrl} SALLYPORT_TOKEN=$(npx sallyport dev token approver)`
  const rows: readonly (readonly [string, string])[] = [
    ['as an engineer', psql('engineer')],
    ['as an agent', psql('agent')],
    ['as a pipeline', psql('pipeline')],
    [
      'a token',
      'npx sallyport dev token NAME        (engineer, agent, pipeline, approver, auditor)',
    ],
    ['list holds', `${approver} npx sallyport approvals list`],
    ['approve one', `${approver} npx sallyport approvals approve ID   (or: deny ID --reason …)`],
    ['the console', `${demo.gateway.webUrl}   (sign in as whom you like; there are no passwords)`],
    ['the policies', demo.policies],
    ['change one', 'in rego/data/labels/data.yaml give column name the label pii, save, ask again'],
    ['the record', 'npx sallyport sessions list; npx sallyport audit verify'],
    ['the config', demo.config],
    ['the log', demo.logFile],
  ]
  for (const [what, how] of rows) line(`  ${paint.dim(what.padEnd(15))} ${how}`)
  line(`\n  ${paint.dim('Ctrl-C stops everything.')}`)
}
