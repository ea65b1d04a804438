// The parts of a web listener that a test does not look at.
import { createNews } from '../../../proxy/gateway-news.js'
import { createSessionList } from '../../../proxy/session-list.js'
import type { TargetOf } from '../../../proxy/web/session-views.js'

export const nothing = {
  sessions: createSessionList(),
  endSession: () => false,
  targetOf: ((name, database) => ({
    name,
    kind: 'postgres',
    labels: {},
    database,
  })) satisfies TargetOf,
  news: createNews(10),
  activePolicy: () => undefined,
  mayOperate: () => false,
  onStream: () => undefined,
  targets: () => [],
  version: '0.0.0',
} as const
