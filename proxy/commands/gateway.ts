// `sallyport gateway`: what the console shows of a running gateway, in the terminal; one verb a file.
import { commandOfVerbs, type Verbs } from './verbs.js'

const VERBS: Verbs = {
  me: {
    summary: 'who you are to the gateway, and what you may see and do there',
    load: () => import('./gateway/me.js'),
  },
  try: {
    summary: 'what would happen to a command; nothing is executed',
    load: () => import('./gateway/try.js'),
  },
  'who-can': {
    summary: 'who could send a command, and when',
    load: () => import('./gateway/who-can.js'),
  },
  targets: {
    summary: 'its targets, and what is known of them',
    load: () => import('./gateway/targets.js'),
  },
  health: { summary: 'how it is doing', load: () => import('./gateway/health.js') },
  events: {
    summary: 'what changes, as it changes, one line each',
    load: () => import('./gateway/events.js'),
  },
}

export const { help, hasVerbs, run } = commandOfVerbs('gateway', VERBS, {
  usage:
    'sallyport gateway VERB [ARGUMENTS]   what a running gateway says of itself and of commands',
  closing: `sallyport gateway VERB --help says more. What you may see is what its policies let you.
Exit status: 0 answered, 1 not answered, 2 wrong usage.
`,
})
