// How much the search index and one question to it may take, each bound with its reason.
export const SEARCH_LIMITS = {
  // A question: longer ones are written by machines, which have better ways.
  queryCharacters: 2_000,
  queryTerms: 50,
  // Values of one field that a wildcard may stand for; beyond it the question says too little.
  wildcardValues: 20_000,
  pageDefault: 50,
  pageMax: 500,
  // Matches looked for beyond the page, so that `total_at_least` says something.
  countedMax: 1_000,
  // After this a page is handed out as it is, with a cursor that goes on where looking ended.
  pageMs: 400,
  // Sums have no pages: they take longer, or say how far they came.
  groupedMs: 3_000,
  // Newest lines looked at first; each further look reaches farther.
  firstReach: 50_000,
  reachGrows: 3,
  // One reach cannot be broken off, so none is longer.
  reachMost: 200_000,
  groups: 1_000,
  // Words of text kept for searching, from its beginning: longer commands carry data.
  textCharacters: 20_000,
  snippetCharacters: 160,
  // One transaction of the indexer: how long whoever asks may have to wait behind it.
  batchLines: 1_000,
  batchMs: 40,
  // Between two looks at the record, and the pause after a batch as a share of what it took: beside a
  // gateway under load the indexer takes at most a quarter of a core.
  pollMs: 500,
  restShare: 3,
  // Lines of one time block (see `schema.ts`).
  blockLines: 1_000,
  // The gateway waits this long for an answer of the index's thread.
  answerMs: 10_000,
  waitingMax: 100,
} as const
