// A process that feeds the index of a record and is killed by its test. Holds no test.
import { caughtUp, openDesk } from '../../../proxy/search/desk.js'
import { createRecordSource } from '../../../proxy/search/record-source.js'

const [, , directory = ''] = process.argv
if (directory !== '') {
  const desk = openDesk({
    directory,
    file: `${directory}/search.sqlite`,
    source: () => createRecordSource(directory),
    now: Date.now,
    elapsed: () => performance.now(),
  })
  caughtUp(desk)
  desk.close()
}
