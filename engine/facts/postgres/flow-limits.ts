// Limits of following data through one statement, each with its reason. Beyond one, the statement is
// unread.
export const FLOW_LIMITS = {
  // Reads of a SELECT, repeated ones included. People write tens, generators hundreds.
  selectsMax: 4_000,
  // Ways from labelled columns to result columns: what a policy is given must stay small.
  flowsMax: 4_000,
} as const
