// Which way an answer came. Slack is proven by its signature and the console by its session; the other
// words are what the caller says of itself.
export const WAYS = ['console', 'cli', 'api', 'slack', 'teams', 'email'] as const

export type Via = (typeof WAYS)[number]
