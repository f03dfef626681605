import { createHash } from 'node:crypto'

/** What a path of a drawing may be: the id of a post and a number, or the id of a user. */
export const DRAWING_NAME = /^[A-Za-z0-9-]{1,64}(\.mp4)?\.svg$/

/** Bytes that are the same for the same name, to draw from. */
function seedOf(name: string): Buffer {
  return createHash('sha256').update(name).digest()
}

function byte(seed: Buffer, index: number): number {
  return seed[index % seed.length] ?? 0
}

/** From `low` to `high`, by one byte. */
function between(seed: Buffer, index: number, [low, high]: readonly [number, number]): number {
  return Math.round(low + (byte(seed, index) / 255) * (high - low))
}

function color(hue: number, saturation: number, lightness: number): string {
  return `hsl(${Math.round(hue) % 360} ${saturation}% ${lightness}%)`
}

function svg(width: number, height: number, body: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img">${body.join('')}</svg>`
  )
}

/** Layered hills under a sky with a sun: a picture, or a video's still when `isVideo`. */
export function drawMedia(name: string, isVideo: boolean): string {
  const [width, height] = [1200, 800]
  const seed = seedOf(name)
  const hue = (byte(seed, 0) / 255) * 360
  const horizon = between(seed, 1, [260, 420])
  const body = [
    '<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">',
    `<stop offset="0" stop-color="${color(hue, 62, 72)}"/>`,
    `<stop offset="1" stop-color="${color(hue + 40, 70, 90)}"/></linearGradient></defs>`,
    `<rect width="${width}" height="${height}" fill="url(#sky)"/>`,
    `<circle cx="${between(seed, 2, [150, 1050])}" cy="${between(seed, 3, [110, 300])}" ` +
      `r="${between(seed, 4, [45, 95])}" fill="${color(hue + 180, 85, 82)}"/>`,
  ]
  for (let layer = 0; layer < 4; layer += 1) {
    body.push(drawHill(seed, layer, { width, height, horizon, hue }))
  }
  if (isVideo) {
    body.push(
      `<circle cx="${width / 2}" cy="${height / 2}" r="90" fill="#000" fill-opacity="0.45"/>`,
      `<path d="M570 345 L570 455 L665 400 Z" fill="#fff"/>`,
    )
  }
  return svg(width, height, body)
}

interface Landscape {
  readonly width: number
  readonly height: number
  readonly horizon: number
  readonly hue: number
}

function drawHill(seed: Buffer, layer: number, land: Landscape): string {
  const { width, height, horizon, hue } = land
  const base = horizon + layer * 105
  const points = Array.from({ length: 5 }, (_, at) => ({
    x: (at * width) / 4,
    y: base + between(seed, 6 + layer * 5 + at, [-70, 70]),
  }))
  const [first, ...others] = points
  if (first === undefined) return ''
  let path = `M0 ${height} L0 ${first.y}`
  let previous = first
  for (const point of others) {
    const middle = (previous.x + point.x) / 2
    path += ` C${middle} ${previous.y} ${middle} ${point.y} ${point.x} ${point.y}`
    previous = point
  }
  const fill = color(hue + 70 + layer * 18, 38 + layer * 6, 62 - layer * 12)
  return `<path d="${path} L${width} ${height} Z" fill="${fill}"/>`
}

/** A mirrored pattern of five by five tiles on a soft ground. */
export function drawAvatar(name: string): string {
  const size = 250
  const seed = seedOf(`avatar ${name}`)
  const hue = (byte(seed, 0) / 255) * 360
  const ink = color(hue, 58, 46)
  const body = [`<rect width="${size}" height="${size}" fill="${color(hue + 30, 60, 92)}"/>`]
  for (let row = 0; row < 5; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      if (byte(seed, 1 + row * 3 + column) % 2 === 0) continue
      for (const at of new Set([column, 4 - column])) {
        body.push(
          `<rect x="${25 + at * 40}" y="${25 + row * 40}" width="40" height="40" fill="${ink}"/>`,
        )
      }
    }
  }
  return svg(size, size, body)
}
