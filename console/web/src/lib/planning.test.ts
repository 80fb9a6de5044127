import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Answer } from '../api/client';
import { noTrouble } from '../api/trouble';
import type { OperationResult } from '../api/types';
import { Planning } from './planning.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const plan: Answer<OperationResult> = { value: { cluster_id: 'cl-1', operation: 'UpgradeCluster', cluster_state: 'active', nodes: 1 } };
const fails = (status: number): Answer<OperationResult> => ({ trouble: { ...noTrouble, status } });

// answering gives the answers one after the other, the last one for good.
function answering(...answers: Answer<OperationResult>[]) {
  return vi.fn(() => Promise.resolve((answers.length > 1 ? answers.shift() : answers[0]) as Answer<OperationResult>));
}

test.each([0, 409, 429, 502, 503])('a plan that failed with %i is asked for again until it is there', async (status) => {
  const planning = new Planning();
  const ask = answering(fails(status), fails(status), plan);
  planning.ask(ask);
  await vi.advanceTimersByTimeAsync(500);
  expect(planning.trouble?.status).toBe(status);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([planning.trouble, planning.result, planning.stale]).toEqual([undefined, plan.value, false]);
  expect(ask).toHaveBeenCalledTimes(3);
});

test.each([403, 404, 422])('a plan that was refused with %i is not', async (status) => {
  const planning = new Planning();
  const ask = answering(fails(status), plan);
  planning.ask(ask);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
  planning.again();
  await vi.advanceTimersByTimeAsync(0);
  expect(planning.trouble).toBeUndefined();
});

test('a change asks anew, and the answer to what was asked before is dropped', async () => {
  const planning = new Planning();
  let late: (a: Answer<OperationResult>) => void = () => {};
  planning.ask(() => new Promise((f) => (late = f)));
  await vi.advanceTimersByTimeAsync(500);
  planning.ask(answering(plan));
  await vi.advanceTimersByTimeAsync(500);
  late(fails(409));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([planning.trouble, planning.result]).toEqual([undefined, plan.value]);
});

test('nothing is asked for once it has stopped', async () => {
  const planning = new Planning();
  const ask = answering(fails(503));
  planning.ask(ask);
  await vi.advanceTimersByTimeAsync(500);
  planning.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
});
