// `sallyport policy shadow`: what the bundle in the shadow slot would have decided otherwise.
import { asked, listOf, textOf, textsOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import type { Paint } from '../table.js'
import { bundleText, noArguments, operating, REMOTE_HELP } from './operating.js'

export const help = `sallyport policy shadow   what the policies in the shadow would have decided otherwise

A second bundle (policy.shadow in the configuration) decides on live traffic after the first has, without
effect. Shown are counts since it took the slot, by what became of what and the rules that spoke, with
examples; the record holds them as lines of the kind “shadow”.

${REMOTE_HELP}`

const FLIPS_SHOWN = 20

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await operating(argv, io)
  noArguments(given)
  return given.print(await asked(given.remote, '/api/policy/shadow'), shadowText)
}

function shadowText(answer: unknown, paint: Paint): string {
  const digest = textOf(answer, 'bundle')
  const revision = textOf(answer, 'revision')
  const counted = ['same', 'differs', 'dropped', 'failed']
    .map((name) => `${textOf(answer, name)} ${name}`)
    .join(', ')
  const head = [
    digest === ''
      ? `Nothing decides in the shadow yet (${textOf(answer, 'source')}).`
      : `In the shadow: ${bundleText({ digest, revision }, paint)}`,
    `Commands: ${counted}`,
  ]
  const flips = listOf(answer, 'flips').slice(0, FLIPS_SHOWN)
  return `${[...head, ...flips.flatMap((flip) => ['', ...flipLines(flip, paint)])].join('\n')}\n`
}

function flipLines(flip: unknown, paint: Paint): readonly string[] {
  const [from, to] = [textOf(flip, 'action'), textOf(flip, 'shadow_action')]
  const count = textOf(flip, 'count').padStart(7)
  const rules = (name: string): string => textsOf(flip, name).join(', ') || 'no rule'
  return [
    `${count}  ${paint('bold', `${from} → ${to}`)}  ${rules('rules')} → ${rules('shadow_rules')}`,
    ...listOf(flip, 'examples').map((one) => {
      const where = `session ${textOf(one, 'session')}, command ${textOf(one, 'command')}`
      return `         ${textOf(one, 'text')}  ${paint('grey', where)}`
    }),
  ]
}
