#!/usr/bin/env node
// The command line: finds the verb and runs it. Nothing imports this file; it alone, with the
// commands, reads arguments and environment.
import { readFileSync } from 'node:fs'
import type { Io } from './commands/io.js'
import { listed, type Verbs } from './commands/verbs.js'
import { GatewayError } from './errors.js'

const VERBS: Verbs = {
  serve: { summary: 'run the gateway', load: () => import('./commands/serve.js') },
  config: { summary: 'check a configuration file', load: () => import('./commands/config.js') },
  approvals: {
    summary: 'list, approve and deny holds',
    load: () => import('./commands/approvals.js'),
  },
  audit: {
    summary: 'verify, recheck and export the record',
    load: () => import('./commands/audit.js'),
  },
  policy: {
    summary: 'write, test, prove and ship policies',
    load: () => import('./commands/policy.js'),
  },
  labels: {
    summary: 'propose and check which columns are sensitive',
    load: () => import('./commands/labels.js'),
  },
  'explain-masks': {
    summary: 'show where protected values go, and how they are masked',
    load: () => import('./commands/explain-masks.js'),
  },
  sessions: {
    summary: 'list, show, replay and export recorded sessions',
    load: () => import('./commands/sessions.js'),
  },
  search: {
    summary: 'who did what, and what they saw',
    load: () => import('./commands/search.js'),
  },
  recordings: {
    summary: 'list, verify, hold and delete recordings',
    load: () => import('./commands/recordings.js'),
  },
  gateway: {
    summary: 'try commands at a running gateway; its targets, health and events',
    load: () => import('./commands/gateway.js'),
  },
  login: {
    summary: 'log in at the company’s identity provider',
    load: () => import('./commands/login.js'),
  },
  token: { summary: 'print a valid token', load: () => import('./commands/token.js') },
  connect: { summary: 'start psql against a target', load: () => import('./commands/connect.js') },
  dev: { summary: 'the demo: start it, print its tokens', load: () => import('./commands/dev.js') },
}

async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    io.stdout.write(overview())
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    io.stdout.write(`${version()}\n`)
    return 0
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (verb === undefined) {
    io.stderr.write(`sallyport: there is no command “${name}”.\n\n${overview()}`)
    return 2
  }
  const command = await verb.load()
  const own = command.hasVerbs === true && rest.length > 1
  if (!own && (rest.includes('--help') || rest.includes('-h'))) {
    io.stdout.write(command.help.endsWith('\n') ? command.help : `${command.help}\n`)
    return 0
  }
  return command.run(rest, io)
}

function overview(): string {
  return `sallyport: the policy-as-code access gateway\n\nUsage: sallyport COMMAND [ARGUMENTS]\n\n${listed(VERBS)}\n\nsallyport COMMAND --help says more.\n`
}

function version(): string {
  const found: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : '?'
}

try {
  process.exitCode = await main(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    // Touched only where keys are read: merely looking at it changes how a shared pipe behaves.
    get stdin() {
      return process.stdin
    },
    env: process.env,
    cwd: process.cwd(),
  })
} catch (problem) {
  const text = problem instanceof GatewayError ? problem.message : String(problem)
  process.stderr.write(`sallyport: ${text}\n`)
  process.exitCode = 1
}
