/** Bounds of a model as a guest. The daemon keeps those of what a runner sends. */

/** Answers of a model in one run, when nobody says how many. */
export const STEPS_DEFAULT = 50;
/** Most that can be asked for; a run of more is a loop. */
export const STEPS_MAX = 1_000;
/** Tokens of one answer: enough for a long program, and known to all models in use. */
export const ANSWER_TOKENS_DEFAULT = 8_192;
/** A run that nobody gave a time. */
export const RUN_MS_DEFAULT = 30 * 60_000;
/** Tokens of a model that nobody gave a budget. */
export const TOKENS_DEFAULT = 2_000_000;
/** A task: as long as a letter. */
export const TASK_CHARS_MAX = 65_536;
/** A whole conversation as JSON; a request must fit into one message of a session in UTF-8. */
export const CONVERSATION_CHARS_MAX = 1_000_000;
/** What one step adds, as JSON. */
export const STEP_CHARS_MAX = 400_000;
/** Text of one answer. */
export const TEXT_CHARS_MAX = 100_000;
/** Arguments of all calls of one answer, as JSON. */
export const INPUT_CHARS_MAX = 100_000;
/** Nesting of the arguments of a call: powers pass data 64 deep, and the request is around it. */
export const INPUT_DEPTH_MAX = 32;
/** A result, as the model is told it. */
export const RESULT_CHARS_MAX = 16_000;
/** Results of one step together, as JSON; those that come last are cut shorter. */
export const RESULTS_CHARS_MAX = 150_000;
/** A result or a call, as a person is shown it. */
export const SHOWN_CHARS_MAX = 2_000;
/** Calls of one answer that are done; what comes after them is refused to the model. */
export const CALLS_MAX = 32;
/** Calls of one answer before the run ends: no model means so many. */
export const CALLS_READ_MAX = 256;
/** Tools that are offered in tool mode; providers take 128. */
export const TOOLS_MAX = 120;
/** Objects that calls gave, in tool mode; the oldest goes when there are more. */
export const OBJECTS_MAX = 64;
/** What is told of the methods of such objects. */
export const OBJECT_METHODS_CHARS_MAX = 4_000;
/** Events of one answer that streams, and their text. */
export const ANSWER_EVENTS_MAX = 500_000;
export const ANSWER_CHARS_MAX = 32 * 1024 ** 2;
/** Notes that a model keeps for itself. */
export const NOTES_CHARS_MAX = 16_000;
/** Declarations in a prompt; what is left out is told on demand. */
export const DECLARATIONS_CHARS_MAX = 60_000;
/** Names of a tool, a call, a model. */
export const NAME_CHARS_MAX = 256;
/** Depth of a value that is shown to the model. */
export const SHOWN_DEPTH_MAX = 8;
/** Tools that an agent keeps, and the source of one. */
export const KEPT_TOOLS_MAX = 64;
export const TOOL_CODE_CHARS_MAX = 65_536;
