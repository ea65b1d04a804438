// What the gateway could not do. A denial is not an error but a value (`Refusal` in `guard.ts`). The
// codes form a closed union; each has a text for the operator here and a line in README.md.

export const ERRORS = {
  config_invalid: 'the configuration file does not fit its schema',
  config_unreadable: 'the configuration file cannot be read',
  secret_unavailable: 'a secret reference cannot be resolved',
  port_taken: 'a listening address is already in use',
  opa_missing: 'no usable OPA was found or could be built',
  bundle_invalid: 'a policy bundle was refused',
  bundle_signature: 'a policy bundle is not signed as it must be',
  token_invalid: 'a token was refused',
  issuer_unreachable: 'an identity provider could not be reached',
  target_unreachable: 'a target could not be reached',
  target_refused: 'a target refused the gateway’s own login',
  target_protocol: 'a target sent bytes that are not the protocol',
  client_protocol: 'a client sent bytes that are not the protocol',
  limit_exceeded: 'a limit was reached',
  record_failed: 'the record cannot be written',
  record_damaged: 'the record does not verify',
  recording_failed: 'a recording cannot be written',
  recording_locked: 'there is no key for a recording',
  recording_damaged: 'a recording is not what was written',
  state_failed: 'the state store cannot be used',
  not_found: 'no such thing',
  not_allowed: 'the caller may not do this',
  step_up_required: 'the caller must prove anew who they are',
  conflict: 'the thing is no longer in a state that allows this',
  usage: 'the command line is not right',
} as const

export type ErrorCode = keyof typeof ERRORS

export class GatewayError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'GatewayError'
    this.code = code
  }
}
