import { formatEntry, seconds, type Mark, type Terminal, textIndent } from './timeline-format.ts';

/** Where there is no terminal to redraw a line on, a step that is silent this long says that it is still at work. */
const silenceMs = 15_000;
const redrawMs = 200;
const eraseLine = '\r\u001b[2K';

interface RunningStep {
  readonly label: string;
  readonly startedMs: number;
  /** What the step said last. */
  news?: string;
}

/** Writes what happens, when, and how long it took; shows what is under way while nothing happens. */
export class Timeline {
  readonly #out: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  readonly #running = new Set<RunningStep>();
  readonly #ticker: NodeJS.Timeout;
  #lastLineMs = performance.now();

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    this.#ticker = setInterval(() => this.#tick(), redrawMs).unref();
  }

  /** Since the start of the demo. */
  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** A chapter of the story begins. */
  act(title: string): void {
    this.#entry('act', title);
  }

  note(text: string): void {
    this.#entry('note', text);
  }

  warn(text: string): void {
    this.#entry('warning', text);
  }

  fail(text: string): void {
    this.#entry('failed', text);
  }

  /**
   * Does some work and writes how long it took. `says` makes the line of its result; the label stands for it otherwise.
   * What the work tells on its way is written too, and stands for the label from then on.
   */
  async step<T>(
    label: string,
    work: (tell: (news: string) => void) => Promise<T>,
    says: (result: T) => string = () => label,
  ): Promise<T> {
    const running: RunningStep = { label, startedMs: performance.now() };
    this.#running.add(running);
    const tell = (news: string): void => {
      running.news = news;
      this.note(news);
    };
    try {
      const result = await work(tell);
      this.#entry('done', says(result), performance.now() - running.startedMs);
      return result;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Text as it is, without times. */
  print(text: string): void {
    this.#write(`${text}\n`);
  }

  /** Ends the redrawing. */
  close(): void {
    clearInterval(this.#ticker);
    if (this.#out.isTTY) this.#out.write(eraseLine);
  }

  #terminal(): Terminal {
    const columns = this.#out.isTTY ? this.#out.columns : 120;
    return { columns, colors: this.#out.isTTY && this.#out.hasColors() };
  }

  #entry(mark: Mark, text: string, tookMs?: number): void {
    const took = tookMs === undefined ? {} : { tookMs };
    this.#write(`${formatEntry({ mark, elapsedMs: this.elapsedMs, text, ...took }, this.#terminal())}\n`);
  }

  #write(text: string): void {
    this.#lastLineMs = performance.now();
    this.#out.write(this.#out.isTTY ? `${eraseLine}${text}` : text);
  }

  #tick(): void {
    if (this.#running.size === 0) return;
    const now = performance.now();
    const steps = [...this.#running].map(
      ({ label, news, startedMs }) => `${seconds(now - startedMs)} ${news ?? label}`,
    );
    const text = `… ${steps.join('; ')}`;
    if (this.#out.isTTY) this.#redraw(text);
    else if (now - this.#lastLineMs >= silenceMs) this.note(text);
  }

  #redraw(text: string): void {
    const line = `${' '.repeat(textIndent - 2)}${text}`.slice(0, this.#out.columns);
    this.#out.write(`${eraseLine}${line}`);
  }
}
