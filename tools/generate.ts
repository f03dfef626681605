/**
 * Writes all generated code from the contracts in `schema/`:
 * `src/gen/{phoenix,events,actions}.ts` and `python/phoenix/gen/*`.
 * `npm run gen:check` runs it and fails when the committed files differ.
 * Needs `npm ci --prefix tools` and the project's Python with the development requirements.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

interface ActionEntry {
  index: number
  name: string
  aliases: string[]
  kind: 'discrete' | 'continuous'
  sign: 'positive' | 'negative'
  signalKind: string
  taxonomySlot: number | null
}

const ACTIONS_PATH = 'schema/actions.json'
const PYTHON_OUT = 'python/phoenix/gen'

function readActions(): { actions: ActionEntry[]; sha256: string } {
  const bytes = readFileSync(ACTIONS_PATH)
  const { actions } = JSON.parse(bytes.toString('utf8')) as { actions: ActionEntry[] }
  for (const [position, action] of actions.entries()) {
    if (action.index !== position) {
      throw new Error(
        `${ACTIONS_PATH}: action ${action.name} has index ${action.index}, not ${position}`,
      )
    }
  }
  return { actions, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function writeTypeScriptActions(actions: ActionEntry[], sha256: string): void {
  const rows = actions.map((a) => {
    const aliases = a.aliases.map((x) => `'${x}'`).join(', ')
    return (
      `  { index: ${a.index}, name: '${a.name}', aliases: [${aliases}], ` +
      `kind: '${a.kind}', sign: '${a.sign}', signalKind: '${a.signalKind}' },`
    )
  })
  writeFileSync(
    'src/gen/actions.ts',
    `// Generated from schema/actions.json by tools/generate.ts. Do not edit.

/** The engagement vocabulary in the model's output order. */
export const ACTIONS = [
${rows.join('\n')}
] as const

export type ActionName = (typeof ACTIONS)[number]['name']
export type SignalKind = (typeof ACTIONS)[number]['signalKind']

/** Columns of a probability matrix; the continuous action comes after them. */
export const DISCRETE_ACTION_COUNT = ${actions.filter((a) => a.kind === 'discrete').length}

/** SHA-256 of schema/actions.json; a checkpoint's manifest carries the same. */
export const ACTIONS_SHA256 = '${sha256}'
`,
  )
}

function writePythonActions(actions: ActionEntry[], sha256: string): void {
  const rows = actions.map(
    (a) =>
      `    Action(${a.index}, "${a.name}", (${a.aliases.map((x) => `"${x}",`).join(' ')}), ` +
      `"${a.kind}", "${a.sign}", ${a.taxonomySlot ?? 'None'}),`,
  )
  writeFileSync(
    `${PYTHON_OUT}/actions.py`,
    `"""Generated from schema/actions.json by tools/generate.ts. Do not edit."""

from typing import NamedTuple


class Action(NamedTuple):
    """One entry of the engagement vocabulary; \`index\` is the model's output order."""

    index: int
    name: str
    aliases: tuple[str, ...]
    kind: str
    sign: str
    taxonomy_slot: int | None


ACTIONS: tuple[Action, ...] = (
${rows.join('\n')}
)

DISCRETE_COUNT = ${actions.filter((a) => a.kind === 'discrete').length}

ACTIONS_SHA256 = "${sha256}"
`,
  )
}

function writePythonMessages(python: string): void {
  execFileSync(
    python,
    [
      '-m',
      'grpc_tools.protoc',
      '-Ischema',
      `--python_out=${PYTHON_OUT}`,
      `--pyi_out=${PYTHON_OUT}`,
      `--grpc_python_out=${PYTHON_OUT}`,
      'schema/phoenix.proto',
    ],
    { stdio: 'inherit' },
  )
  // protoc writes top-level imports; ours is a package.
  const grpcFile = `${PYTHON_OUT}/phoenix_pb2_grpc.py`
  const source = readFileSync(grpcFile, 'utf8')
  writeFileSync(
    grpcFile,
    source.replace('import phoenix_pb2 as', 'from phoenix.gen import phoenix_pb2 as'),
  )
}

const python = process.argv[2]
if (python === undefined) throw new Error('usage: generate.ts PATH_OF_PYTHON')
mkdirSync('src/gen', { recursive: true })
mkdirSync(PYTHON_OUT, { recursive: true })
writeFileSync(`${PYTHON_OUT}/__init__.py`, '"""Generated code. See tools/generate.ts."""\n')
execFileSync('tools/node_modules/.bin/buf', ['generate'], { stdio: 'inherit' })
const { actions, sha256 } = readActions()
writeTypeScriptActions(actions, sha256)
writePythonActions(actions, sha256)
writePythonMessages(python)
