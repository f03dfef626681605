import { join } from 'node:path'
import type { Config } from '../config.ts'
import { say } from './progress.ts'
import { SupervisedProcess } from './supervised-process.ts'

/** Where both services can be asked, and how to end those that are ours. */
export interface PhoenixServices {
  /** `host:port`. */
  readonly retrievalAddress: string
  readonly rankingAddress: string
  /** Process ids of our children, for figures and for tests that end them. */
  processIds(): { readonly retrieval: number | null; readonly ranking: number | null }
  close(): Promise<void>
}

export interface PhoenixServicesOptions {
  readonly config: Config
  /** Root of the repository: `python/` below it is importable. */
  readonly root: string
  readonly checkpoint: string
}

interface Service {
  readonly name: string
  readonly module: string
  readonly url: string | null
  readonly port: number
}

function startChild(service: Service, options: PhoenixServicesOptions): SupervisedProcess {
  const { config, root, checkpoint } = options
  return new SupervisedProcess({
    name: service.name,
    command: config.python,
    args: (port) => [
      '-m',
      service.module,
      '--checkpoint',
      checkpoint,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--compilation-cache',
      join(config.dataDirectory, 'jax-cache'),
      '--parent-stdin',
    ],
    port: service.port,
    workingDirectory: join(root, 'python'),
    say,
  })
}

/** Starts the services that no setting names the address of; resolves when they serve. */
export async function startPhoenixServices(
  options: PhoenixServicesOptions,
): Promise<PhoenixServices> {
  const { config } = options
  const services: readonly Service[] = [
    {
      name: 'phoenix-retrieval',
      module: 'services.retrieval_service',
      url: config.retrievalUrl,
      port: config.retrievalPort,
    },
    {
      name: 'phoenix-ranking',
      module: 'services.ranking_service',
      url: config.rankingUrl,
      port: config.rankingPort,
    },
  ]
  const children = services.map((service) =>
    service.url === null ? startChild(service, options) : null,
  )
  const close = async () => {
    await Promise.all(children.map(async (child) => child?.close()))
  }
  try {
    const [retrievalAddress = '', rankingAddress = ''] = await Promise.all(
      services.map(async ({ url }, index) => {
        const child = children[index]
        return child == null ? (url ?? '') : `127.0.0.1:${(await child.ready).port}`
      }),
    )
    const processIds = () => ({
      retrieval: children[0]?.processId ?? null,
      ranking: children[1]?.processId ?? null,
    })
    return { retrievalAddress, rankingAddress, processIds, close }
  } catch (error) {
    await close()
    throw error
  }
}
