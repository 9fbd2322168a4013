// Whether the node answers. Once a request has had no answer, /ping is asked until one comes; reads
// wait for that, and a banner says so.
import { createStore } from '../app/store';

const PAUSES_MS = [500, 1000, 2000, 4000];

export const away = createStore(false);
let waiting: ((value: void) => void)[] = [];
let hurry: (() => void) | undefined;

async function look(): Promise<void> {
  for (let tries = 0; ; tries++) {
    const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 4000;
    await new Promise<void>((resolve) => {
      hurry = resolve;
      setTimeout(resolve, pause);
    });
    try {
      await fetch(new URL('../ping', new URL(location.pathname, location.href)), {
        cache: 'no-store',
      });
      break;
    } catch {
      continue;
    }
  }
  away.set(false);
  for (const resolve of waiting.splice(0)) resolve();
}

export const connection = {
  lost() {
    if (away.get()) return;
    away.set(true);
    void look();
  },
  back(): Promise<void> {
    return away.get() ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
  },
  retryNow() {
    hurry?.();
  },
};

window.addEventListener('online', connection.retryNow);
