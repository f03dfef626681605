import type { ImportReport } from './import-directory.ts'

const HEADINGS = ['file', 'lines', 'imported', 'rejected', 'skipped', '']

function toTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 || column === HEADINGS.length - 1
          ? cell.padEnd(width)
          : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** The report as a person reads it: the table of counts, then what needs attention. */
export function formatReport(report: ImportReport): readonly string[] {
  const counts = report.files.map((file) => [
    file.kind,
    ...[file.lines, file.accepted, file.rejected, file.skipped].map(String),
    file.alreadyImported ? 'was imported before' : '',
  ])
  const lines = [...toTable([HEADINGS, ...counts])]
  for (const file of report.files) {
    if (file.unknownColumns.length > 0) {
      lines.push(`${file.path}: ignored unknown columns ${file.unknownColumns.join(', ')}`)
    }
    if (file.stoppedAt !== null) {
      lines.push(`${file.path}:${file.stoppedAt.line}: ${file.stoppedAt.reason}. Stopped there.`)
    } else if (file.rejected > 0) {
      lines.push(`${file.path}: ${file.rejected} lines rejected, see ${file.rejectsPath}`)
    }
  }
  for (const { column, target, rows, examples } of report.dangling) {
    lines.push(`${column}: ${rows} rows name ${target} that are not there: ${examples.join(', ')}`)
  }
  return lines
}
