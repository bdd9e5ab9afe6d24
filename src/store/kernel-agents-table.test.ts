import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import type { AgentRow } from './kernel-agents-table.ts';
import { type HomeStore, openKernelStore } from './kernel-database.ts';

let store: HomeStore;
let reopen: () => HomeStore;
let dispose: () => void;

const row: AgentRow = {
  guest: 'gu-a',
  parent: null,
  provider: 'openai',
  model: 'gpt-5',
  mode: 'code',
  modelGrant: 'gr-a',
  created: 1,
  lastRun: null,
  running: true,
  steps: 2,
  tokens: 3,
  microdollars: 4,
  cut: 5,
  notes: 'blue',
};
const tool = { agent: 'gu-a', name: 't', guest: 'gu-b', code: '1', gives: ['x'], created: 2 };

beforeEach(() => {
  const temporary = temporaryHome();
  dispose = temporary.dispose;
  reopen = () => openKernelStore(temporary.home);
  store = reopen();
  const common = { created: 1, reason: '', box: null, removed: null };
  store.principals.insert({ id: 'host', name: 'host', ...common });
  store.principals.insert({ id: 'gu-a', name: 'a', ...common });
  store.principals.insert({ id: 'gu-b', name: 'a.t', ...common });
  store.powers.insert({ id: 'pw-a', kind: 'model', config: {}, text: '', secrets: [], created: 1 });
  store.grants.insert({
    ...{ id: 'gr-a', from: 'host', to: 'gu-a', power: 'pw-a', parent: null, narrowing: null },
    ...{ budget: null, notBefore: null, expires: null, approval: 'none', delegable: true },
    ...{ reason: '', created: 1, revoked: null, box: null },
  });
});
afterEach(() => {
  store.close();
  dispose();
});

describe('what is kept of agents', () => {
  it('is there after the file was closed, in order and in every word', () => {
    const first = { role: 'user', text: 'go "now" \u0000' } as const;
    const second = { role: 'assistant', text: 'done', calls: [] } as const;
    store.agents.put(row);
    store.agents.add('gu-a', [first]);
    store.agents.add('gu-a', [second, first]);
    store.agents.putTool(tool);
    store.close();
    store = reopen();
    expect(store.agents.get('gu-a')).toEqual(row);
    expect(store.agents.all()).toEqual([row]);
    expect(store.agents.messages('gu-a')).toEqual([first, second, first]);
    expect(store.agents.tools('gu-a')).toEqual([tool]);
    store.agents.replace('gu-a', [second]);
    expect(store.agents.messages('gu-a')).toEqual([second]);
    store.agents.put({ ...row, running: false, notes: '' });
    expect(store.agents.get('gu-a')).toMatchObject({ running: false, notes: '', created: 1 });
  });

  it('goes whole, and only that of the one', () => {
    store.agents.put(row);
    store.agents.put({ ...row, guest: 'gu-b', parent: 'gu-a' });
    store.agents.add('gu-a', [{ role: 'user', text: 'go' }]);
    store.agents.add('gu-b', [{ role: 'user', text: 'go' }]);
    store.agents.putTool(tool);
    store.agents.removeTool('gu-a', 'other');
    store.agents.remove('gu-a');
    expect(store.agents.all().map(({ guest }) => guest)).toEqual(['gu-b']);
    expect(store.agents.messages('gu-a')).toEqual([]);
    expect(store.agents.tools('gu-a')).toEqual([]);
    expect(store.agents.messages('gu-b').length).toBe(1);
  });

  it('is kept of guests and grants that are there', () => {
    expect(() => store.agents.put({ ...row, guest: 'gu-x' })).toThrow();
    expect(() => store.agents.put({ ...row, modelGrant: 'gr-x' })).toThrow();
    expect(() => store.agents.add('gu-a', [{ role: 'user', text: 'go' }])).toThrow();
  });
});
