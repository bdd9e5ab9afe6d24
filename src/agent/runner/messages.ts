import type { ModelMessage } from 'ai';
import type { AgentMessage } from '../../wire/runner.ts';

/** The conversation as the library takes it; `cut` is how many of its first messages are gone. */
export function modelMessages(messages: readonly AgentMessage[], cut: number): ModelMessage[] {
  const told = `(${cut} earlier messages of this conversation are no longer here.)`;
  const first: readonly ModelMessage[] = cut === 0 ? [] : [{ role: 'user', content: told }];
  return [...first, ...messages.map(modelMessage)];
}

function modelMessage(message: AgentMessage): ModelMessage {
  if (message.role === 'user') return { role: 'user', content: said(message.text) };
  if (message.role === 'assistant') return assistantMessage(message);
  return {
    role: 'tool',
    content: message.results.map(({ id, tool, text, failed }) => ({
      type: 'tool-result',
      toolCallId: id,
      toolName: tool,
      output: { type: failed ? 'error-text' : 'text', value: said(text) },
    })),
  };
}

function assistantMessage({
  text,
  calls,
}: Extract<AgentMessage, { role: 'assistant' }>): ModelMessage {
  const words =
    text === '' && calls.length > 0 ? [] : [{ type: 'text', text: said(text) } as const];
  const made = calls.map(({ id, tool, input }) => ({
    type: 'tool-call' as const,
    toolCallId: id,
    toolName: tool,
    input: JSON.parse(input) as unknown,
  }));
  return { role: 'assistant', content: [...words, ...made] };
}

/** Some providers refuse a text that is empty. */
function said(text: string): string {
  return text.trim() === '' ? '(nothing)' : text;
}
