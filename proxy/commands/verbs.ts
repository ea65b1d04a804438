// A command with verbs of its own, one verb a file: finds the verb, prints its help, and says what it objected
// to. Each verb is loaded when it is asked for.
import { GatewayError } from '../errors.js'
import type { Command, Io } from './io.js'

export type Verbs = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
>

// `usage` is the first line of the help, `closing` what follows the list of verbs.
export function commandOfVerbs(
  name: string,
  verbs: Verbs,
  { usage, closing }: { readonly usage: string; readonly closing: string },
): Required<Command> {
  const help = `${usage}\n\n${listed(verbs)}\n\n${closing}`
  return { help, hasVerbs: true, run: (argv, io) => ran(name, verbs, help, argv, io) }
}

export function listed(verbs: Verbs): string {
  const width = Math.max(...Object.keys(verbs).map((verb) => verb.length))
  return Object.entries(verbs)
    .map(([verb, { summary }]) => `  ${verb.padEnd(width)}  ${summary}`)
    .join('\n')
}

async function ran(
  name: string,
  verbs: Verbs,
  help: string,
  [asked, ...rest]: readonly string[],
  io: Io,
): Promise<number> {
  const verb = asked !== undefined && Object.hasOwn(verbs, asked) ? verbs[asked] : undefined
  if (verb === undefined) {
    const what = asked === undefined ? '' : `sallyport: ${name} has no verb “${asked}”.\n\n`
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
    io.stderr.write(`sallyport ${name} ${asked} --help says more.\n`)
    return 2
  }
}
