// The store of readings: bounded, by catalogue and names, and never mixing two of them.
import t from 'tap'
import type { Catalogue } from '../../../../engine/facts/postgres/catalogue.js'
import { READING_LIMITS } from '../../../../engine/facts/postgres/limits.js'
import { createReadings } from '../../../../engine/facts/postgres/readings.js'
import { NAMES } from './lab.js'

function emptyCatalogue(version: number): Catalogue {
  return {
    version,
    database: 'x',
    server: 180004,
    relation: () => undefined,
    relationByOid: () => undefined,
    routines: () => [],
    routineByOid: () => undefined,
    type: () => undefined,
    typeByOid: () => undefined,
    operators: () => [],
    userCasts: [],
    schemas: [],
  }
}

t.test('what was kept for one catalogue and one path is found for them alone', async (t) => {
  const readings = createReadings()
  const [one, two] = [emptyCatalogue(1), emptyCatalogue(1)]
  const reading = { id: 7, statements: [] }
  readings.keep('SELECT 1', one, NAMES, reading)
  t.equal(readings.find('SELECT 1', one, { ...NAMES }), reading)
  t.equal(readings.find('SELECT 1', two, NAMES), undefined)
  t.equal(readings.find('SELECT 1', one, { ...NAMES, role: 'x' }), undefined)
  t.equal(readings.find('SELECT 1', one, { ...NAMES, searchPath: ['public'] }), undefined)
})

t.test('what is asked for stays, and what is not goes', async (t) => {
  const readings = createReadings()
  const catalogue = emptyCatalogue(1)
  const reading = { id: 1, statements: [] }
  readings.keep('often', catalogue, NAMES, reading)
  readings.keep('once', catalogue, NAMES, reading)
  for (let n = 0; n < READING_LIMITS.readingsMax * 4; n += 1) {
    readings.keep(`SELECT ${n}`, catalogue, NAMES, reading)
    if (n % 100 === 0) readings.find('often', catalogue, NAMES)
  }
  t.equal(readings.find('often', catalogue, NAMES), reading)
  t.equal(readings.find('once', catalogue, NAMES), undefined)
})
