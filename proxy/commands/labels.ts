// `sallyport labels`: which columns of a target are sensitive, proposed from the target itself and compared with it.
import { GatewayError } from '../errors.js'
import type { Command, Io } from './io.js'

type Verb = { readonly summary: string; readonly load: () => Promise<Command> }

const VERBS: Readonly<Record<string, Verb>> = {
  scan: {
    summary: 'propose labels from names, comments and sampled values, as a diff',
    load: () => import('./labels/scan.js'),
  },
  check: {
    summary: 'compare label rules with the columns that there are',
    load: () => import('./labels/check.js'),
  },
}

export const help = `sallyport labels VERB TARGET [ARGUMENTS]   which columns hold what

${Object.entries(VERBS)
  .map(([name, { summary }]) => `  ${name.padEnd(6)}  ${summary}`)
  .join('\n')}

sallyport labels VERB --help says more.
Exit status: 0 good, 1 not good (findings, an unreachable target), 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  const verb = name !== undefined && Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (verb === undefined) {
    const what = name === undefined ? '' : `sallyport: labels has no verb “${name}”.\n\n`
    io.stderr.write(`${what}${help}`)
    return 2
  }
  const command = await verb.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    io.stdout.write(command.help)
    return 0
  }
  try {
    return await command.run(rest, io)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    io.stderr.write(`sallyport: ${problem.message}\n`)
    if (problem.code !== 'usage') return 1
    io.stderr.write(`sallyport labels ${name} --help says more.\n`)
    return 2
  }
}
