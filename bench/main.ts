// `npm run bench -- start|noop|ship`: how long things take beside what people use instead, in one run on one machine.
import { benchNoop } from './noop.js'
import { benchShip } from './ship.js'
import { benchStart } from './start.js'

const benches: Record<string, (rounds: number | undefined) => Promise<void>> = {
  start: benchStart,
  noop: benchNoop,
  ship: benchShip,
}

const [name = '', rounds] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [ROUNDS]`)
  process.exit(3)
}
await bench(rounds === undefined ? undefined : Number(rounds))
