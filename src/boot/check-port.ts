import { createServer } from 'node:net'
import { StartError } from './progress.ts'

/** Says before the long work that the address cannot be had. @throws {StartError} */
export async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => reject(toStartError(error, host, port)))
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

function toStartError(error: NodeJS.ErrnoException, host: string, port: number): StartError {
  if (error.code === 'EADDRINUSE') {
    return new StartError(
      `Port ${port} is in use on ${host}: stop what listens there, or set PORT to another one.`,
    )
  }
  if (error.code === 'EACCES') {
    return new StartError(`Port ${port} needs more rights than you have: set PORT above 1023.`)
  }
  return new StartError(`${host}:${port} cannot be listened on (${error.code}): set HOST and PORT.`)
}
