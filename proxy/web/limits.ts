// Every bound of the web listener, with its reason. It serves people and scripts of one company, and
// whoever else can reach its port.
export const WEB_LIMITS = {
  // A reason and its JSON; nothing else is ever posted.
  bodyBytes: 16_384,
  // Slack sends the whole message with each click, as a form.
  slackBodyBytes: 131_072,
  // As Slack says: what was signed longer ago is a repetition.
  slackAgeMs: 300_000,
  // Signatures remembered; the oldest are forgotten first, and would meet a request that is settled.
  slackSeen: 10_000,
  // A token of 16 KiB and what browsers and reverse proxies add.
  headerBytes: 32_768,
  headers: 64,
  connections: 1_000,
  headersMs: 5_000,
  requestMs: 15_000,
  keepAliveMs: 5_000,
  // Requests in progress are waited for this long at the end.
  drainMs: 5_000,
  // Refused tokens from one address within a minute, after which nothing from there is looked at.
  failures: 20,
  failureWindowMs: 60_000,
  // Addresses remembered; the oldest are forgotten first.
  failureAddresses: 10_000,
} as const
