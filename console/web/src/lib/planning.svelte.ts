// The plan beside a form: asked for again a moment after the last change, and again by itself when what stood in its way can
// pass. The last good plan stays in sight meanwhile.
import type { Answer } from '../api/client';
import type { OperationResult } from '../api/types';
import { passing, type Trouble } from '../api/trouble';

type Plan = (signal: AbortSignal) => Promise<Answer<OperationResult>>;

const firstPause = 2000;
const longestPause = 15_000;

export class Planning {
  result = $state.raw<OperationResult>();
  trouble = $state.raw<Trouble>();
  /** What is shown is of values that have changed since. */
  stale = $state(false);
  private plan: Plan | undefined;
  private turn = 0;
  private pause = firstPause;
  private timer: ReturnType<typeof setTimeout> | undefined;

  ask(plan: Plan, wait = 500) {
    this.stop();
    this.plan = plan;
    this.pause = firstPause;
    this.stale = true;
    this.timer = setTimeout(() => void this.put(), wait);
  }

  /** again asks the same now. */
  again = () => {
    clearTimeout(this.timer);
    void this.put();
  };

  private async put() {
    const turn = ++this.turn;
    const answer = await this.plan?.(AbortSignal.timeout(60_000));
    if (!answer || turn !== this.turn) return;
    this.stale = false;
    this.trouble = answer.trouble;
    if (answer.value) this.result = answer.value;
    if (!answer.trouble || !passing(answer.trouble)) return;
    this.timer = setTimeout(() => void this.put(), this.pause);
    this.pause = Math.min(this.pause * 2, longestPause);
  }

  stop() {
    clearTimeout(this.timer);
    this.turn++;
  }

  /** forget ends the asking, and leaves no plan in sight: the next is about something else. */
  forget() {
    this.stop();
    [this.plan, this.result, this.trouble, this.stale] = [undefined, undefined, undefined, false];
  }
}
