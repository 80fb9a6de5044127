// The plan beside a form: asked for again a moment after the last change. The last good plan stays in sight meanwhile.
import type { Answer } from '../api/client';
import type { OperationResult } from '../api/types';
import type { Trouble } from '../api/trouble';

export class Planning {
  result = $state.raw<OperationResult>();
  trouble = $state.raw<Trouble>();
  /** What is shown is of values that have changed since. */
  stale = $state(false);
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  ask(plan: (signal: AbortSignal) => Promise<Answer<OperationResult>>, wait = 500) {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    this.stale = true;
    this.timer = setTimeout(async () => {
      const answer = await plan(AbortSignal.timeout(60_000));
      if (turn !== this.turn) return;
      this.stale = false;
      this.trouble = answer.trouble;
      if (answer.value) this.result = answer.value;
    }, wait);
  }

  stop() {
    clearTimeout(this.timer);
    this.turn++;
  }
}
