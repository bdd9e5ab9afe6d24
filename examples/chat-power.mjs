// An agent gets a chat that it can use a little: one model, short prompts, four calls. Run it:
//
//   node examples/chat-power.mjs
import { compartment, Far, lockdown, narrow, rateLimit } from 'powerbox/ocap';

lockdown();

/** The power as its owner has it. A real one would hold the key of a service. */
const chat = Far('chat', {
  complete: ({ model, prompt }) => `${model} says: ${prompt.toUpperCase()}`,
  models: () => ['small', 'large'],
  setKey: (key) => console.log('the key is now', key),
});

/** What the agent gets can do less. Nothing it does with it can make it more. */
const small = narrow(chat, {
  complete: ({ model, prompt }) =>
    (model === 'small' && typeof prompt === 'string' && prompt.length <= 20) ||
    'only the small model, and 20 characters',
});

const agent = compartment({
  name: 'agent',
  endowments: { chat: rateLimit(small, { calls: 4 }) },
  console: (_level, text) => console.log(text),
});

await agent.evaluate(`
  const attempt = async (work) => {
    try {
      console.log(await work());
    } catch (error) {
      console.log('refused:', error.message);
    }
  };
  await attempt(() => E(chat).complete({ model: 'small', prompt: 'hello' }));
  await attempt(() => E(chat).complete({ model: 'large', prompt: 'hello' }));
  await attempt(() => E(chat).complete({ model: 'small', prompt: 'a very long question' + '!' }));
  // What a guard saw is what is passed on, and it sees data alone.
  const lie = { length: 1, toUpperCase: () => 'a very long question' };
  await attempt(() => E(chat).complete({ model: 'small', prompt: lie }));
  await attempt(() => E(chat).complete({ model: 'small', prompt: 'once more' }));
  console.log('it has:', Object.keys(chat).join(), typeof chat.setKey, typeof fetch, typeof process);
`);

// prints: small says: HELLO
// prints: refused: Cannot call complete: only the small model, and 20 characters.
// prints: refused: Cannot call complete: only the small model, and 20 characters.
// prints: refused: Cannot call complete: only the small model, and 20 characters.
// prints: refused: Cannot call complete: 4 calls are used.
// prints: it has: complete undefined undefined undefined
