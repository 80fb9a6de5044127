// An operation as it happens: one stream of events, resumed by the browser itself where the connection was cut. Without a
// connection the last that is known stays in sight, and the page says how old it is.
import { operation as readOperation, operationEvents } from '../api/endpoints';
import { ended, reduce } from '../api/events';
import type { Operation } from '../api/types';
import type { Trouble } from '../api/trouble';

export class Live {
  operation = $state.raw<Operation>();
  trouble = $state.raw<Trouble>();
  connected = $state(false);
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = 1000;
  private closed = false;

  constructor(private id: string) {
    void this.start();
  }

  private async start() {
    const answer = await readOperation(this.id);
    if (this.closed) return;
    this.trouble = answer.trouble;
    if (answer.value) this.operation = answer.value;
    if (answer.trouble && answer.trouble.status > 0 && answer.trouble.status < 500) return;
    if (this.operation && ended(this.operation)) {
      this.connected = true;
      return;
    }
    this.open();
  }

  private open() {
    const source = (this.source = operationEvents(this.id, (data) => {
      this.connected = true;
      this.trouble = undefined;
      this.wait = 1000;
      this.operation = reduce(this.operation, data);
      if (this.operation && ended(this.operation)) source.close();
    }));
    source.onopen = () => (this.connected = true);
    source.onerror = () => {
      if (this.operation && ended(this.operation)) return;
      this.connected = false;
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      this.timer = setTimeout(() => void this.start(), this.wait);
      this.wait = Math.min(this.wait * 2, 15_000);
    };
  }

  close() {
    this.closed = true;
    this.source?.close();
    clearTimeout(this.timer);
  }
}
