import { expect, it } from 'vitest'
import { RETRIES_SAVED_MAX } from '../../src/phoenix/phoenix.params.ts'
import { RetryBudget } from '../../src/phoenix/retry-budget.ts'

function withdrawals(budget: RetryBudget): number {
  let count = 0
  while (budget.tryWithdraw()) count += 1
  return count
}

it('begins full, saves no more than its bound, and earns a retry by ten calls', () => {
  const budget = new RetryBudget()
  for (let call = 0; call < 1_000; call += 1) budget.deposit()
  expect(withdrawals(budget)).toBe(RETRIES_SAVED_MAX)
  for (let call = 0; call < 35; call += 1) budget.deposit()
  expect(withdrawals(budget)).toBe(3)
})
