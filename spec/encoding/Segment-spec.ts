import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { type Encoder, type ErrorReport, Message } from 'tornadose';
import { eventStream } from '../../src/encoding/eventStream.ts';
import { Segment } from '../../src/encoding/Segment.ts';
import { webSocketFrames } from '../../src/encoding/webSocketText.ts';
import { numbers } from '../support/numbers.ts';

const segment = (...data: readonly unknown[]): Segment =>
  new Segment(data.length, 'last', () => data.map((each, index) => new Message({ data: each, id: `${index}` })));
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

describe('Segment', () => {
  it('should be the frames of its messages as one, which counts as many events', () => {
    const frame = segment('a', 'b\nc', 'é').frame(eventStream());
    expect(textOf(frame?.bytes)).to.equal('id: 0\ndata: a\n\nid: 1\ndata: b\ndata: c\n\nid: 2\ndata: é\n\n');
    expect([frame?.events, frame?.length]).to.deep.equal([3, frame?.bytes.length]);
  });

  it('should be made once for each encoder', () => {
    let made = 0;
    const messages = () => {
      made += 1;
      return [new Message({ data: 1 })];
    };
    const shared = new Segment(1, 'last', messages);
    const [one, other] = [eventStream(), eventStream((data) => `${data}`)];
    expect(shared.frame(one)).to.equal(shared.frame(one));
    expect(shared.frame(other)).to.not.equal(shared.frame(one));
    expect(made).to.equal(2);
  });

  it('should let go of the frames of encoders that are gone', async () => {
    const [shared, frames] = [segment(1), [] as WeakRef<object>[]];
    for (let n = 0; n < 3; n += 1) frames.push(new WeakRef(shared.frame(eventStream((data) => `${data}`)) as object));
    // What was looked at stays until the event loop turns.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(frames.filter((frame) => frame.deref() !== undefined).length).to.be.below(3);
    expect(shared.length).to.equal(1);
  });

  it('should not join bytes, which may be no longer one message each then, and not ask for them again', () => {
    expect(segment(1, 2).frame(webSocketFrames())).to.equal(undefined);
    let asked = 0;
    const binary: Encoder = { name: 'binary', encode: () => new Uint8Array(++asked) };
    for (let n = 0; n < 3; n += 1) expect(segment(1, 2).frame(binary)).to.equal(undefined);
    expect(asked).to.equal(1);
  });

  it('should leave those that cannot be sent to be reported one by one', () => {
    const reports: ErrorReport[] = [];
    const note = (report: unknown): void => void reports.push(report as ErrorReport);
    subscribe('tornadose:error', note);
    try {
      const refusing: Encoder = {
        name: 'refusing',
        encode() {
          throw new Error('no');
        },
      };
      for (const data of [undefined, 10n, '\ud800']) expect(segment(1, data).frame(eventStream())).to.equal(undefined);
      expect(segment(1).frame(refusing)).to.equal(undefined);
    } finally {
      unsubscribe('tornadose:error', note);
    }
    expect(reports).to.deep.equal([]);
  });

  it('should not be more than one write', () => {
    const kibibyte = 'x'.repeat(1_024);
    expect(segment(...numbers(1, 40).map(() => kibibyte)).frame(eventStream())).to.not.equal(undefined);
    expect(segment(...numbers(1, 48).map(() => kibibyte)).frame(eventStream())).to.equal(undefined);
    expect(segment(...numbers(1, 20).map(() => '界'.repeat(1_024))).frame(eventStream())).to.equal(undefined);
  });

  it('should have no event for what an encoder makes nothing of', () => {
    const even: Encoder = { name: 'even', encode: ({ data }) => (Number(data) % 2 === 0 ? `${data}\n` : '') };
    const frame = segment(1, 2, 3, 4).frame(even);
    expect([textOf(frame?.bytes), frame?.events]).to.deep.equal(['2\n4\n', 2]);
  });
});
