// What was told to whom, in the state store: a gateway that starts again repeats nothing that is known to
// have arrived, and can still change a message that it sent before.
import { hash } from 'node:crypto'
import { stored, type State } from '../../state/state.js'

export type Ledger = {
  // What was kept with the notice; undefined: not known to have been told.
  readonly told: (place: string, key: string) => Promise<string | undefined>
  readonly tell: (place: string, key: string, kept: string, now: number) => Promise<void>
}

export function createLedger({ db }: Pick<State, 'db'>): Ledger {
  return {
    async told(place, key) {
      const row = await stored(() =>
        db
          .selectFrom('sallyport_notices')
          .select('kept')
          .where('place', '=', digest(place))
          .where('notice', '=', key)
          .executeTakeFirst(),
      )
      return row?.kept
    },
    async tell(place, key, kept, now) {
      await stored(() =>
        db
          .insertInto('sallyport_notices')
          .values({ place: digest(place), notice: key, kept, told_ms: now })
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
    },
  }
}

// Addresses of receivers can be secrets themselves.
function digest(place: string): string {
  return hash('sha256', place)
}
