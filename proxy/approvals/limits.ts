// Every bound that a request for approval meets, with its reason.
export const APPROVAL_LIMITS = {
  // A reason is a sentence or a ticket number; it goes into the record and to the client.
  reasonCharacters: 1_000,
  // Requests as stored: the guard cuts the text at 64 KiB, effects follow from the statement.
  requestBytes: 1_048_576,
  // Requests waiting in one gateway; each holds a client's connection and a timer.
  holds: 10_000,
  // Answered to one question for the list.
  listed: 200,
  // How long a client's command waits until somebody was told, before it counts as nobody to ask.
  tellMs: 5_000,
  // How long the end of a gateway waits until people were told that their requests are void.
  lastWordsMs: 3_000,
  // A use follows the approval at once. What comes later than this after the expiry is no use.
  useGraceMs: 5_000,
  // PostgreSQL's notifications can be lost with a connection; looking costs one small question.
  lookEveryMs: 1_000,
  // A gateway says that it lives; who has not said so for a while holds nothing any more.
  heartbeatMs: 10_000,
  gatewayDeadMs: 45_000,
  // Settled requests are kept for the list; the record keeps them for good.
  keptMs: 604_800_000,
  // Sessions with a standing grant remembered; the oldest then ask again.
  grantedSessions: 10_000,
  grantsPerSession: 100,
  // The longest access to a target that may be asked for.
  accessMostMs: 86_400_000,
  // Broken glass is for the hour of an emergency, of which two others must know.
  breakGlassMostMs: 3_600_000,
  breakGlassReason: 10,
  // A holiday; whoever is away for longer has somebody else in their groups.
  delegationMostMs: 2_592_000_000,
  delegationsPerPerson: 20,
} as const
