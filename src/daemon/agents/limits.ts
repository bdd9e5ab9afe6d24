/** Bounds of the daemon's agents. */

/** Events of a run that are kept for whoever looks on; what is beyond is in the journal. */
export const EVENTS_MAX = 20_000;
export const EVENTS_CHARS_MAX = 4 * 1024 ** 2;
/** Of one answer to whoever looks on. */
export const EVENTS_PER_READ_MAX = 1_000;
export const EVENTS_READ_CHARS_MAX = 1024 ** 2;
/** Runs that are over and can still be looked at. */
export const ENDED_RUNS_MAX = 64;
/** Runs at once; each is a process. */
export const RUNS_MAX = 32;
/** Agents that one agent has at once, and in one run. */
export const SUB_AGENTS_MAX = 4;
export const SUB_AGENTS_PER_RUN_MAX = 32;
/** How deep agents of agents may be. */
export const AGENT_DEPTH_MAX = 3;
/** Memory of a runner: the libraries take about 100 MiB. */
export const RUNNER_MEMORY_BYTES = 768 * 1024 ** 2;
/** Console lines of one evaluation that the model is told. */
export const HEARD_CHARS_MAX = 32_768;
/** Text of one event. */
export const EVENT_CHARS_MAX = 4_096;
/** How long the code of a tool may take until it gives its object. */
export const TOOL_START_MS_MAX = 30_000;
