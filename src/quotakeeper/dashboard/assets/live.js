// Follows the server by its stream of events. The page never asks again by itself.
const SILENCE = 15000; // the server gives a sign of life every five seconds

export class Live {
  constructor(tell) {
    this.tell = tell; // called with {state, data, ended}
    this.source = null;
    this.timer = 0;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.close();
      else if (this.wanted) this.open();
    });
  }

  open() {
    this.wanted = true;
    if (this.source) return;
    const source = new EventSource('/api/stream');
    this.source = source;
    source.addEventListener('overview', (event) => this.heard('live', JSON.parse(event.data)));
    source.addEventListener('stale', () => this.heard('stale'));
    source.addEventListener('alive', () => this.heard());
    source.addEventListener('ended', () => this.end());
    source.onerror = () => {
      this.tell({ state: 'lost' });
      if (source.readyState === EventSource.CLOSED) this.retry();
    };
    this.heard();
  }

  // The stream is closed for good: either the session has ended, or the server failed.
  async retry() {
    this.close();
    const answer = await fetch('/api/session').catch(() => null);
    if (answer && answer.status === 401) this.end();
    else if (this.wanted) this.timer = setTimeout(() => this.open(), 3000);
  }

  heard(state, data) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell({ state: 'lost' }), SILENCE);
    this.tell({ state, data });
  }

  end() {
    this.stop();
    this.tell({ ended: true });
  }

  close() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }

  stop() {
    this.wanted = false;
    this.close();
  }
}
