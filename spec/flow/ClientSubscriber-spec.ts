import { expect } from 'chai';
import { Observable, Subscription, UnsubscriptionError } from 'rxjs';
import { ClientSubscriber } from '../../src/flow/ClientSubscriber.ts';

class Client extends ClientSubscriber<number> {}

describe('ClientSubscriber', () => {
  it('should unsubscribe its source, and everything else that was added, once', () => {
    const stopped: string[] = [];
    const client = new Client();
    new Observable<number>(() => () => stopped.push('source')).subscribe(client);
    client.add(() => stopped.push('function'));
    client.add(new Subscription(() => stopped.push('subscription')));
    client.unsubscribe();
    client.unsubscribe();
    expect(stopped.sort()).to.deep.equal(['function', 'source', 'subscription']);
    expect(client.closed).to.equal(true);
  });

  it('should unsubscribe at once what is added after its end', () => {
    const client = new Client();
    client.unsubscribe();
    const late = new Subscription();
    client.add(late);
    expect(late.closed).to.equal(true);
  });

  it('should let go of what is removed', () => {
    const client = new Client();
    const first = new Subscription();
    const second = new Subscription();
    client.add(first);
    client.add(second);
    client.remove(first);
    client.remove(second);
    client.unsubscribe();
    expect([first.closed, second.closed]).to.deep.equal([false, false]);
  });

  it('should unsubscribe its source though another teardown fails', () => {
    const client = new Client();
    const source = new Subscription();
    client.add(source);
    client.add(() => {
      throw new Error('broken');
    });
    expect(() => client.unsubscribe()).to.throw(UnsubscriptionError);
    expect(source.closed).to.equal(true);
  });
});
