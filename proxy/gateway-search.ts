// The search index of a running gateway: beside the record, kept up by a thread of its own, and what the web
// listener asks of it. Where the configuration wants none, there is nothing.
import { join } from 'node:path'
import type { Policy } from '../engine/policy/policy.js'
import type { Settings } from './config/settings.js'
import type { Log } from './log.js'
import { SEARCH_FILE } from './search/schema.js'
import { createSearchThread, type SearchThread } from './search/search-thread.js'
import type { SearchParts } from './web/search-api.js'

export type GatewaySearch = {
  readonly web: (policy: () => Policy) => SearchParts
  readonly status: SearchThread['status']
  readonly close: () => Promise<void>
}

export function gatewaySearch(
  { directory, search }: Settings['record'],
  log: Log,
): GatewaySearch | undefined {
  if (!search) return undefined
  const thread = createSearchThread({ directory, file: join(directory, SEARCH_FILE) }, log)
  return {
    web: (policy) => ({ thread, activeRules: () => policy().rules }),
    status: thread.status,
    close: thread.close,
  }
}
