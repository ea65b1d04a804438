// Every bound of the web listener, with its reason. It serves people and scripts of one company, and
// whoever else can reach its port.
export const WEB_LIMITS = {
  // A reason and its JSON; nothing else is ever posted.
  bodyBytes: 16_384,
  // A command to try, in JSON where each character may take six bytes.
  commandBodyBytes: 131_072,
  // Commands that one caller tries at a time; the gateway takes them one by one.
  triesPerCaller: 3,
  // Slack sends the whole message with each click, as a form.
  slackBodyBytes: 131_072,
  // As Slack says: what was signed longer ago is a repetition.
  slackAgeMs: 300_000,
  // Signatures remembered; the oldest are forgotten first, and would meet a request that is settled.
  slackSeen: 10_000,
  // A token of 16 KiB and what browsers and reverse proxies add.
  headerBytes: 32_768,
  headers: 64,
  // Beside the streams of events, which stay open.
  connections: 2_500,
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
  // How long a person may take at the identity provider.
  attemptMs: 600_000,
  // Attempts to sign in under way; the oldest are forgotten first.
  attempts: 10_000,
  attemptsPerAddress: 50,
  // People signed in; the oldest are signed out first. A few KiB each.
  signIns: 10_000,
  signInsPerPerson: 20,
  // An id in a cookie serves this long, and the one before a little longer, for requests under way.
  idMs: 900_000,
  oldIdMs: 60_000,
  // A token is renewed this long before it ends, where the issuer renews them at all.
  renewBeforeMs: 60_000,
  renewRetryMs: 30_000,
  sweepMs: 5_000,
  // Streams of events: all of them, and those of one caller (a browser opens six to one host).
  streams: 1_000,
  streamsPerCaller: 20,
  // Between two signs of life: proxies give up after a minute.
  streamBeatMs: 15_000,
  // What a reader may leave unread before it is let go; it comes back and asks anew.
  streamBytes: 65_536,
  // News of one kind told one by one; more at once are told as “ask for all of it”.
  streamItems: 50,
  // What somebody may see is asked about anew after this.
  sightMs: 5_000,
  // News of one session is told this often at most.
  streamEveryMs: 250,
  // Answers of the policies to who may see what, kept while one bundle is active.
  knownAnswers: 5_000,
} as const
