import { expect } from 'chai';
import fc from 'fast-check';
import { EMPTY, merge, type Observable, of, Subject, throwError } from 'rxjs';
import { Gate, type SinkOptions, toResponse, toSink } from 'tornadose';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

const encoder = { name: 'none', encode: String };
const limits = { maxConnections: 6, maxPerKey: 2 };
const fault = new Error('It broke');

/** What is wrong with a transport. */
const faults = ['none', 'closed already', 'open', 'write', 'end', 'destroy'] as const;
const sources = ['stays', 'completes', 'fails', 'emits', 'emits and completes', 'emits and fails'] as const;
const authorisations = ['given', 'aborted', 'expired'] as const;
const ends = ['leaves', 'completes', 'fails', 'aborts', 'emits'] as const;

type Step =
  | {
      readonly step: 'comes';
      readonly sink: 'sink' | 'web';
      readonly fault: (typeof faults)[number];
      readonly source: (typeof sources)[number];
      readonly authorisation: (typeof authorisations)[number];
      readonly key: string | undefined;
    }
  | { readonly step: 'ends'; readonly how: (typeof ends)[number]; readonly who: number }
  | { readonly step: 'drains' };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('comes' as const),
      sink: fc.constantFrom('sink' as const, 'web' as const),
      fault: fc.constantFrom(...faults),
      source: fc.constantFrom('stays' as const, ...sources),
      authorisation: fc.constantFrom('given' as const, 'given' as const, ...authorisations),
      key: fc.constantFrom(undefined, 'ann', '__proto__'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ step: fc.constant('ends' as const), how: fc.constantFrom(...ends), who: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('drains' as const) }) },
);

/** One client, and whether its way is closed: all that a count may depend on. */
class ModelClient {
  readonly key: string | undefined;
  readonly #subject = new Subject<number>();
  readonly #abort = new AbortController();
  #leave: () => void = () => {};
  isGone = false;

  constructor(gate: Gate, { sink, fault: broken, source, authorisation, key }: Extract<Step, { step: 'comes' }>) {
    this.key = key;
    if (authorisation === 'aborted') this.#abort.abort();
    const expires = authorisation === 'expired' ? Date.now() - 1 : undefined;
    const options: SinkOptions<number> = { gate, key, expires, signal: this.#abort.signal, heartbeat: false };
    const values = this.#source(source);
    if (sink === 'web') {
      void this.#read(toResponse(values, new Request('http://localhost/'), { ...options, onEvent() {} }));
    } else {
      const transport = this.#transport(broken);
      values.pipe(toSink(transport, encoder, options)).subscribe();
      this.#leave = () => transport.leave();
    }
  }

  end(how: (typeof ends)[number]): void {
    if (how === 'leaves') this.leave();
    else if (how === 'completes') this.#subject.complete();
    else if (how === 'fails') this.#subject.error(fault);
    else if (how === 'aborts') this.#abort.abort();
    else this.#subject.next(1);
  }

  leave(): void {
    this.isGone = true;
    this.#leave();
  }

  async #read({ body }: Response): Promise<void> {
    const reader = body?.getReader();
    this.#leave = () => void reader?.cancel();
    try {
      while (reader !== undefined && !(await reader.read()).done);
    } catch {
      // It was broken off.
    }
    this.isGone = true;
  }

  #source(kind: (typeof sources)[number]): Observable<number> {
    if (kind === 'completes') return EMPTY;
    if (kind === 'fails') return throwError(() => fault);
    if (kind === 'emits') return merge(of(1), this.#subject);
    if (kind === 'emits and completes') return of(1);
    return kind === 'stays'
      ? this.#subject
      : merge(
          of(1),
          throwError(() => fault),
        );
  }

  #transport(broken: (typeof faults)[number]): FakeTransport {
    const transport = new FakeTransport();
    const breaks = (where: string): void => {
      if (broken === where) throw fault;
    };
    const closed = (): void => {
      this.isGone = true;
      transport.leave();
    };
    if (broken === 'closed already') {
      transport.onClose = (leave) => {
        transport.leave = leave;
        closed();
      };
    }
    transport.open = () => breaks('open');
    transport.write = () => {
      breaks('write');
      return true;
    };
    transport.end = () => {
      breaks('end');
      closed();
    };
    transport.destroy = () => {
      // One that says nothing of it is gone all the same.
      this.isGone = true;
      breaks('destroy');
    };
    return transport;
  }
}

describe('the counts of a Gate', () => {
  it('should be those of who is there, whoever came and however they went', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (all) => {
        const gate = new Gate(limits);
        let inside: ModelClient[] = [];
        const countOf = (key: string | undefined): number => inside.filter((client) => client.key === key).length;
        for (const step of all) {
          if (step.step === 'drains') {
            const { ended, cut } = await gate.drain({ over: 0 });
            expect([ended + cut, cut]).to.deep.equal([inside.length, 0]);
            gate.reopen();
          } else if (step.step === 'ends') {
            inside[step.who % inside.length]?.end(step.how);
          } else {
            const isRoom =
              inside.length < limits.maxConnections && (step.key === undefined || countOf(step.key) < limits.maxPerKey);
            expect(gate.check({ key: step.key }) === undefined).to.equal(isRoom);
            const client = new ModelClient(gate, step);
            if (isRoom) inside.push(client);
          }
          // What waits leaves with the tick, and what was read then comes to its end.
          for (let turn = 0; turn < 2; turn += 1) await endOfTick();
          inside = inside.filter(({ isGone }) => !isGone);
          expect(gate.size).to.equal(inside.length);
          for (const key of ['ann', '__proto__']) expect(gate.sizeOf(key), key).to.equal(countOf(key));
        }
        for (const client of inside) client.leave();
        await endOfTick();
        expect([gate.size, gate.sizeOf('ann'), gate.sizeOf('__proto__')]).to.deep.equal([0, 0, 0]);
      }),
      { numRuns: 150 },
    );
  });
});
