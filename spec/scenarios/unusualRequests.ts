import type { Scenario } from './Scenario.ts';
import type { AttachmentOrders, Attempt } from './server/attachments.ts';
import { readings } from './server/states.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { isContiguous } from './support/isContiguous.ts';
import { leaveAll } from './support/leaveAll.ts';
import { OddRequest } from './support/OddRequest.ts';
import { until } from './support/until.ts';

const times = 10;
const events = 20;
const overHttp = ['http1', 'http2'] as const;
const destroyed = ['destroyed', 'request destroyed', 'connection destroyed'];

const streams = overHttp.length * Object.keys(readings).length * times;
const heads = overHttp.length * times;
const refusals = overHttp.length * (destroyed.length + 1) * times;

type Figure =
  | 'streams'
  | 'with all events'
  | 'ended early'
  | 'HEAD answered by a head alone'
  | 'refused'
  | 'refused with a typed error'
  | 'subscribed for nobody'
  | 'thrown';

export const unusualRequests: Scenario<Figure | AfterwardsFigure> = {
  id: 'R11',
  title: 'Requests that were read, parsed, HEAD or gone before',
  criteria: {
    streams: { exactly: streams },
    'with all events': { exactly: streams },
    'ended early': { exactly: 0 },
    'HEAD answered by a head alone': { exactly: heads },
    refused: { exactly: refusals + heads },
    'refused with a typed error': { exactly: refusals + heads },
    'subscribed for nobody': { exactly: 0 },
    thrown: { exactly: 0 },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<AttachmentOrders>('attachments');
    const ports = await served.ask('open');
    const before = await served.ask('vitals', { collect: true });
    const ask = (method: 'GET' | 'HEAD' | 'POST', paths: readonly string[]): OddRequest[] =>
      overHttp.flatMap((door) =>
        paths.flatMap((path) =>
          Array.from({ length: times }, () => new OddRequest(context, { ports, door, method, path })),
        ),
      );

    const open = ask(
      'POST',
      Object.keys(readings).map((name) => `/read/${name}`),
    );
    await Promise.all(open.map(({ answered }) => answered));
    const heading = ask('HEAD', ['/read/unread']);
    await Promise.all(heading.map(({ answered }) => answered));
    const refusing = ask(
      'GET',
      destroyed.map((name) => `/spent/${name}`),
    );
    // They leave when they were heard, and the sink comes when that was seen.
    const leaving = ask('GET', ['/spent/left']);
    await until(async () => (await served.ask('waiting')) === leaving.length, 5_000);
    for (const request of leaving) request.leave();
    let attempts: readonly Attempt[] = [];
    await until(async () => {
      attempts = await served.ask('attempts');
      return attempts.length === streams + heads + refusals;
    }, 5_000);

    for (let count = 0; count < events; count += 1) await served.ask('publish');
    const last = await served.ask('latest');
    const isWhole = ({ data }: OddRequest): boolean => data.length > events && isContiguous(data, last);
    await until(() => open.every(isWhole), 5_000);
    const refused = attempts.filter(({ reason }) => reason === 'refused');
    const figures = {
      streams: open.filter(({ status, type }) => status === 200 && type === 'text/event-stream').length,
      'with all events': open.filter(isWhole).length,
      'ended early': open.filter(({ over }) => over).length,
      'HEAD answered by a head alone': heading.filter(
        ({ status, type, bytes }) => status === 200 && type === 'text/event-stream' && bytes === 0,
      ).length,
      refused: refused.length,
      'refused with a typed error': refused.filter(({ code, opened }) => code === 'ERR_REFUSED' && !opened).length,
      'subscribed for nobody': (await served.ask('observers')) - streams,
      thrown: attempts.filter(({ thrown }) => thrown !== undefined).length,
    };
    for (const { state, thrown } of attempts) if (thrown !== undefined) context.note(`${state}: ${thrown}`);
    await leaveAll(served, [...open, ...heading, ...refusing, ...leaving]);
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};
