/**
 * `npm run train`: learns from the gateway's own log. Exports it, trains both models on all but the
 * end, measures the result on that end beside the checkpoint that serves, and offers the swap.
 * `npm run train -- --demo` makes the committed checkpoint again.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  ROOT,
  SetupError,
  dataDirectory,
  ensureNodePackages,
  loadDotEnv,
  pinnedNode,
  runForeground,
  runScript,
  say,
} from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

const USAGE = `Usage: npm run train [-- OPTIONS]
  --demo             the committed demo checkpoint, from the demo world's own log
  --log DIR          another log than the gateway's, for example an export
  --open             also what is not final yet (the gateway stopped, or on PostgreSQL)
  --holdout-hours N  end of the log that is measured on and not learnt from; default 24
  --resume           goes on with a training that was cut off
  --install          puts the result where HOMEFEED_CHECKPOINT points, if it can be measured
Anything after a second -- goes to python -m phoenix.training (see its --help).`

const HOUR_MS = 3_600_000
/** Of a log too short for the holdout, this share is measured on. */
const HOLDOUT_SHARE_MAX = 0.25

/** The commands of the others, each in one place. */
const TRAINING = 'phoenix.training'
const EVALUATION = 'phoenix.evaluation'
const CHECKPOINTS = 'phoenix.checkpoints'
const DEMO_CHECKPOINT = join(ROOT, 'python', 'checkpoints', 'demo')

function readArguments() {
  // What follows a second `--` is not ours.
  const given = process.argv.slice(2)
  const end = given.indexOf('--')
  const [own, passedOn] = end === -1 ? [given, []] : [given.slice(0, end), given.slice(end + 1)]
  if (own[0] === '--demo')
    return { values: { demo: true }, passedOn: [...own.slice(1), ...passedOn] }
  try {
    const { values } = parseArgs({
      args: own,
      options: {
        log: { type: 'string' },
        open: { type: 'boolean' },
        'holdout-hours': { type: 'string', default: '24' },
        resume: { type: 'boolean' },
        install: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
    return { values, passedOn }
  } catch (error) {
    throw new SetupError(`${error.message}\n${USAGE}`)
  }
}

/** Runs one step on our terminal. @param {Promise<number>} running @param {string} what */
async function must(running, what) {
  const code = await running
  if (code !== 0) throw new SetupError(`${what} failed (exit ${code}); see above.`)
}

/** @param {string} python @param {string} module @param {string[]} args */
function runModule(python, module, args) {
  const paths = [join(ROOT, 'python'), process.env.PYTHONPATH].filter(Boolean)
  return runForeground(python, ['-m', module, ...args], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { ...process.env, PYTHONPATH: paths.join(':') },
  })
}

/** @param {string[]} args of scripts/training-log.ts @param {string | undefined} log */
function trainingLog(args, log) {
  const options = ['--disable-warning=TimeoutNegativeWarning', '--import', 'tsx']
  const env = log === undefined ? process.env : { ...process.env, HOMEFEED_TRAINING_LOG_DIR: log }
  return { args: [...options, 'scripts/training-log.ts', ...args], options: { cwd: ROOT, env } }
}

/**
 * What the log holds.
 * @param {string | undefined} log
 * @returns {{ directory: string, impressions: number, fromMs: number, untilMs: number }}
 */
function describeLog(log) {
  const { args, options } = trainingLog(['status', '--json'], log)
  const { status, stdout } = spawnSync(pinnedNode(), args, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new SetupError('The training log cannot be read; see above.')
  return JSON.parse(stdout)
}

/** @param {string} out @param {string[]} range @param {string | undefined} log */
async function exportLog(out, range, log) {
  const { args, options } = trainingLog(['export', '--out', out, ...range], log)
  await must(runForeground(pinnedNode(), args, options), 'The export of the training log')
}

/** Start of the part that is measured on, epoch ms: a whole hour. */
function holdoutStart({ fromMs, untilMs }, holdoutHours) {
  const longest = (untilMs - fromMs) * HOLDOUT_SHARE_MAX
  const holdoutMs = Math.min(holdoutHours * HOUR_MS, Math.max(HOUR_MS, longest))
  return Math.floor((untilMs - holdoutMs) / HOUR_MS) * HOUR_MS
}

/** Fills `learnt` and `all` below the work directory. */
async function prepareLogs(work, values) {
  const { log: given, open } = values
  const log = given === undefined ? undefined : resolve(process.env.INIT_CWD ?? '', given)
  const found = describeLog(log)
  const holdoutHours = Number(values['holdout-hours'])
  const cutMs = found.impressions === 0 ? 0 : holdoutStart(found, holdoutHours)
  if (found.impressions === 0 || cutMs <= found.fromMs) {
    throw new SetupError(
      `${found.directory} holds ${found.impressions} impressions of less than two hours: an hour ` +
        'is final 25 hours after its end. To learn from the demo world meanwhile: `npm run ' +
        'python -- -m phoenix.data.demo_log --out DIR`, then `npm run train -- --log DIR`.',
    )
  }
  const cut = new Date(cutMs).toISOString()
  say(`Log: ${found.impressions} impressions; those from ${cut} on are measured on, not learnt`)
  for (const name of ['learnt', 'all']) rmSync(join(work, name), { recursive: true, force: true })
  await exportLog(join(work, 'learnt'), ['--until', cut], log)
  await exportLog(join(work, 'all'), open === true ? ['--open'] : [], log)
}

/** The checkpoint that serves, and where another would be installed (null = nowhere). */
function servingCheckpoint() {
  const named = process.env.HOMEFEED_CHECKPOINT?.trim()
  const target = named ? resolve(ROOT, named) : null
  const serves = target !== null && existsSync(target) ? target : DEMO_CHECKPOINT
  return { serves, target }
}

async function trainOnLog(python, { values, passedOn }) {
  const work = join(dataDirectory(), 'training')
  mkdirSync(work, { recursive: true })
  const [learnt, all] = [join(work, 'learnt'), join(work, 'all')]
  const [checkpoint, report] = [join(work, 'checkpoint'), join(work, 'report')]
  if (values.resume === true && existsSync(learnt)) say('Log: as exported before')
  else await prepareLogs(work, values)
  const resume = values.resume === true ? ['--resume'] : []
  const training = ['--log', learnt, '--out', checkpoint, ...resume, ...passedOn]
  await must(runModule(python, TRAINING, training), 'The training')
  const { serves, target } = servingCheckpoint()
  say(`Measuring beside what serves now, ${relative(ROOT, serves)}`)
  const measured = ['--log', all, '--report', report, '--compare', serves, checkpoint]
  await must(runModule(python, EVALUATION, measured), 'The evaluation')
  say(`Report: ${join(report, 'report.html')}`)
  const install = ['install', checkpoint, target ?? 'DIR']
  if (values.install === true && target !== null) {
    await must(runModule(python, CHECKPOINTS, install), 'The installation')
    say('Installed. Running services check it and swap by themselves, requests go on.')
    return
  }
  if (target === null) say('The gateway serves the demo checkpoint: set HOMEFEED_CHECKPOINT=DIR.')
  say(`To serve it: npm run python -- -m ${CHECKPOINTS} ${install.join(' ')}`)
}

await runScript(async () => {
  loadDotEnv()
  const { values, passedOn } = readArguments()
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  if (values.install === true && !process.env.HOMEFEED_CHECKPOINT?.trim()) {
    throw new SetupError(
      '--install needs a place: set HOMEFEED_CHECKPOINT to the directory that the gateway serves.',
    )
  }
  if (values.demo !== true && !(Number(values['holdout-hours']) >= 1)) {
    throw new SetupError(`--holdout-hours is "${values['holdout-hours']}": give 1 or more.`)
  }
  await ensureNodePackages()
  const python = await ensurePython('learning')
  if (values.demo === true) return runModule(python, TRAINING, ['--demo', ...passedOn])
  await trainOnLog(python, { values, passedOn })
  return 0
})
