import { readFile } from 'node:fs/promises'
import { Experiments } from '../experiments/experiments.ts'
import { ExperimentsError, readExperiments } from '../experiments/read-experiments.ts'
import { createHomeFeedTable } from '../pipeline/home-feed.table.ts'
import { readSwitchRules } from '../pipeline/params/switch-rules.ts'
import { say, StartError } from './progress.ts'

/** Those of HOMEFEED_EXPERIMENTS. @throws {StartError} that names the file and each fault. */
export async function loadExperiments(file: string | null): Promise<Experiments> {
  if (file === null) return new Experiments([])
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartError(
      `HOMEFEED_EXPERIMENTS names ${file}, which cannot be read (${error.code}): correct it.`,
    )
  })
  try {
    const experiments = readExperiments(text, readSwitchRules(createHomeFeedTable().stages))
    const names = experiments.map(({ name, traffic, arms }) => {
      const share = `${Math.round(traffic * 1000) / 10} %`
      return `${name} (${arms.map((arm) => arm.name).join(', ')}; ${share})`
    })
    say(`Experiments: ${names.join('; ') || 'none'}`)
    return new Experiments(experiments)
  } catch (error) {
    if (!(error instanceof ExperimentsError)) throw error
    throw new StartError(error.faults.map((fault) => `${file}: ${fault}`).join('\nhomefeed  '))
  }
}
