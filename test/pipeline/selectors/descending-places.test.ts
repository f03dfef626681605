import { expect, it } from 'vitest'
import { descendingPlaces } from '../../../src/pipeline/selectors/descending-places.ts'

it('orders as a stable sort does, equals by the comparison', () => {
  let state = 1
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  for (let count = 0; count < 130; count += 1) {
    const extremes = [-Infinity, Infinity, 0]
    const numbers = Float64Array.from({ length: count }, () =>
      random() < 0.1 ? (extremes[Math.floor(random() * 3)] ?? 0) : Math.floor(random() * 20),
    )
    const second = numbers.map(() => Math.floor(random() * 3))
    const at = (values: Float64Array, place: number) => values[place] ?? 0
    const bySecond = (a: number, b: number) => at(second, b) - at(second, a)
    const places = Array.from(numbers, (_number, place) => place)
    const byNumber = (a: number, b: number) =>
      at(numbers, a) === at(numbers, b) ? 0 : at(numbers, a) < at(numbers, b) ? 1 : -1
    expect(descendingPlaces(numbers)).toEqual(places.toSorted(byNumber))
    expect(descendingPlaces(numbers, bySecond)).toEqual(
      places.toSorted((a, b) => byNumber(a, b) || bySecond(a, b)),
    )
  }
})
