// Which rows of a long table are on the screen. Rows have one height; the page scrolls.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const WHOLE_UP_TO = 200;
const MARGIN = 12;

export interface Span {
  from: number;
  to: number;
}

export function useWindow(count: number, rowHeight: number, body: RefObject<HTMLElement>): Span {
  const [span, setSpan] = useState<Span>({ from: 0, to: Math.min(count, WHOLE_UP_TO) });
  const whole = count <= WHOLE_UP_TO;
  useEffect(() => {
    if (whole) return setSpan({ from: 0, to: count });
    const look = () => {
      const top = -(body.current?.getBoundingClientRect().top ?? 0);
      const from = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
      const to = Math.min(count, Math.ceil((top + window.innerHeight) / rowHeight) + MARGIN);
      setSpan((had) => (had.from === from && had.to === to ? had : { from, to }));
    };
    look();
    window.addEventListener('scroll', look, { passive: true });
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look);
      window.removeEventListener('resize', look);
    };
  }, [whole, count, rowHeight]);
  return whole ? { from: 0, to: count } : span;
}
