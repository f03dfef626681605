import { filter } from '../home-feed.components.ts'
import { withheld } from './withheld.ts'

/** Keeps posts on a verdict to show them, behind a warning or not; none = withheld. */
export function visibilityFilter() {
  return filter({
    name: 'VisibilityFilter',
    reads: ['visibility'],
    failurePolicy: 'fail-closed',
    keep:
      () =>
      ({ visibility }) => {
        switch (visibility?.action) {
          case 'allow':
          case 'interstitial':
            return true
          case 'drop':
            return visibility.rule ?? false
          case undefined:
            return withheld('visibility')
        }
      },
  })
}
