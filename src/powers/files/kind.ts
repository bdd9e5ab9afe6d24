import { definePower } from '../../ocap/power.ts';
import { callOfInvocation, describeCall, type FilesCall } from './call.ts';
import { describeConfig, type FilesConfig, filesConfig, readConfig } from './config.ts';
import { directoryMethods, watcherMethods } from './methods.ts';
import { type FilesNarrowing, filesNarrowing, permits } from './narrowing.ts';
import { describeNarrowing, readNarrowing } from './narrowing-text.ts';

/**
 * A directory of the host with everything below it. Narrowings are patterns of what may be read
 * and what may be written, and judge paths as text; that a path leads to what it says, and never
 * out of the directory, is the work of the object (live.ts).
 */
export const filesPower = definePower<FilesConfig, FilesNarrowing, FilesCall>({
  kind: 'files',
  summary: 'Reads, writes, lists and watches the files of one directory.',
  config: filesConfig,
  narrowing: filesNarrowing,
  facets: { root: directoryMethods, directory: directoryMethods, watcher: watcherMethods },
  concerns: (config, call) => config.access === 'rw' || call.effect === 'read',
  permits,
  effect: (call) => call.effect,
  describe: describeCall,
  callOf: (_config, invocation) => callOfInvocation(invocation),
  readConfig,
  describeConfig,
  readNarrowing: (texts) => readNarrowing(texts),
  describeNarrowing,
  secretsOf: () => [],
});
